"""The plan of production, and the scanners, which have a virtual environment of their own."""

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import venv
from pathlib import Path

import pytest

from tests.live.conftest import plan_environment
from tests.scan import flat_plan

__all__ = ["plan_environment"]

REPOSITORY = Path(__file__).resolve().parents[2]
LOCK = REPOSITORY / ".ci" / "scanners.lock"
HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def scanners():
    """The folder with the scanners' programs; the first test process creates it once per version of the lock file."""
    home = REPOSITORY / ".platformctl" / "scanners"
    home.mkdir(parents=True, exist_ok=True)
    folder = home / hashlib.sha256(LOCK.read_bytes() + platform.python_version().encode()).hexdigest()[:16]
    complete = folder / "complete"
    with (home / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            venv.create(folder, with_pip=True)
            # Byte code comes with the first import, of what is imported; compiling all of it takes as long as a scan.
            options = [
                "--require-hashes",
                "--no-deps",
                "--only-binary",
                ":all:",
                "--no-compile",
                "--no-input",
                "--quiet",
            ]
            pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", *options]
            subprocess.run([*pip, "--requirement", str(LOCK)], check=True)
            complete.touch()
    return folder / "bin"


@pytest.fixture(scope="session")
def run_scanner(scanners, tmp_path_factory):
    """A function that runs one of the scanners, where neither a settings file nor the network can change what it finds."""
    home = tmp_path_factory.mktemp("scanner")
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:1")
    environment = {"HOME": str(home), "LANG": "C.UTF-8", "PATH": os.environ["PATH"], **nowhere}

    def run(program, *arguments, stdin="", codes=(0,)):
        done = subprocess.run(
            [str(scanners / program), *map(str, arguments)],
            cwd=home,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in codes, f"{program} failed with exit code {done.returncode}\n{done.stderr[-4000:]}"
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="session")
def lint(run_scanner):
    """A function that gives parliament's findings about policies, by place."""
    program = HERE / "lint_with_parliament.py"
    return lambda documents: run_scanner("python", program, stdin=json.dumps(documents))


@pytest.fixture(scope="session")
def production(plan_environment):
    """The plan of the whole production environment."""
    return flat_plan.read(plan_environment("prod").document)


@pytest.fixture(scope="session")
def checkov(production, run_scanner, tmp_path_factory):
    """What checkov finds in production: pairs of a check's id and the address of the resource that fails it."""
    flat = flat_plan.flatten(production)
    path = tmp_path_factory.mktemp("checkov") / "plan.json"
    path.write_text(json.dumps(flat.document))
    options = ("--framework", "terraform_plan", "--output", "json", "--skip-download", "--quiet")
    report = run_scanner("checkov", "--file", path, *options, codes=(0, 1))
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] == len(flat.addresses)
    assert report["summary"]["passed"] > len(flat.addresses), "hardly anything was checked"
    return {
        (failed["check_id"], flat.addresses[failed["resource_address"]])
        for failed in report["results"]["failed_checks"]
    }
