"""modules/config: AWS Config and CloudTrail (B10), their log group (B7), roles (B9), names (B11), destroyable (B12), side by side (B15)."""

import json

import pytest

pytestmark = pytest.mark.slow

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
TRAIL = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/trail-example"
CONFIG_ROLE = "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole"

every_bucket = pytest.mark.parametrize("bucket", ["cloudtrail", "config"])


@pytest.fixture(scope="module")
def plan(example):
    return example("config")


def rules(plan, *, module="config"):
    """The planned rules by identifier."""
    return {
        rule["source"][0]["source_identifier"]: rule
        for rule in plan.of_type("aws_config_config_rule", module=module).values()
    }


def parameters(rule):
    return json.loads(rule["input_parameters"] or "{}")


def test_inventory(plan, assert_inventory):
    assert_inventory(plan, "config")


def test_b10_the_recorder_records_everything_as_it_changes(plan):
    recorder = plan.resources["module.config.aws_config_configuration_recorder.this[0]"]
    [group] = recorder["recording_group"]
    assert (group["all_supported"], group["include_global_resource_types"]) == (True, True)
    assert [mode["recording_frequency"] for mode in recorder["recording_mode"]] == ["CONTINUOUS"]
    status = plan.resources["module.config.aws_config_configuration_recorder_status.this[0]"]
    assert status["is_enabled"] is True


def test_b10_the_recorder_carries_awss_policy_and_may_deliver(plan):
    attached = plan.of_type("aws_iam_role_policy_attachment", module="config")
    assert attached['module.config.aws_iam_role_policy_attachment.recorder["aws-config"]']["policy_arn"] == CONFIG_ROLE
    assert 'module.config.aws_iam_role_policy_attachment.recorder["delivery"]' in attached
    statements = plan.policy("module.config.aws_iam_policy.delivery[0]")
    assert set(statements) == {"AllowDelivery", "AllowBucketCheck", "AllowBucketKey"}
    assert statements["AllowDelivery"]["Resource"] == (
        f"arn:aws:s3:::config-{ACCOUNT}-example/AWSLogs/{ACCOUNT}/Config/*"
    )
    assert statements["AllowDelivery"]["Condition"] == {
        "StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"},
    }
    assert statements["AllowBucketCheck"]["Resource"] == f"arn:aws:s3:::config-{ACCOUNT}-example"
    assert statements["AllowBucketKey"]["Resource"] == KEY


def test_b10_deliveries_go_to_the_bucket_encrypted(plan):
    channel = plan.resources["module.config.aws_config_delivery_channel.this[0]"]
    assert (channel["s3_bucket_name"], channel["s3_kms_key_arn"]) == (f"config-{ACCOUNT}-example", KEY)
    assert channel["snapshot_delivery_properties"] == [{"delivery_frequency": "TwentyFour_Hours"}]


@every_bucket
def test_b10_audit_buckets_are_versioned_encrypted_and_closed(plan, bucket):
    versioning = plan.resources[f'module.config.aws_s3_bucket_versioning.this["{bucket}"]']
    assert versioning["versioning_configuration"][0]["status"] == "Enabled"
    [rule] = plan.resources[f'module.config.aws_s3_bucket_server_side_encryption_configuration.this["{bucket}"]'][
        "rule"
    ]
    assert rule["bucket_key_enabled"] is True
    [default] = rule["apply_server_side_encryption_by_default"]
    assert (default["sse_algorithm"], default["kms_master_key_id"]) == ("aws:kms", KEY)
    block = plan.resources[f'module.config.aws_s3_bucket_public_access_block.this["{bucket}"]']
    switches = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    assert [block[switch] for switch in switches] == [True] * 4
    controls = plan.resources[f'module.config.aws_s3_bucket_ownership_controls.this["{bucket}"]']
    assert controls["rule"] == [{"object_ownership": "BucketOwnerEnforced"}]


@every_bucket
def test_b10_audit_buckets_log_their_accesses(plan, bucket):
    logging = plan.resources[f'module.config.aws_s3_bucket_logging.this["{bucket}"]']
    assert (logging["target_bucket"], logging["target_prefix"]) == (f"access-logs-{ACCOUNT}-example", f"{bucket}/")


@every_bucket
def test_b10_audit_buckets_keep_their_records_for_a_year(plan, bucket):
    [rule] = plan.resources[f'module.config.aws_s3_bucket_lifecycle_configuration.this["{bucket}"]']["rule"]
    assert rule["status"] == "Enabled"
    assert [expiration["days"] for expiration in rule["expiration"]] == [365]
    assert rule["noncurrent_version_expiration"][0]["noncurrent_days"] == 90
    assert rule["abort_incomplete_multipart_upload"] == [{"days_after_initiation": 7}]


@every_bucket
def test_b12_audit_buckets_go_with_all_that_is_in_them(plan, bucket):
    assert plan.resources[f'module.config.aws_s3_bucket.this["{bucket}"]']["force_destroy"] is True
    assert not plan.of_type("aws_s3_bucket_object_lock_configuration")


@pytest.mark.parametrize(
    ("bucket", "service", "prefix", "proof"),
    [
        ("cloudtrail", "cloudtrail.amazonaws.com", f"AWSLogs/{ACCOUNT}", {"aws:SourceArn": TRAIL}),
        ("config", "config.amazonaws.com", f"AWSLogs/{ACCOUNT}/Config", {"aws:SourceAccount": ACCOUNT}),
    ],
)
def test_b10_only_the_service_on_our_behalf_delivers(plan, bucket, service, prefix, proof):
    statements = plan.policy(f'module.config.aws_s3_bucket_policy.this["{bucket}"]')
    arn = f"arn:aws:s3:::{bucket}-{ACCOUNT}-example"
    allowed = {sid: statement for sid, statement in statements.items() if statement["Effect"] == "Allow"}
    assert set(allowed) == {"AllowBucketCheck", "AllowDelivery"}
    assert {json.dumps(statement["Principal"]) for statement in allowed.values()} == {json.dumps({"Service": service})}
    assert allowed["AllowBucketCheck"]["Resource"] == arn
    assert allowed["AllowBucketCheck"]["Condition"] == {"StringEquals": proof}
    assert (allowed["AllowDelivery"]["Action"], allowed["AllowDelivery"]["Resource"]) == (
        "s3:PutObject",
        f"{arn}/{prefix}/*",
    )
    assert allowed["AllowDelivery"]["Condition"] == {
        "StringEquals": {**proof, "s3:x-amz-acl": "bucket-owner-full-control"},
    }


@every_bucket
def test_b10_audit_buckets_refuse_plain_http_and_old_tls(plan, bucket):
    statements = plan.policy(f'module.config.aws_s3_bucket_policy.this["{bucket}"]')
    arn = f"arn:aws:s3:::{bucket}-{ACCOUNT}-example"
    for sid, condition in {
        "DenyInsecureTransport": {"Bool": {"aws:SecureTransport": "false"}},
        "DenyOutdatedTls": {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
    }.items():
        statement = statements[sid]
        assert (statement["Effect"], statement["Action"], statement["Principal"]) == ("Deny", "s3:*", "*")
        assert statement["Condition"] == condition
        assert set(statement["Resource"]) == {arn, f"{arn}/*"}


def test_b10_the_trail_records_every_region_and_the_objects_of_the_data_buckets(plan):
    trail = plan.resources["module.config.aws_cloudtrail.this[0]"]
    switches = (
        "enable_log_file_validation",
        "enable_logging",
        "include_global_service_events",
        "is_multi_region_trail",
    )
    assert [trail[switch] for switch in switches] == [True] * 4
    assert trail["kms_key_id"] == KEY
    [selector] = trail["event_selector"]
    assert (selector["read_write_type"], selector["include_management_events"]) == ("All", True)
    assert selector["data_resource"] == [
        {"type": "AWS::S3::Object", "values": ["arn:aws:s3:::raw-data-123456789012-example/"]}
    ]


def test_b7_the_trails_log_group_is_kept_30_days_and_encrypted(plan):
    group = plan.resources["module.config.aws_cloudwatch_log_group.trail[0]"]
    assert (group["name"], group["retention_in_days"], group["skip_destroy"]) == (
        "/aws/cloudtrail/trail-example",
        30,
        False,
    )
    assert group["kms_key_id"] == f"arn:aws:kms:us-east-1:{ACCOUNT}:key/22222222-3333-4444-5555-666666666666"


def test_b9_the_trails_role_writes_to_its_streams_and_nowhere_else(plan):
    [statement] = plan.policy("module.config.aws_iam_policy.trail[0]").values()
    assert set(statement["Action"]) == {"logs:CreateLogStream", "logs:PutLogEvents"}
    group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/cloudtrail/trail-example"
    assert statement["Resource"] == f"{group}:log-stream:{ACCOUNT}_CloudTrail_us-east-1*"


@pytest.mark.parametrize(
    ("role", "service", "condition"),
    [
        ("recorder", "config.amazonaws.com", {"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
        (
            "trail",
            "cloudtrail.amazonaws.com",
            {"ArnEquals": {"aws:SourceArn": TRAIL}, "StringEquals": {"aws:SourceAccount": ACCOUNT}},
        ),
    ],
)
def test_b9_roles_trust_their_service_on_our_behalf_only(plan, role, service, condition):
    [statement] = plan.policy(f"module.config.aws_iam_role.{role}[0]", "assume_role_policy").values()
    assert statement["Principal"] == {"Service": service}
    assert statement["Condition"] == condition


def test_b9_the_region_deny_binds_both_roles_and_the_boundary_only_ours(variants):
    attached = {
        address.split(".", 2)[2]
        for module in ("config", "config_recorder")
        for address in variants.of_type("aws_iam_role_policy_attachment", module=module)
    }
    assert attached == {
        'aws_iam_role_policy_attachment.recorder["aws-config"]',
        'aws_iam_role_policy_attachment.recorder["region-guardrail"]',
        'aws_iam_role_policy_attachment.trail["cloudtrail"]',
        'aws_iam_role_policy_attachment.trail["region-guardrail"]',
    }
    boundary = "arn:aws:iam::210987654321:policy/iam-policy-boundary"
    assert variants.resources["module.config.aws_iam_role.trail[0]"]["permissions_boundary"] == boundary
    # AWS's policy for the recorder reads hundreds of services, which no boundary of ours lists.
    assert not variants.resources["module.config_recorder.aws_iam_role.recorder[0]"].get("permissions_boundary")


def test_b11_rules_are_named_after_what_they_check_and_the_suffix(plan, variants):
    assert rules(plan)["INCOMING_SSH_DISABLED"]["name"] == "restricted-ssh-example"
    longest = [rule["name"] for rule in rules(variants).values()]
    assert {name.removesuffix("-a2345678901234567-90") + "-example" for name in longest} <= {
        rule["name"] for rule in rules(plan).values()
    }
    assert max(map(len, longest)) <= 128


def test_b10_what_the_limits_of_the_service_allow(plan, variants):
    for rule in [*rules(plan).values(), *rules(variants).values()]:
        assert len(rule["description"]) <= 256
        assert len(rule["input_parameters"] or "") <= 1024
        assert max(len(value) for value in rule["tags"].values()) <= 256
        assert all(isinstance(value, str) and value.strip() for value in parameters(rule).values())


def test_b10_rules_ask_for_what_this_deployment_promises(plan):
    found = rules(plan)
    assert parameters(found["CW_LOGGROUP_RETENTION_PERIOD_CHECK"]) == {"MinRetentionTime": "30"}
    assert parameters(found["CLOUD_TRAIL_ENABLED"]) == {"s3BucketName": f"cloudtrail-{ACCOUNT}-example"}
    assert parameters(found["MULTI_REGION_CLOUD_TRAIL_ENABLED"]) == {
        "includeManagementEvents": "true",
        "readWriteType": "ALL",
        "s3BucketName": f"cloudtrail-{ACCOUNT}-example",
    }
    assert parameters(found["CLOUDTRAIL_S3_DATAEVENTS_ENABLED"]) == {"S3BucketNames": f"raw-data-{ACCOUNT}-example"}
    services = "cloudtrail.amazonaws.com,config.amazonaws.com,logging.s3.amazonaws.com"
    assert parameters(found["S3_BUCKET_POLICY_GRANTEE_CHECK"]) == {
        "awsPrincipals": ACCOUNT,
        "servicePrincipals": services,
    }
    control = json.loads(parameters(found["S3_BUCKET_POLICY_NOT_MORE_PERMISSIVE"])["controlPolicy"])
    account, delivery = control["Statement"]
    assert account["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert delivery["Principal"] == {"Service": services.split(",")}
    assert "s3:PutObject" in delivery["Action"]


def test_b10_the_deployment_has_the_last_word_on_parameters(variants):
    found = rules(variants)
    assert parameters(found["CLOUDWATCH_ALARM_ACTION_CHECK"]) == {
        "alarmActionRequired": "true",
        "insufficientDataActionRequired": "true",
        "okActionRequired": "true",
    }
    assert parameters(found["INTERNET_GATEWAY_AUTHORIZED_VPC_ONLY"]) == {"AuthorizedVpcIds": "vpc-0123456789abcdef0"}
    # 1096 days are promised; of the periods that the rule knows, 731 is the longest that is not longer.
    assert parameters(found["CW_LOGGROUP_RETENTION_PERIOD_CHECK"]) == {"MinRetentionTime": "731"}
    # Without a list of buckets the rule looks at all of them.
    assert found["CLOUDTRAIL_S3_DATAEVENTS_ENABLED"]["input_parameters"] is None


def test_b10_a_disabled_rule_is_left_out_alone(plan, variants):
    assert set(rules(plan)) - set(rules(variants)) == {"API_GW_SSL_ENABLED"}
    assert set(rules(variants)) < set(rules(plan))


def test_b15_a_second_deployment_has_its_rules_and_its_trail_but_no_recorder_and_no_channel(variants):
    kinds = {variants.types[address] for address in variants.resources if address.startswith("module.config.")}
    assert not kinds & {
        "aws_config_configuration_recorder",
        "aws_config_configuration_recorder_status",
        "aws_config_delivery_channel",
    }
    assert {bucket["bucket"] for bucket in variants.of_type("aws_s3_bucket", module="config").values()} == {
        "cloudtrail-210987654321-a2345678901234567-90"
    }
    assert all(rule["name"].endswith("-a2345678901234567-90") for rule in rules(variants).values())


def test_b15_recorder_and_channel_can_belong_to_different_deployments(variants):
    module = "config_recorder"
    assert len(variants.of_type("aws_config_configuration_recorder", module=module)) == 1
    assert not variants.of_type("aws_config_delivery_channel", module=module)
    assert not variants.of_type("aws_s3_bucket", module=module)
    assert not variants.of_type("aws_cloudtrail", module=module)
    # Not its trail, so any trail will do: the organisation's, for example.
    assert rules(variants, module=module)["CLOUD_TRAIL_ENABLED"]["input_parameters"] is None
    [recorder] = variants.of_type("aws_config_configuration_recorder", module=module).values()
    assert recorder["recording_mode"][0]["recording_frequency"] == "DAILY"


def test_settings_reach_trail_channel_and_topic(variants):
    trail = variants.resources["module.config.aws_cloudtrail.this[0]"]
    assert {selector["insight_type"] for selector in trail["insight_selector"]} == {
        "ApiCallRateInsight",
        "ApiErrorRateInsight",
    }
    assert not trail["event_selector"]
    [lifecycle] = variants.of_type("aws_s3_bucket_lifecycle_configuration", module="config").values()
    assert lifecycle["rule"][0]["expiration"][0]["days"] == 730
    channel = variants.resources["module.config_channel.aws_config_delivery_channel.this[0]"]
    assert channel["sns_topic_arn"] == "arn:aws:sns:us-east-1:210987654321:topic-audit"
    assert channel["snapshot_delivery_properties"] == [{"delivery_frequency": "One_Hour"}]
    statements = variants.policy("module.config_channel.aws_iam_policy.delivery[0]")
    assert statements["AllowNotifications"]["Action"] == "sns:Publish"
    assert statements["AllowNotifications"]["Resource"] == "arn:aws:sns:us-east-1:210987654321:topic-audit"
    assert set(statements["AllowTopicKey"]["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
