"""Run up and destroy in a loop, and check the cloud itself for leftovers.

    .venv/bin/python benchmarks/cycles.py --cycles 10 --environment dev

Prints a line per cycle and a table at the end; exit code 1 when a command failed or anything was left. It works in a
project folder and a local cloud of its own.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3
from botocore.config import Config
from project_copy import copy_project

from orchestrator.adapters.aws.inventory import list_resources
from orchestrator.local_cloud.identity import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from orchestrator.local_cloud.process import ServerProcess

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run every cycle; returns 0 when all were clean."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=10)
    parser.add_argument("--environment", default="dev")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="platformctl-cycles-") as temporary:
        project = Path(temporary)
        copy_project(project)
        cloud = ServerProcess(project / ".platformctl" / "local")
        endpoint = cloud.start().endpoint
        assert endpoint is not None
        try:
            return _run(project, endpoint, cycles=options.cycles, environment=options.environment)
        finally:
            cloud.stop()


def _run(project: Path, endpoint: str, *, cycles: int, environment: str) -> int:
    ups, destroys, faults = [], [], 0
    for number in range(1, cycles + 1):
        suffix = f"cycle{number}"
        code_up, seconds_up, log_up = _platformctl(project, "up", "--suffix", suffix, "--env", environment)
        code_down, seconds_down, log_down = _platformctl(project, "destroy", "--suffix", suffix, "--yes")
        left = list_resources(_client(endpoint), suffix=None)
        ups.append(seconds_up)
        destroys.append(seconds_down)
        fine = not (code_up or code_down or left)
        faults += not fine
        print(
            f"cycle {number:>2}: up {seconds_up:6.1f} s, destroy {seconds_down:6.1f} s, left behind {len(left)}",
            flush=True,
        )
        for resource in left:
            print(f"  {resource}")
        if code_up or code_down:
            print(log_up[-3000:], log_down[-3000:], sep="\n")
    print(f"\n{cycles} cycles, {faults} with a fault or an orphan")
    for name, seconds in (("up", ups), ("destroy", destroys)):
        print(f"{name:<8} min {min(seconds):6.1f}  median {statistics.median(seconds):6.1f}  max {max(seconds):6.1f} s")
    return 1 if faults else 0


def _platformctl(project: Path, *arguments: str) -> tuple[int, float, str]:
    since = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator", *arguments],
        cwd=ROOT,
        env=os.environ | {"PLATFORMCTL_PROJECT": str(project)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, time.monotonic() - since, done.stdout


def _client(endpoint: str):  # noqa: ANN202 - boto3 clients have no common type
    session = boto3.session.Session(
        aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY, region_name=REGION
    )
    return lambda service: session.client(
        service, endpoint_url=endpoint, config=Config(s3={"addressing_style": "path"}, proxies={})
    )


if __name__ == "__main__":
    raise SystemExit(main())
