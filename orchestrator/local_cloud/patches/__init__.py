"""What moto gets wrong under the Terraform AWS provider 5.100.0, mended: one file per service, one registry.

Importing this package registers every patch; ``apply_patches`` imports the services and changes them.
"""

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
from orchestrator.local_cloud.patches.registry import PATCHES, Patch, apply_patches

__all__ = [
    "PATCHES",
    "Patch",
    "apigateway",
    "apply_patches",
    "awslambda",
    "awslambda_invoke",
    "cloudtrail",
    "cloudwatch",
    "config",
    "deliveries",
    "dynamodb",
    "ec2",
    "events",
    "firehose",
    "kinesis",
    "kms",
    "logs",
    "rds",
    "rds_automated_backups",
    "rds_master_secret",
    "s3",
    "sns",
    "sqs",
    "sts",
]
