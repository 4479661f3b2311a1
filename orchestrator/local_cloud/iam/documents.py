"""The policies of resources and of VPC endpoints, as moto stores them. ``serial.MOTO`` must be held."""

import json
from collections.abc import Callable
from typing import Any

from orchestrator.local_cloud.backends import backend
from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.iam.patterns import arn_parts
from orchestrator.local_cloud.iam.policy import Policy, parse


def resource_policy(arn: str) -> Policy | None:
    """Return the policy of a resource, or of the bucket, table or secret that contains it; raise PolicyError."""
    read = _READERS.get(arn_parts(arn)[2])
    document = read(arn) if read else None
    if isinstance(document, bytes):
        document = document.decode()
    return parse(f"policy of {arn}", str(document)) if document else None


def endpoint_of(service: str, region: str, subnet_ids: tuple[str, ...]) -> tuple[str, str, Policy] | None:
    """Return VPC, id and policy of the endpoint that a service's calls from these subnets take.

    None means that they take the way over the internet. An endpoint leads to the services of its own region only.
    """
    ec2 = backend("ec2", region) if subnet_ids else None
    if ec2 is None:
        return None
    vpcs = {subnet.vpc_id for zone in ec2.subnets.values() for subnet in zone.values() if subnet.id in subnet_ids}
    name = f"com.amazonaws.{region}.{service}"
    for one in ec2.vpc_end_points.values():
        if one.vpc_id in vpcs and one.service_name == name:
            return one.vpc_id, one.id, parse(f"policy of {one.id}", one.policy_document)
    return None


def _function(arn: str) -> str:
    """Return a function's policy; versions and aliases have their own."""
    found = stored.function(arn)
    statements = [_adapted(one, arn) for one in (found.policy.statements if found else [])]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else ""


def _adapted(statement: dict[str, Any], arn: str) -> dict[str, Any]:
    """Rewrite a permission as a policy statement.

    moto stores an ARN as principal without "AWS", and "$LATEST" or a version in the resource.
    """
    base = ":".join(arn.split(":")[:7])
    qualifier = str(statement.get("Resource", "")).rpartition(":")[2]
    unqualified = qualifier in ("", "$LATEST", base.rpartition(":")[2])
    principal = statement.get("Principal")
    bare = isinstance(principal, str) and principal != "*"
    return {
        **statement,
        "Principal": {"AWS": principal} if bare else principal,
        "Resource": base if unqualified else f"{base}:{qualifier}",
    }


def _table(arn: str) -> Any:
    dynamodb = backend("dynamodb", arn_parts(arn)[3])
    found = dynamodb and dynamodb.resource_policies.get(arn.partition("/index/")[0])
    return getattr(found, "policy_doc", None)


_READERS: dict[str, Callable[[str], Any]] = {
    "dynamodb": _table,
    "iam": lambda arn: getattr(stored.role(arn), "assume_role_policy_document", None),
    "kms": lambda arn: getattr(stored.key(arn, ""), "policy", None),
    "lambda": _function,
    "s3": lambda arn: getattr(stored.bucket(arn_parts(arn)[5].partition("/")[0]), "policy", None),
    "secretsmanager": lambda arn: getattr(stored.secret(arn, arn_parts(arn)[3]), "policy", None),
    "sns": lambda arn: getattr(stored.topic(arn), "policy", None),
    "sqs": lambda arn: getattr(stored.queue(arn), "policy", None),
}
