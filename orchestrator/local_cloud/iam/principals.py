"""Who calls: the role behind an access key, with the policies that moto keeps for it.

Only sessions of roles are known here. A function's credentials are a session of its execution role named like the function, as on AWS, so the
function and its network can be told from the session alone.
"""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from orchestrator.local_cloud.iam.evaluate import Principal
from orchestrator.local_cloud.iam.policy import Policy, parse
from orchestrator.local_cloud.identity import ACCOUNT_ID, REGION

_PARTITION = "aws"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A session of a role and what it is confined by.

    Attributes:
        principal: with the ARN of the session.
        user_id: unique id of the role, a colon, the name of the session (aws:userid).
        identity: managed and inline policies of the role.
        boundary: permissions boundary of the role; one without statements where the policy is gone.
        session: policy that was given to AssumeRole.
        tags: of the role (aws:PrincipalTag).
        function_arn: of the function whose code calls; empty for others.
        subnet_ids: in which that function runs; empty outside a VPC.

    """

    principal: Principal
    user_id: str
    identity: tuple[Policy, ...]
    boundary: Policy | None = None
    session: Policy | None = None
    tags: tuple[tuple[str, str], ...] = ()
    function_arn: str = ""
    subnet_ids: tuple[str, ...] = ()


def caller_of(access_key_id: str) -> Caller | None:
    """The role's session that an access key belongs to; None for every other key. ``serial.MOTO`` must be held.

    A role that was deleted, or never was, leaves a caller without policies, to whom nothing is allowed.

    Raises:
        PolicyError: moto keeps a document that is no policy.

    """
    from moto.sts.models import sts_backends  # noqa: PLC0415 - moto loads with the service

    sessions = sts_backends[ACCOUNT_ID][_PARTITION].assumed_roles
    # The newest first: a function's keys are renewed while it lives.
    session = next((one for one in reversed(sessions) if one.access_key_id == access_key_id), None)
    return None if session is None else _caller(session)


def caller_as(role_arn: str, session_name: str) -> Caller:
    """A session of a role that an AWS service has taken, without asking STS. ``serial.MOTO`` must be held.

    Raises:
        PolicyError: moto keeps a document that is no policy.

    """
    arn = f"arn:{_PARTITION}:sts::{ACCOUNT_ID}:assumed-role/{role_arn.rpartition('/')[2]}/{session_name}"
    return _caller(
        SimpleNamespace(arn=arn, role_arn=role_arn, session_name=session_name, policy="", user_id=session_name)
    )


def _caller(session: Any) -> Caller:
    name = session.role_arn.rpartition("/")[2]
    principal = Principal(arn=session.arn, account=session.role_arn.split(":")[4], role_arn=session.role_arn)
    given = parse(f"session policy of {session.session_name}", session.policy) if session.policy else None
    role = _role(session.role_arn)
    if role is None:
        return Caller(principal=principal, user_id=session.user_id, identity=(), session=given)
    function = _function(session)
    return Caller(
        principal=principal,
        user_id=f"{role.id}:{session.session_name}",
        identity=(
            *(_managed(policy) for policy in role.managed_policies.values()),
            *(parse(f"inline policy {policy} of role {name}", document) for policy, document in role.policies.items()),
        ),
        boundary=_boundary(role.permissions_boundary_arn),
        session=given,
        tags=tuple((tag["Key"], tag["Value"]) for tag in role.tags),
        function_arn=":".join(function.function_arn.split(":")[:7]) if function is not None else "",
        subnet_ids=tuple((function.vpc_config or {}).get("SubnetIds", ())) if function is not None else (),
    )


def _iam() -> Any:
    from moto.iam.models import iam_backends  # noqa: PLC0415 - moto loads with the service

    return iam_backends[ACCOUNT_ID][_PARTITION]


def _role(arn: str) -> Any:
    return next((role for role in _iam().get_roles() if role.arn == arn), None)


def _managed(policy: Any) -> Policy:
    document = next(version.document for version in policy.versions if version.version_id == policy.default_version_id)
    # Terraform and people write documents as text; moto's own data of AWS-managed policies is text, too.
    return parse(f"managed policy {policy.name}", document)


def _boundary(arn: str | None) -> Policy | None:
    if not arn:
        return None
    policy = _iam().managed_policies.get(arn)
    return Policy(name=f"{arn}, which does not exist", statements=()) if policy is None else _managed(policy)


def _function(session: Any) -> Any:
    from moto.awslambda.models import lambda_backends  # noqa: PLC0415 - moto loads with the service

    functions = lambda_backends[ACCOUNT_ID][REGION].list_functions()
    return next(
        (one for one in functions if one.function_name == session.session_name and one.role == session.role_arn), None
    )
