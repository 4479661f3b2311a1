"""Who calls: the role behind an access key, with the policies that moto stores for it.

Sessions of roles and users with access keys are known here. A function's credentials are a session of its execution role
named like the function, as on AWS, so the session alone identifies the function and its network.
"""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from orchestrator.local_cloud.backends import GLOBAL, backend
from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.iam.evaluate import Principal
from orchestrator.local_cloud.iam.policy import Policy, parse
from orchestrator.local_cloud.identity import ACCOUNT_ID


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A session of a role, or a user, and its limits.

    ``identity`` has the role's policies, ``session`` the one given to AssumeRole; the boundary has no statements if its
    policy is deleted. Only the code of a function has a ``function_arn``, and in a VPC subnets.
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
    """Return the session or the user of an access key; None for every other key. ``serial.MOTO`` must be held.

    A role that does not exist gives a caller without policies, who may do nothing.
    """
    sessions = backend("sts", GLOBAL).assumed_roles
    # The newest first: a function's keys are renewed during its life.
    session = next((one for one in reversed(sessions) if one.access_key_id == access_key_id), None)
    return _user(access_key_id) if session is None else _caller(session)


def _user(access_key_id: str) -> Caller | None:
    iam = backend("iam", GLOBAL)
    for user in iam.users.values():
        if any(key.access_key_id == access_key_id for key in user.access_keys):
            holders = (("user", user), *(("group", group) for group in iam.get_groups_for_user(user.name)))
            return Caller(
                principal=Principal(arn=str(user.arn), account=ACCOUNT_ID),
                user_id=str(user.id),
                identity=tuple(policy for kind, holder in holders for policy in _policies(kind, holder)),
                tags=tuple(iam.tagger.get_tag_dict_for_resource(user.arn).items()),
            )
    return None


def caller_as(role_arn: str, session_name: str) -> Caller:
    """Return a session of a role that an AWS service assumed without STS. ``serial.MOTO`` must be held."""
    arn = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{role_arn.rpartition('/')[2]}/{session_name}"
    return _caller(
        SimpleNamespace(arn=arn, role_arn=role_arn, session_name=session_name, policy="", user_id=session_name)
    )


def _caller(session: Any) -> Caller:
    principal = Principal(arn=session.arn, account=session.role_arn.split(":")[4], role_arn=session.role_arn)
    given = parse(f"session policy of {session.session_name}", session.policy) if session.policy else None
    role = stored.role(session.role_arn)
    if role is None:
        return Caller(principal=principal, user_id=session.user_id, identity=(), session=given)
    function = _function(session)
    return Caller(
        principal=principal,
        user_id=f"{role.id}:{session.session_name}",
        identity=_policies("role", role),
        boundary=_boundary(role.permissions_boundary_arn),
        session=given,
        tags=tuple((tag["Key"], tag["Value"]) for tag in role.tags),
        function_arn=":".join(function.function_arn.split(":")[:7]) if function is not None else "",
        subnet_ids=tuple((function.vpc_config or {}).get("SubnetIds", ())) if function is not None else (),
    )


def _policies(kind: str, holder: Any) -> tuple[Policy, ...]:
    """Return the managed and the inline policies of a role, user or group."""
    managed = (_managed(policy) for policy in holder.managed_policies.values())
    inline = (
        parse(f"inline policy {name} of {kind} {holder.name}", document) for name, document in holder.policies.items()
    )
    return (*managed, *inline)


def _managed(policy: Any) -> Policy:
    document = next(version.document for version in policy.versions if version.version_id == policy.default_version_id)
    return parse(f"managed policy {policy.name}", document)


def _boundary(arn: str | None) -> Policy | None:
    if not arn:
        return None
    policy = backend("iam", GLOBAL).managed_policies.get(arn)
    return Policy(name=f"{arn}, which does not exist", statements=()) if policy is None else _managed(policy)


def _function(session: Any) -> Any:
    for one in backend("lambda").list_functions():
        if one.function_name == session.session_name and one.role == session.role_arn:
            return one
    return None
