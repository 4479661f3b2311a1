"""What moto gets wrong under the Terraform AWS provider 5.100.0, mended: one file per service, one registry.

Importing this package registers every patch; ``apply_patches`` imports the services and changes them.
"""

from orchestrator.adapters.local_cloud.patches import (
    apigateway,
    awslambda,
    cloudwatch,
    config,
    dynamodb,
    ec2,
    kinesis,
    kms,
    logs,
    rds,
    s3,
    sqs,
    sts,
)
from orchestrator.adapters.local_cloud.patches.registry import PATCHES, Patch, apply_patches

__all__ = [
    "PATCHES",
    "Patch",
    "apigateway",
    "apply_patches",
    "awslambda",
    "cloudwatch",
    "config",
    "dynamodb",
    "ec2",
    "kinesis",
    "kms",
    "logs",
    "rds",
    "s3",
    "sqs",
    "sts",
]
