"""Interrupt runs at random moments, and check that the next ones repair everything.

    .venv/bin/python benchmarks/interrupts.py --runs 20 --signal int
    .venv/bin/python benchmarks/interrupts.py --runs 20 --signal kill-all --only kms --only vpc --only iam --only dynamodb

A run is an ``up`` in an empty local cloud that gets a signal at a moment drawn from the seed: "int" is a Ctrl-C, "kill-terraform"
kill -9 of one Terraform process, "kill-platformctl" of platformctl alone, "kill-all" of platformctl with all of its Terraform and
provider processes, but not of the local cloud. Then no lock may be left (int), or the one that is left must be explained; every state
must be readable, ``up`` must complete, a second one must have nothing to do, nothing may exist twice, and ``destroy`` must leave nothing.

Prints a line per run and a table at the end; exit code 1 on any fault. It works in a project folder and a local cloud of its own.
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from project_copy import copy_project

from orchestrator.adapters.aws.inventory import list_resources
from orchestrator.adapters.aws.services import TERRAFORM_TYPES
from orchestrator.adapters.aws.sweep import unrecorded
from orchestrator.local_cloud.identity import ACCESS_KEY_ID, ACCOUNT_ID, REGION, SECRET_ACCESS_KEY
from orchestrator.local_cloud.process import ServerProcess

ROOT = Path(__file__).resolve().parent.parent
BUCKET = f"terraform-state-{ACCOUNT_ID}-{REGION}"
SIGNALS = ("int", "kill-terraform", "kill-platformctl", "kill-all")
# Seconds after which a run counts as hung.
DEADLINE = 1800


@dataclass(kw_only=True)
class Result:
    """The outcome of one interrupted run.

    Attributes:
        moment: seconds after the start of ``up`` at which the signal was sent.
        made: resources that existed then.
        unrecorded: how many of them no state knew.
        locks: locks that were left.
        faults: what was not as it should be.

    """

    number: int
    moment: float = 0.0
    made: int = 0
    unrecorded: int = 0
    locks: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The project, and the commands that run in it."""

    project: Path
    endpoint: str
    environment: str
    only: tuple[str, ...]
    signal: str
    recover: bool

    def units(self) -> list[str]:
        return [word for name in self.only for word in ("--only", name)]

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "orchestrator", *arguments],
            cwd=ROOT,
            env=os.environ | {"PLATFORMCTL_PROJECT": str(self.project)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments)
        messages, _ = process.communicate(timeout=DEADLINE)
        return process.returncode, messages

    def client(self, service: str) -> Any:
        session = boto3.session.Session(
            aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY, region_name=REGION
        )
        return session.client(
            service, endpoint_url=self.endpoint, config=Config(s3={"addressing_style": "path"}, proxies={})
        )

    def bucket(self, suffix: str) -> dict[str, bytes]:
        """List the objects under the suffix in the state bucket, by key; none without a bucket."""
        s3 = self.client("s3")
        if BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
            return {}
        listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{suffix}/").get("Contents", [])
        return {item["Key"]: s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read() for item in listed}

    def states(self, suffix: str) -> list[dict[str, Any]]:
        """Read every state; an unreadable one is an error."""
        return [json.loads(text) for key, text in self.bucket(suffix).items() if key.endswith(".tfstate")]


def main() -> int:
    """Interrupt every run; returns 0 when all were repaired."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--env", default="dev")
    parser.add_argument("--only", action="append", default=[], metavar="UNIT", help="as of up; default: every unit")
    parser.add_argument("--signal", choices=SIGNALS, default="kill-all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--recover", action="store_true", help="run platformctl recover --yes before the next up")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="platformctl-interrupts-") as temporary:
        project = Path(temporary)
        copy_project(project)
        cloud = ServerProcess(project / ".platformctl" / "local")
        endpoint = cloud.start().endpoint
        assert endpoint is not None
        bench = Bench(
            project=project,
            endpoint=endpoint,
            environment=options.env,
            only=tuple(options.only),
            signal=options.signal,
            recover=options.recover,
        )
        try:
            return _run(bench, runs=options.runs, chance=random.Random(options.seed), cloud=cloud)
        finally:
            cloud.stop()


def _run(bench: Bench, *, runs: int, chance: random.Random, cloud: ServerProcess) -> int:
    print(f"environment {bench.environment}, units {', '.join(bench.only) or 'all'}, signal {bench.signal}")
    since = time.time()
    code, messages = bench.run("up", "--suffix", "whole", "--env", bench.environment, *bench.units())
    whole = time.time() - since
    if code:
        print(messages[-3000:])
        return 1
    # Before the first unit kill -9 can leave nothing; an interrupt must be handled at any time.
    earliest = 1.0 if bench.signal == "int" else _first_unit(bench.project) - since
    code, messages = bench.run("destroy", "--suffix", "whole", "--yes")
    if code:
        print(messages[-3000:])
        return 1
    print(f"an uninterrupted up takes {whole:.1f} s; signals are sent from {earliest:.1f} s on", flush=True)
    results = []
    for number in range(1, runs + 1):
        # After the last destroy an empty local cloud retires, unless another up begins.
        moment = chance.uniform(earliest, whole * 0.98)
        result = _interrupted(bench, number, moment, chance)
        results.append(result)
        print(_line(result), flush=True)
        for fault in result.faults:
            print(f"     {fault}", flush=True)
        assert cloud.status().endpoint == bench.endpoint, "the local cloud has gone"
    faulty = sum(bool(result.faults) for result in results)
    print(f"\n{runs} runs interrupted with {bench.signal}: {faulty} with a fault")
    print(f"  locks left            {sum(result.locks for result in results)}")
    print(f"  resources in no state {sum(result.unrecorded for result in results)}")
    return 1 if faulty else 0


def _first_unit(project: Path) -> float:
    """Tell when the first unit of the only run so far began."""
    (run,) = (project / ".platformctl" / "runs").iterdir()
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    return min(event["time"] for event in events if event["type"] == "unit_started")


def _line(result: Result) -> str:
    verdict = "FAULT" if result.faults else "repaired"
    return (
        f"{result.number:>3}: {result.moment:6.1f} s in: {result.made:>3} made, {result.unrecorded:>2} of them in no state, "
        f"{result.locks} locks left; {verdict} after {result.seconds:.0f} s"
    )


def _interrupted(bench: Bench, number: int, moment: float, chance: random.Random) -> Result:
    suffix = f"run{number}"
    result = Result(number=number, moment=moment)
    since = time.monotonic()
    up = ("up", "--suffix", suffix, "--env", bench.environment, *bench.units())
    process = bench.start(*up)
    # Read while it runs, because it blocks when the pipe is full.
    messages: list[str] = []
    _break_off(bench, process, moment, chance, messages)
    _check_what_is_left(bench, suffix, result, code=process.returncode, messages="".join(messages))
    if bench.recover:
        _expect(result, 0, *bench.run("recover", "--suffix", suffix, "--yes"), doing="recover")
    _check_that_up_completes(bench, suffix, result, up)
    code, text = bench.run("destroy", "--suffix", suffix, "--yes")
    _expect(result, 0, code, text, doing="destroy")
    left = list_resources(bench.client, suffix=suffix)
    if left:
        result.faults.append(f"destroy left {len(left)}: {', '.join(str(item) for item in left[:5])}")
    result.seconds = time.monotonic() - since
    return result


def _break_off(
    bench: Bench, process: "subprocess.Popen[str]", moment: float, chance: random.Random, messages: list[str]
) -> None:
    deadline = time.monotonic() + moment
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    match bench.signal:
        case "int":
            process.send_signal(signal.SIGINT)
        case "kill-platformctl":
            process.kill()
        case "kill-all":
            # Parents first, so that none is left to start another one.
            process.kill()
            for pid in [process.pid, *(pid for pid, _ in _children(bench.project))]:
                _kill(pid)
        case _:
            # Between two units there may be none.
            while process.poll() is None:
                running = [pid for pid, arguments in _children(bench.project) if _is_apply(arguments)]
                if running:
                    _kill(chance.choice(sorted(running)))
                    break
                time.sleep(0.02)
    text, _ = process.communicate(timeout=DEADLINE)
    messages.append(text)


def _children(project: Path) -> Iterator[tuple[int, str]]:
    """Find the Terraform and provider processes of this project: by their folder, their arguments, or their parent."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [
        (int(pid), int(parent), arguments)
        for pid, parent, arguments in (line.split(None, 2) for line in listed.splitlines())
    ]
    local = _local_cloud(project)
    ours = {pid for pid, _, arguments in rows if pid != local and _works_in(pid, project)}
    grown = True
    while grown:
        more = {pid for pid, parent, _ in rows if parent in ours and pid != local} - ours
        ours |= more
        grown = bool(more)
    yield from ((pid, arguments) for pid, _, arguments in rows if pid in ours)


def _works_in(pid: int, project: Path) -> bool:
    try:
        folder = Path(f"/proc/{pid}/cwd").readlink()
        environ = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    terraform = project / ".platformctl" / "work" in folder.parents
    # A shared provider runs in platformctl's folder; its arguments show which project it belongs to.
    arguments = Path(f"/proc/{pid}/cmdline").read_bytes() if not terraform else b""
    return terraform or (b"terraform-provider" in arguments and str(project).encode() in environ)


def _local_cloud(project: Path) -> int | None:
    return ServerProcess(project / ".platformctl" / "local").status().pid


def _is_apply(arguments: str) -> bool:
    return re.search(r"\bapply\b", arguments) is not None and "terraform-provider" not in arguments


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _check_what_is_left(bench: Bench, suffix: str, result: Result, *, code: int, messages: str) -> None:
    found = bench.bucket(suffix)
    locks = [key for key in found if key.endswith(".tflock")]
    result.locks = len(locks)
    try:
        states = bench.states(suffix)
    except ValueError as error:
        result.faults.append(f"a state cannot be read: {error}")
        return
    result.made = len(list_resources(bench.client, suffix=suffix))
    result.unrecorded = len(unrecorded(bench.client, suffix, states))
    if bench.signal == "int":
        if locks:
            result.faults.append(f"locks left after an interrupt: {', '.join(locks)}")
        if result.unrecorded:
            result.faults.append(f"{result.unrecorded} resources in no state after an interrupt")
        if code not in {0, 130}:
            result.faults.append(f"up ended with {code} after an interrupt: {messages[-1500:]}")
        return
    if bench.signal == "kill-terraform" and code not in {0, 1}:
        result.faults.append(f"up ended with {code} after one Terraform was killed: {messages[-1500:]}")
    explained = bench.run("recover", "--suffix", suffix, "--dry-run")[1]
    # An orphaned Terraform may have released its lock meanwhile.
    still = bench.bucket(suffix)
    result.faults.extend(
        f"{key} is not explained: {explained}"
        for key in locks
        if key in still and f'unit "{key.split("/")[1]}"' not in explained
    )


def _check_that_up_completes(bench: Bench, suffix: str, result: Result, up: tuple[str, ...]) -> None:
    code, messages = bench.run(*up)
    if not _expect(result, 0, code, messages, doing="up"):
        return
    states = bench.states(suffix)
    twice = unrecorded(bench.client, suffix, states)
    if twice:
        result.faults.append(f"exists and is in no state: {', '.join(str(thing) for thing in twice[:5])}")
    _check_counts(bench, suffix, states, result)
    before = sorted(document["serial"] for document in states)
    code, messages = bench.run(*up)
    _expect(result, 0, code, messages, doing="the second up")
    if sorted(document["serial"] for document in bench.states(suffix)) != before:
        result.faults.append("the second up changed something")


def _check_counts(bench: Bench, suffix: str, states: list[dict[str, Any]], result: Result) -> None:
    """Compare the number of each kind with the states; resources that a network or a service creates are not counted."""
    recorded: Counter[str] = Counter()
    for document in states:
        for resource in document["resources"]:
            kind = TERRAFORM_TYPES[resource["type"]] if resource["mode"] == "managed" else None
            if kind is not None and kind.service and not resource["type"].startswith("aws_default_"):
                recorded[f"{kind.service} {kind.type}"] += len(resource["instances"])
    existing = Counter(
        f"{item.service} {item.type}" for item in list_resources(bench.client, suffix=suffix) if not item.made_for
    )
    result.faults.extend(
        f"{existing[kind]} of {kind} exist, the states record {recorded[kind]}"
        for kind in sorted(existing)
        if existing[kind] != recorded[kind]
    )


def _expect(result: Result, wanted: int, code: int, messages: str, *, doing: str) -> bool:
    if code == wanted:
        return True
    result.faults.append(f"{doing} ended with {code}: {messages[-2500:]}")
    return False


if __name__ == "__main__":
    raise SystemExit(main())
