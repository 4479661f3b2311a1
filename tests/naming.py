"""Names of resources that do not end in the suffix (B11), and those that a service prescribes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

ATTRIBUTES = (
    "alarm_name",
    "bucket",
    "cluster_identifier",
    "dashboard_name",
    "function_name",
    "identifier",
    "name",
    "policy_name",
    "target_id",
)

# Parts of a bucket have the bucket's name, which is checked with the bucket, or something else in the same attribute.
FOLLOWERS = ("aws_s3_bucket_",)

FIXED = {
    # Patterns of prescribed names, by type. {S} is the suffix.
    "aws_api_gateway_model": {
        r"[a-zA-Z0-9]+": "API Gateway takes letters and digits only; a model belongs to its API",
    },
    "aws_lambda_alias": {
        r"live": "an alias belongs to its function, and so does its name",
    },
    "aws_lambda_event_source_mapping": {
        r"arn:aws:lambda:us-east-1:[0-9]{12}:function:lambda-[a-z]+-{S}:live": "the alias of a function whose name ends in the suffix",
    },
    "aws_default_security_group": {
        r"default": "AWS makes the group with the VPC; its tag Name ends in the suffix",
    },
    "aws_cloudwatch_log_group": {
        r"RDSOSMetrics": "RDS's enhanced monitoring writes there, one group for the account",
        r"/aws/apigateway/welcome": "API Gateway writes there when its role is set, one group for the account",
        r"/aws/rds/cluster/aurora-(?:[a-z0-9]+-)?{S}/[a-z-]+": "RDS names the group after the cluster and the log",
        r"sns/us-east-1/[0-9]{12}/topic-[a-z]+-{S}/Failure": "SNS names the group after the topic",
        r"API-Gateway-Execution-Logs_[a-z0-9]+/v1": "API Gateway names the group after the API's id and the stage",
    },
}


def unsuffixed(kind: str, values: Mapping[str, Any], suffix: str) -> Iterator[str]:
    """Yield the names of a resource that should end in the suffix and do not.

    Args:
        kind: the resource's type.
        values: its attributes, from a plan or from a state.
        suffix: of the deployment.

    """
    for name in names(kind, values):
        if name == suffix or name.endswith(f"-{suffix}"):
            continue
        fixed = FIXED.get(kind, {})
        if not any(re.fullmatch(pattern.replace("{S}", re.escape(suffix)), name) for pattern in fixed):
            yield name


def names(kind: str, values: Mapping[str, Any]) -> list[str]:
    """Return the names of a resource: its own, and the tag Name."""
    if kind.startswith(FOLLOWERS):
        return []
    found = [values[attribute] for attribute in ATTRIBUTES if isinstance(values.get(attribute), str)]
    tag = (values.get("tags") or {}).get("Name")
    return [name for name in [*found, tag] if name]
