"""What moto gets wrong under the Terraform AWS provider 5.100.0: one file per service, one table."""

from functools import cache

from orchestrator.local_cloud.patches import (
    apigateway,
    awslambda,
    awslambda_invoke,
    cloudtrail,
    cloudwatch,
    config,
    deliveries,
    dynamodb,
    ec2,
    events,
    firehose,
    kinesis,
    kms,
    logs,
    rds,
    rds_automated_backups,
    rds_master_secret,
    s3,
    sns,
    sqs,
    sts,
)
from orchestrator.local_cloud.patches.registry import Functions, NoFunctions, Patch

_MODULES = (
    apigateway,
    awslambda,
    awslambda_invoke,
    cloudtrail,
    cloudwatch,
    config,
    deliveries,
    dynamodb,
    ec2,
    events,
    firehose,
    kinesis,
    kms,
    logs,
    rds,
    rds_automated_backups,
    rds_master_secret,
    s3,
    sns,
    sqs,
    sts,
)

PATCHES = tuple(found for module in _MODULES for found in vars(module).values() if isinstance(found, Patch))


@cache
def apply_patches(functions: Functions | None = None) -> None:
    """Apply every patch, once in the life of the process, before the first request.

    Services call each other inside moto (DynamoDB makes a key in KMS), so no patch can wait for its service's first request.

    Args:
        functions: runs functions for moto; without it events for functions are dropped and invocations refused.

    Raises:
        LocalCloudError: moto no longer has what a patch replaces.

    """
    for patch in PATCHES:
        patch.apply(functions or NoFunctions())
