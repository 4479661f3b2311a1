"""The policies of resources and of VPC endpoints, as moto keeps them. ``serial.MOTO`` must be held."""

import json
from collections.abc import Callable
from typing import Any

from orchestrator.local_cloud.iam.keys import key_policy
from orchestrator.local_cloud.iam.messages import queue, topic
from orchestrator.local_cloud.iam.policy import Policy, parse
from orchestrator.local_cloud.iam.s3 import bucket_policy
from orchestrator.local_cloud.iam.services import deployed, secret
from orchestrator.local_cloud.identity import ACCOUNT_ID

_ARN_PARTS = 6


def resource_policy(arn: str) -> Policy | None:
    """The policy of the resource with that ARN, or of the bucket, table or secret that it lies in; None without one.

    Raises:
        PolicyError: moto keeps a document that is no policy.

    """
    parts = arn.split(":", _ARN_PARTS - 1)
    read = _READERS.get(parts[2]) if len(parts) == _ARN_PARTS else None
    document = read(arn) if read else ""
    return parse(f"policy of {arn}", document) if document else None


def endpoint_of(service: str, region: str, subnet_ids: tuple[str, ...]) -> tuple[str, str, Policy] | None:
    """The VPC, the id and the policy of the endpoint through which a call from subnets leaves.

    Args:
        service: "s3".
        region: of the call; an endpoint leads to the services of its own region only.
        subnet_ids: of the caller.

    Returns:
        None where there is none, so that the call takes the way over the internet.

    """
    from moto.ec2.models import ec2_backends  # noqa: PLC0415 - moto loads with the service

    if not subnet_ids or region not in ec2_backends[ACCOUNT_ID]:
        return None
    backend = ec2_backends[ACCOUNT_ID][region]
    vpcs = {subnet.vpc_id for zone in backend.subnets.values() for subnet in zone.values() if subnet.id in subnet_ids}
    name = f"com.amazonaws.{region}.{service}"
    found = next(
        (one for one in backend.vpc_end_points.values() if one.vpc_id in vpcs and one.service_name == name), None
    )
    return None if found is None else (found.vpc_id, found.id, parse(f"policy of {found.id}", found.policy_document))


def _bucket(arn: str) -> str:
    return bucket_policy(arn.split(":", _ARN_PARTS - 1)[-1].partition("/")[0])


def _queue(arn: str) -> str:
    return str(getattr(queue(arn), "policy", None) or "")


def _topic(arn: str) -> str:
    return str(getattr(topic(arn), "policy", None) or "")


def _function(arn: str) -> str:
    """A function's policy; a version and an alias have one of their own."""
    found = deployed(arn)
    statements = [_adapted(one, arn) for one in (found.policy.statements if found is not None else [])]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else ""


def _adapted(statement: dict[str, Any], arn: str) -> dict[str, Any]:
    """A permission as policies write it: moto keeps an ARN as principal as it came, and "$LATEST" or a version within the resource."""
    base = ":".join(arn.split(":")[: _ARN_PARTS + 1])
    qualifier = str(statement.get("Resource", "")).rpartition(":")[2]
    unqualified = qualifier in ("", "$LATEST", base.rpartition(":")[2])
    principal = statement.get("Principal")
    bare = isinstance(principal, str) and principal != "*"
    return {
        **statement,
        "Principal": {"AWS": principal} if bare else principal,
        "Resource": base if unqualified else f"{base}:{qualifier}",
    }


def _secret(arn: str) -> str:
    return str(getattr(secret(arn, arn.split(":")[3]), "policy", None) or "")


def _table(arn: str) -> str:
    from moto.dynamodb.models import dynamodb_backends  # noqa: PLC0415 - moto loads with the service

    region = arn.split(":")[3]
    regions = dynamodb_backends[ACCOUNT_ID]
    found = regions[region].resource_policies.get(arn.partition("/index/")[0]) if region in regions else None
    return str(getattr(found, "policy_doc", None) or "")


def _trust(arn: str) -> str:
    from moto.iam.models import iam_backends  # noqa: PLC0415 - moto loads with the service

    roles: Any = iam_backends[ACCOUNT_ID]["aws"].get_roles()
    return next((str(role.assume_role_policy_document) for role in roles if role.arn == arn), "")


_READERS: dict[str, Callable[[str], str]] = {
    "dynamodb": _table,
    "iam": _trust,
    "kms": key_policy,
    "lambda": _function,
    "s3": _bucket,
    "secretsmanager": _secret,
    "sns": _topic,
    "sqs": _queue,
}
