"""What lies in an account before the first deployment, by shape. ``serial.MOTO`` is held."""

import json
from typing import Any

from orchestrator.local_cloud.account.shape import AccountShape
from orchestrator.local_cloud.backends import GLOBAL, backend
from orchestrator.local_cloud.identity import ACCOUNT_ID, REGION

_ORGANIZATION = "o-local00000"
_LOG_POLICIES = 9
"""One below the quota of CloudWatch Logs."""
_VPCS = 3
"""With the default VPC one below AWS's default quota."""
_ADDRESSES = 4
"""One below AWS's default quota."""


def furnish(shape: AccountShape) -> None:
    """Put into the empty account what deployments find in one of this shape."""
    if shape is AccountShape.USED:
        _used()
    if shape is AccountShape.CONTROL_TOWER:
        _governed()


def _used() -> None:
    """An account with a past: the console set up AWS Config, API Gateway once wrote logs, other teams have networks."""
    # API Gateway writes the group when it is given a role, and it outlives the role.
    backend("logs").create_log_group("/aws/apigateway/welcome", {})
    _record(
        "default",
        bucket=f"config-bucket-{ACCOUNT_ID}",
        role="aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig",
    )
    _trail("management-events", bucket=f"aws-cloudtrail-logs-{ACCOUNT_ID}", organization=False)
    for number in range(_LOG_POLICIES):
        name = f"AWSLogDeliveryWrite-team-{number}"
        backend("logs").put_resource_policy(name, _log_policy(f"/aws/vendedlogs/team-{number}"))
    ec2 = backend("ec2")
    for number in range(_VPCS):
        ec2.create_vpc(f"10.{200 + number}.0.0/16")
    for _ in range(_ADDRESSES):
        ec2.allocate_address("vpc")


def _governed() -> None:
    """A member account of a landing zone, as AWS Control Tower sets it up.

    https://docs.aws.amazon.com/controltower/latest/userguide/shared-account-resources.html
    """
    _record(
        "aws-controltower-BaselineConfigRecorder",
        channel="aws-controltower-BaselineConfigDeliveryChannel",
        bucket=f"aws-controltower-logs-{ACCOUNT_ID}-{REGION}",
        role="aws-controltower-ConfigRecorderRole",
    )
    _trail(
        "aws-controltower-BaselineCloudTrail", bucket=f"aws-controltower-logs-{ACCOUNT_ID}-{REGION}", organization=True
    )
    backend("logs").create_log_group("aws-controltower/CloudTrailLogs", {})


def _record(name: str, *, bucket: str, role: str, channel: str = "") -> None:
    _bucket(bucket)
    config = backend("config")
    arn = f"arn:aws:iam::{ACCOUNT_ID}:role/{role}"
    recording = {"allSupported": True, "includeGlobalResourceTypes": True}
    config.put_configuration_recorder({"name": name, "roleARN": arn, "recordingGroup": recording})
    config.put_delivery_channel({"name": channel or name, "s3BucketName": bucket})
    config.start_configuration_recorder(name)


def _trail(name: str, *, bucket: str, organization: bool) -> None:
    _bucket(bucket)
    settings: dict[str, Any] = {
        "s3_key_prefix": _ORGANIZATION if organization else "",
        "sns_topic_name": "",
        "is_global": True,
        "is_multi_region": True,
        "log_validation": True,
        "is_org_trail": organization,
        "cw_log_group_arn": "",
        "cw_role_arn": "",
        "kms_key_id": "",
        "tags_list": [],
    }
    backend("cloudtrail").create_trail(name, bucket, **settings)
    backend("cloudtrail").start_logging(name)


def _bucket(name: str) -> None:
    s3 = backend("s3", GLOBAL)
    if name not in s3.buckets:
        s3.create_bucket(name, REGION)


def _log_policy(group: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:{group}:*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
