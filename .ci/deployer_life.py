# ruff: noqa: INP001, T201 - a program of the pipeline, not a package; it prints
"""Record what IAM is asked in a whole life of production, for the offline tests of the deployer's policies.

    flock /tmp/life .venv/bin/python .ci/deployer_life.py --documented

It runs doctor, plan, up, plan, drift, smoke, up with a change, rollback, recover and destroy on a local cloud of its own, as the
deployer or the reader, and writes every request (action, resource, condition keys) with the commands that made it to
``tests/deployer/life.json.gz``. With ``--documented`` the roles carry the documented policies, and a denial fails the command;
without it they may do everything, which shows what the policies lack.
"""

import argparse
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from orchestrator.local_cloud import control_client  # noqa: E402 - found through the line above
from orchestrator.local_cloud.identity import (  # noqa: E402 - as above
    ACCESS_KEY_ID,
    ACCOUNT_ID,
    RECORD_VARIABLE,
    REGION,
    ROLE_VARIABLE,
    SECRET_ACCESS_KEY,
)
from orchestrator.local_cloud.process import ServerProcess  # noqa: E402 - as above
from tests.deployer.policies import LIFE, make_roles  # noqa: E402 - as above

# Condition keys that tell nothing about a policy, or that differ from run to run.
VOLATILE = (
    "aws:currenttime",
    "aws:epochtime",
    "aws:sourceip",
    "aws:useragent",
    "aws:userid",
    "aws:principal",
    "aws:via",
    "s3:versionid",
    "s3:x-amz-content-sha256",
)
ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
IDENTIFIER = re.compile(r"(?<=[-/:])(?:[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{17}|[0-9a-f]{8})(?![0-9a-z])")
STATES = f"terraform-state-{ACCOUNT_ID}-{REGION}"


def main() -> int:
    """Run the life; returns 1 if a command failed, or AWS would have refused a request."""
    parser = argparse.ArgumentParser(description="Record what IAM is asked in a whole life of production.")
    parser.add_argument("--documented", action="store_true", help="enforce the documented policies")
    parser.add_argument("--only", action="append", default=[], help="units to limit the life to, for a try")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="platformctl-life-") as temporary:
        project = Path(temporary)
        for name in ("functions", "live", "modules"):
            subprocess.run(["cp", "-r", str(ROOT / name), str(project / name)], check=True)
        os.environ[RECORD_VARIABLE] = "1"
        cloud = ServerProcess(project / ".platformctl" / "local")
        cloud.start()
        try:
            return _live(project, cloud, documented=options.documented, only=options.only)
        finally:
            cloud.stop()


def _live(project: Path, cloud: ServerProcess, *, documented: bool, only: list[str]) -> int:
    endpoint = cloud.status().endpoint
    iam, s3 = (_client(service, endpoint) for service in ("iam", "s3"))
    variables = make_roles(iam, document="" if documented else json.dumps(ANYTHING))
    log, read, requests = project / ".platformctl/local/authorizations.jsonl", 0, defaultdict(set)
    failed = 0
    for role, (command, *arguments), prepare in STEPS:
        prepare(project, s3)
        environ = os.environ | variables[role] | {"PLATFORMCTL_PROJECT": str(project)}
        units = (
            [part for unit in only for part in ("--only", unit)]
            if command not in ("smoke", "rollback", "recover")
            else []
        )
        words = [sys.executable, "-m", "orchestrator", command, *arguments, "--suffix", "demo", *units]
        done = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
        text = log.read_text() if log.exists() else ""
        lines = [json.loads(line) for line in text[read:].splitlines()]
        read = len(text)
        denied = sorted({f"  {one['action']} {one['resource']} {one['cause']}" for one in lines if not one["allowed"]})
        print(
            f"{command}: exit code {done.returncode}, {len(lines)} decisions, {len(denied)} kinds of denials",
            *denied,
            sep="\n",
            flush=True,
        )
        if done.returncode:
            failed = 1
            print(done.stdout[-6000:], done.stderr[-6000:], sep="\n", flush=True)
        for one in lines:
            # Functions and services ask for themselves.
            if one["principal"] == variables[role][ROLE_VARIABLE]:
                requests[_request(one)].add(command)
    tally = control_client.models(str(endpoint))
    print(f"by AWS's models and documents: {tally}")
    if any(tally[verdict] for verdict in ("refused", "unknown", "limited")):
        failed = 1
    if not only and not (documented and failed):
        rows = [[sorted(commands), *json.loads(request)] for request, commands in sorted(requests.items())]
        LIFE.parent.mkdir(exist_ok=True)
        with gzip.GzipFile(LIFE, "wb", mtime=0) as file:
            file.write("\n".join(json.dumps(row) for row in rows).encode())
        print(f"{len(rows)} requests in {LIFE}")
    return failed


def _request(one: dict) -> str:
    """Return a decision's request without what differs from run to run."""
    context = {key: value for key, value in one["context"].items() if not key.startswith(VOLATILE)}
    return _same(json.dumps([one["action"], one["resource"], context], sort_keys=True))


def _same(text: str) -> str:
    return IDENTIFIER.sub(lambda match: re.sub("[0-9a-f]", "0", match[0]), text)


def _nothing(_project: Path, _s3: Any) -> None:
    """Leave everything as it is."""


def _settle(_project: Path, s3: Any) -> None:
    """Add a deployment of others: the local cloud removes the bucket with the last one, which nobody does on AWS."""
    s3.put_object(Bucket=STATES, Key="another/terraform.tfstate", Body=b"{}")


def _break(project: Path, s3: Any) -> None:
    """Leave what a killed run leaves, a lock and a resource that no state has, and the state of a unit that is no more."""
    lock = {"ID": "00000000-0000-0000-0000-000000000000", "Who": "nobody@nowhere", "Operation": "OperationTypeApply"}
    s3.put_object(Bucket=STATES, Key="demo/messaging/terraform.tfstate.tflock", Body=json.dumps(lock).encode())
    gone = {"Bucket": STATES, "Key": "demo/gone/terraform.tfstate"}
    s3.put_object(**gone, Body=json.dumps({"version": 4, "resources": []}).encode())
    s3.delete_object(**gone)
    endpoint = ServerProcess(project / ".platformctl" / "local").status().endpoint
    tags = {"Suffix": "demo", "Platform": "trading-analytics", "ManagedBy": "platformctl", "Environment": "prod"}
    _client("sqs", endpoint).create_queue(QueueName="queue-left-demo", tags=tags)


def _change(project: Path, _s3: Any) -> None:
    """Change a tag of everything, and a setting of every function, which makes a second version."""
    for file, before, after in (
        ("root.hcl", 'Environment = "${local.environment.locals.name}"', 'Environment = "again"'),
        ("prod/env.hcl", 'log_level = "INFO"', 'log_level = "DEBUG"'),
    ):
        text = (project / "live" / file).read_text()
        assert text.count(before) == 1, file
        (project / "live" / file).write_text(text.replace(before, after))


def _client(service: str, endpoint: str | None) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        config=Config(s3={"addressing_style": "path"}, proxies={}),
    )


STEPS = (
    ("reader", ("doctor", "--target", "local", "--env", "prod"), _nothing),
    ("reader", ("plan", "--env", "prod"), _nothing),
    ("deployer", ("up", "--env", "prod"), _nothing),
    ("reader", ("plan", "--detailed-exitcode"), _settle),
    ("reader", ("drift",), _nothing),
    ("deployer", ("smoke",), _nothing),
    ("deployer", ("up",), _change),
    ("deployer", ("rollback", "api", "--yes"), _nothing),
    ("deployer", ("recover", "--release-foreign-locks", "--yes"), _break),
    ("deployer", ("destroy", "--yes"), _nothing),
)


if __name__ == "__main__":
    sys.exit(main())
