"""Whether a request is allowed, in the order in which AWS decides.

Source: IAM User Guide, "Policy evaluation logic" and "How AWS enforcement code logic evaluates requests", for one
account: an explicit deny anywhere is final; otherwise the identity's policies or the resource's must allow it, within
the permissions boundary, the session policy and the policy of the VPC endpoint through which it came.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from orchestrator.local_cloud.iam.patterns import Context
from orchestrator.local_cloud.iam.policy import Names, Policy, Statement

Naming = Literal["", "account", "anyone", "itself", "role"]
"""How a resource's policy names a principal; "itself" is the very user or session, or a condition on its ARN."""

_RESOURCE_DECIDES = ("kms:", "sts:assumerole", "sts:tagsession")
"""Actions that an identity's policy allows only if the resource's policy delegates to the account: keys and roles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who makes a request.

    ``arn`` is a role's session, a user, or the name of an AWS service ("s3.amazonaws.com"), which has no account.
    """

    arn: str
    account: str = ""
    role_arn: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """One action ("s3:GetObject") on one resource.

    ``resource`` is an ARN, or "*" for an action without resources; ``context`` has condition keys in lower case.
    """

    principal: Principal
    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome: ``cause`` is the reason of a denial in AWS's words, ``finding`` what decided, for people."""

    allowed: bool
    cause: str = ""
    finding: str = ""


def decide(
    request: AccessRequest,
    *,
    identity: Sequence[Policy],
    boundary: Policy | None,
    resource: Policy | None,
    session: Policy | None = None,
    endpoint: Policy | None = None,
) -> Decision:
    """Decide about one request of a principal of the resource's account.

    ``identity`` has the policies of the principal: none for an AWS service, for which only the resource's policy
    decides. The latter may be a role's trust policy; ``endpoint`` is the policy of a VPC endpoint on the way.
    """
    layers: tuple[tuple[str, Sequence[Policy]], ...] = (
        ("an identity-based policy", identity),
        ("a permissions boundary", _some(boundary)),
        ("a session policy", _some(session)),
        ("a resource-based policy", _some(resource)),
        ("a VPC endpoint policy", _some(endpoint)),
    )
    for kind, policies in layers:
        for policy, statement in _applying(request, policies, "Deny"):
            return Decision(allowed=False, cause=f"with an explicit deny in {kind}", finding=_hit(policy, statement))
    if endpoint is not None and not any(_applying(request, (endpoint,), "Allow")):
        return _lacking(request, "VPC endpoint policy", (endpoint,))
    return _granted(request, identity, boundary, resource, session)


def denies(request: AccessRequest, policy: Policy) -> bool:
    """Return whether a policy alone explicitly denies a request."""
    return any(_applying(request, (policy,), "Deny"))


def allows(request: AccessRequest, policy: Policy) -> bool:
    """Return whether a policy alone allows a request, however it names the principal; denials are ignored."""
    return any(_applying(request, (policy,), "Allow"))


def _granted(
    request: AccessRequest,
    identity: Sequence[Policy],
    boundary: Policy | None,
    resource: Policy | None,
    session: Policy | None,
) -> Decision:
    by_resource = {
        naming: _hit(policy, statement)
        for policy, statement in _applying(request, _some(resource), "Allow")
        if (naming := _naming(statement, request.principal))
    }
    if not request.principal.account:
        for finding in by_resource.values():
            return Decision(allowed=True, finding=finding)
        return _lacking(request, "resource-based policy", _some(resource))
    if "itself" in by_resource:
        # Neither boundary nor session policy limits this grant: IAM User Guide, "AWS JSON policy elements: Principal".
        return Decision(allowed=True, finding=by_resource["itself"])
    grant = by_resource.get("role", by_resource.get("anyone", ""))
    if not grant:
        policy, statement = next(_applying(request, identity, "Allow"), (None, None))
        if policy is None or statement is None:
            return _lacking(request, "identity-based policy", identity)
        decides = request.action.lower().startswith(_RESOURCE_DECIDES)
        if resource is not None and decides and "account" not in by_resource:
            return _lacking(request, "resource-based policy", (resource,))
        grant = _hit(policy, statement)
    for kind, limit in (("permissions boundary", boundary), ("session policy", session)):
        if limit is not None and not any(_applying(request, (limit,), "Allow")):
            return _lacking(request, kind, (limit,))
    return Decision(allowed=True, finding=grant)


def _applying(
    request: AccessRequest, policies: Sequence[Policy], effect: Literal["Allow", "Deny"]
) -> Iterator[tuple[Policy, Statement]]:
    for policy in policies:
        for statement in policy.statements:
            if (
                statement.effect == effect
                and (statement.principals is None or _naming(statement, request.principal))
                and statement.covers(request.action, request.resource, request.context)
            ):
                yield policy, statement


def _naming(statement: Statement, principal: Principal) -> Naming:
    """Return how closely a statement names a principal; "" if it does not."""
    names = statement.principals or Names()
    if statement.except_principals:
        # A caller is its account, its role and its session at once: to be excepted it must be named as each of them.
        account = _account_names(principal) if principal.account else (principal.arn,)
        ways = (account, (principal.arn,), (principal.role_arn or principal.arn,))
        excepted = all(any(one in names.aws + names.services for one in way) for way in ways)
        return "" if excepted else "anyone"
    if not principal.account:
        return "anyone" if principal.arn in names.services or "*" in names.services else ""
    if principal.arn in names.aws:
        return "itself"
    if principal.role_arn and principal.role_arn in names.aws:
        return "role"
    if "*" in names.aws:
        return "itself" if statement.names_in_condition else "anyone"
    return "account" if any(one in names.aws for one in _account_names(principal)) else ""


def _account_names(principal: Principal) -> tuple[str, ...]:
    partition = principal.arn.split(":")[1]
    return principal.account, f"arn:{partition}:iam::{principal.account}:root"


def _some(policy: Policy | None) -> tuple[Policy, ...]:
    return () if policy is None else (policy,)


def _hit(policy: Policy, statement: Statement) -> str:
    return f"statement {statement.sid or policy.statements.index(statement) + 1} of {policy.name}"


def _lacking(request: AccessRequest, kind: str, policies: Sequence[Policy]) -> Decision:
    looked_at = ", ".join(policy.name for policy in policies) or "there is none"
    return Decision(
        allowed=False,
        cause=f"because no {kind} allows the {request.action} action",
        finding=f"no statement allows {request.action} on {request.resource} ({kind}: {looked_at})",
    )
