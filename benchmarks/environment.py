"""Runs the commands under the environment variables that hurt most, and compares what they do with a clean environment.

    .venv/bin/python benchmarks/environment.py                 # every variable alone, then ten random tens
    .venv/bin/python benchmarks/environment.py --tens 0 --variables AWS_PROFILE TF_LOG
    .venv/bin/python benchmarks/environment.py --variables     # the tens only

For each set of variables: ``local env``, ``plan --json`` and ``up --only iam`` must do the same as without them, or refuse with exit
code 2 and name a variable. A single variable meets a unit that is deployed already; a ten deploys the unit anew and destroys it. It
works in a project folder of its own, with a local cloud of its own.

Prints a line for each set; exit code 1 when one behaves otherwise.
"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from orchestrator.errors import ExitCode

ROOT = Path(__file__).resolve().parent.parent
MISSING = "/nonexistent/platformctl"
HOSTILE = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_CA_BUNDLE": MISSING,
    "AWS_CONFIG_FILE": MISSING,
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/credentials",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_MAX_ATTEMPTS": "none",
    "AWS_PROFILE": "missing",
    "AWS_REGION": "ap-northeast-1",
    "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/other",
    "AWS_SESSION_TOKEN": "token",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_WEB_IDENTITY_TOKEN_FILE": MISSING,
    "TF_CLI_ARGS": "-no-such-option",
    "TF_CLI_ARGS_plan": "-destroy",
    "TF_CLI_CONFIG_FILE": MISSING,
    "TF_DATA_DIR": MISSING,
    "TF_LOG": "TRACE",
    "TF_PLUGIN_CACHE_DIR": MISSING,
    "TF_REATTACH_PROVIDERS": "{",
    "TF_VAR_suffix": "other",
    "TF_WORKSPACE": "other",
    "PIP_INDEX_URL": "http://127.0.0.1:1/simple",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_TARGET": MISSING,
    "PYTHONHASHSEED": "7",
    "PYTHONOPTIMIZE": "2",
    "PYTHONPATH": MISSING,
    "PYTHONWARNINGS": "error",
    "ALL_PROXY": "http://127.0.0.1:1",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "HTTPS_PROXY": "http://127.0.0.1:1",
    "NO_PROXY": "*",
    "LC_ALL": "tr_TR.ISO-8859-9",
    "PYTHONIOENCODING": "ascii",
    "COLUMNS": "0",
    "TERM": "dumb",
}
"""The 40 variables and the values that hurt."""


def main() -> int:
    """Run what the arguments say; returns the exit code."""
    parser = argparse.ArgumentParser(description="Compare runs under hostile variables with a clean one.")
    parser.add_argument("--variables", nargs="*", choices=sorted(HOSTILE), help="only these, one by one")
    parser.add_argument("--tens", type=int, default=10, help="how many random sets of ten")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    sets = [{name: HOSTILE[name]} for name in (HOSTILE if arguments.variables is None else arguments.variables)]
    sets += [{name: HOSTILE[name] for name in draw.sample(sorted(HOSTILE), 10)} for _ in range(arguments.tens)]
    different = 0
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        shutil.copytree(ROOT, project, ignore=shutil.ignore_patterns(".git", ".venv", ".platformctl", "tests"))
        (project / ".platformctl").mkdir()
        if (ROOT / ".platformctl" / "build").is_dir():
            shutil.copytree(ROOT / ".platformctl" / "build", project / ".platformctl" / "build")
        try:
            fresh = behave(project, {}, suffix="fresh", anew=True)
            behave(project, {}, suffix="steady", anew=False)
            steady = behave(project, {}, suffix="steady", anew=False)
            for number, variables in enumerate(sets):
                anew = len(variables) > 1
                if anew:
                    # It owns the settings that an account has once.
                    run(project, {}, "destroy", "--suffix", "steady", "--yes")
                expected = fresh if anew else steady
                found = behave(project, variables, suffix=f"h{number}" if anew else "steady", anew=anew)
                problems = [name for name in expected if found[name] != expected[name] and found[name] != "refused"]
                different += bool(problems)
                refused = [name for name in expected if found[name] == "refused"]
                verdict = f"DIFFERENT: {', '.join(problems)}" if problems else "the same"
                print(
                    f"{' '.join(sorted(variables))}: {verdict}{'; refused: ' + ', '.join(refused) if refused else ''}"
                )
                for name in problems:
                    print(f"    {name}: {found[name][-600:]!r}")
        finally:
            run(project, {}, "local", "stop")
    print(f"{len(sets)} sets, {different} different")
    return int(different > 0)


def behave(project: Path, variables: dict[str, str], *, suffix: str, anew: bool) -> dict[str, str]:
    """What each command does, without what differs by nature; "refused" where it names a variable and exits with 2."""
    # A local session names the user's variables, so only what it exports is compared.
    started = run(project, variables, "local", "start")
    found = {
        "local start": started,
        "plan": run(project, variables, "plan", "--suffix", suffix, "--only", "iam", "--json"),
        "up": run(project, variables, "up", "--suffix", suffix, "--only", "iam"),
        "local env": run(project, variables, "local", "env"),
    }
    if anew:
        found["destroy"] = run(project, variables, "destroy", "--suffix", suffix, "--yes")
    return {name: text.replace(suffix, "SUFFIX") for name, text in found.items()}


def run(project: Path, variables: dict[str, str], *arguments: str) -> str:
    """Run a command; returns its exit code and what a program would read of its output."""
    environ = {**os.environ, **variables}
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator", *arguments],
        cwd=project,
        env=environ,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=600,
    )
    if done.returncode == int(ExitCode.BAD_INPUT) and any(name in done.stderr for name in variables):
        return "refused"
    return f"{done.returncode} {summary(arguments, done.stdout, done.stderr)}"


def summary(arguments: tuple[str, ...], out: str, err: str) -> str:
    """What is compared of a command's output."""
    if arguments[0] == "plan":
        try:
            document = json.loads(out)
        except ValueError:
            return out + err
        return json.dumps({name: document[name] for name in ("summary", "units", "orphans")})
    if arguments[:2] == ("local", "env"):
        return "\n".join(
            line for line in out.splitlines() if line.startswith("export ") and "PROXY" not in line.upper()
        )
    if arguments[:2] == ("local", "start"):
        return re.sub(r"process \d+", "process N", out) + err
    found = re.search(r"\d+ added, \d+ changed, \d+ destroyed", err)
    return found[0] if found else err


if __name__ == "__main__":
    raise SystemExit(main())
