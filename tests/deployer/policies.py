"""The documented policies of deployers, what IAM is asked in a whole life of production, and what the policies say to it."""

import gzip
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from orchestrator.local_cloud.iam.evaluate import AccessRequest, Decision, Principal, decide
from orchestrator.local_cloud.iam.policy import Policy, parse
from orchestrator.local_cloud.identity import ACCOUNT_ID, ROLE_VARIABLE

DOCS = Path(__file__).resolve().parents[2] / "docs" / "deployer"
POLICIES = tuple(
    DOCS / f"{name}.json" for name in ("compute", "data", "foundation", "identity", "network", "observability")
)
READER = (DOCS / "reader.json",)
BOUNDARY = DOCS / "boundary.json"
LIFE = Path(__file__).with_name("life.json.gz")
DEPLOYER = Principal(
    arn=f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/deployer/platformctl",
    account=ACCOUNT_ID,
    role_arn=f"arn:aws:iam::{ACCOUNT_ID}:role/deployer",
)


def make_roles(iam: Any, *, document: str = "") -> dict[str, dict[str, str]]:
    """Make the boundary and both roles as an administrator does; return the variables of a run as each role.

    With a ``document`` the roles carry that instead of the documented policies.
    """
    boundary = iam.create_policy(PolicyName="platform-boundary-ci", PolicyDocument=BOUNDARY.read_text())["Policy"][
        "Arn"
    ]
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}, "Action": "sts:AssumeRole"}
    found = {}
    for name, files in (("deployer", POLICIES), ("reader", READER)):
        made = iam.create_role(
            RoleName=f"ci-{name}", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )
        for file in files:
            policy = iam.create_policy(PolicyName=f"ci-{name}-{file.stem}", PolicyDocument=document or file.read_text())
            iam.attach_role_policy(RoleName=f"ci-{name}", PolicyArn=policy["Policy"]["Arn"])
        found[name] = {ROLE_VARIABLE: made["Role"]["Arn"], "PLATFORM_PERMISSIONS_BOUNDARY": boundary}
    return found


@cache
def statements(files: Sequence[Path]) -> dict[str, Policy]:
    """Return every statement as a policy of its own, by file and Sid: "network Create"."""
    found = {}
    for file in files:
        for one in json.loads(file.read_text())["Statement"]:
            name = f"{file.stem} {one['Sid']}"
            found[name] = parse(name, json.dumps({"Version": "2012-10-17", "Statement": [one]}))
    return found


def judged(files: Sequence[Path], action: str, resource: str, context: dict[str, list[str]]) -> Decision:
    """Decide about a request as for a role that carries these policies."""
    request = AccessRequest(
        principal=DEPLOYER,
        action=action,
        resource=resource,
        context={key: tuple(values) for key, values in context.items()},
    )
    return decide(request, identity=list(statements(tuple(files)).values()), boundary=None, resource=None)


def allowing(files: Sequence[Path], action: str, resource: str, context: dict[str, list[str]]) -> frozenset[str]:
    """Return the names of all statements that allow a request."""
    given = {key: tuple(values) for key, values in context.items()}
    return frozenset(
        name
        for name, policy in statements(tuple(files)).items()
        if policy.statements[0].covers(action, resource, given)
    )


@cache
def life() -> list[tuple[tuple[str, ...], str, str, dict[str, list[str]]]]:
    """Return the recorded requests: the commands that made each, action, resource and condition keys."""
    rows = gzip.decompress(LIFE.read_bytes()).decode().splitlines()
    return [
        (tuple(commands), action, resource, context) for commands, action, resource, context in map(json.loads, rows)
    ]
