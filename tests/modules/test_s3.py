"""modules/s3: buckets (B4), names (B11), destroyable (B12)."""

import pytest

pytestmark = pytest.mark.slow

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
PURPOSES = ["archive", "processed-analytics", "raw-data"]
EVERY_BUCKET = [*(f'this["{purpose}"]' for purpose in PURPOSES), "access_logs"]


@pytest.fixture(scope="module")
def plan(example):
    return example("s3")


def test_inventory(plan, assert_inventory):
    assert_inventory(plan, "s3")


@pytest.mark.parametrize("bucket", EVERY_BUCKET)
def test_b4_every_bucket_is_versioned(plan, bucket):
    versioning = plan.resources[f"module.s3.aws_s3_bucket_versioning.{bucket}"]
    assert versioning["versioning_configuration"][0]["status"] == "Enabled"


@pytest.mark.parametrize("bucket", EVERY_BUCKET)
def test_b4_every_bucket_blocks_all_four_kinds_of_public_access(plan, bucket):
    block = plan.resources[f"module.s3.aws_s3_bucket_public_access_block.{bucket}"]
    switches = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    assert [block[switch] for switch in switches] == [True] * 4


@pytest.mark.parametrize("bucket", EVERY_BUCKET)
def test_b4_no_bucket_has_acls(plan, bucket):
    controls = plan.resources[f"module.s3.aws_s3_bucket_ownership_controls.{bucket}"]
    assert controls["rule"] == [{"object_ownership": "BucketOwnerEnforced"}]


@pytest.mark.parametrize("bucket", EVERY_BUCKET)
def test_b4_every_bucket_refuses_plain_http_and_old_tls(plan, bucket):
    statements = plan.policy(f"module.s3.aws_s3_bucket_policy.{bucket}")
    for sid, condition in {
        "DenyInsecureTransport": {"Bool": {"aws:SecureTransport": "false"}},
        "DenyOutdatedTls": {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
    }.items():
        statement = statements[sid]
        assert (statement["Effect"], statement["Action"], statement["Principal"]) == ("Deny", "s3:*", "*")
        assert statement["Condition"] == condition
        arn = next(resource for resource in statement["Resource"] if not resource.endswith("/*"))
        assert set(statement["Resource"]) == {arn, f"{arn}/*"}


@pytest.mark.parametrize("bucket", EVERY_BUCKET)
def test_b12_every_bucket_goes_with_all_that_is_in_it(plan, bucket):
    assert plan.resources[f"module.s3.aws_s3_bucket.{bucket}"]["force_destroy"] is True


@pytest.mark.parametrize("purpose", PURPOSES)
def test_b4_data_is_encrypted_with_the_customer_managed_key(plan, purpose):
    [rule] = plan.resources[f'module.s3.aws_s3_bucket_server_side_encryption_configuration.this["{purpose}"]']["rule"]
    assert rule["bucket_key_enabled"] is True
    [default] = rule["apply_server_side_encryption_by_default"]
    assert (default["sse_algorithm"], default["kms_master_key_id"]) == ("aws:kms", KEY)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_b4_data_moves_to_glacier_after_90_days(plan, purpose):
    rules = plan.resources[f'module.s3.aws_s3_bucket_lifecycle_configuration.this["{purpose}"]']["rule"]
    moves = [move for rule in rules for move in rule["transition"] if move["storage_class"] == "GLACIER"]
    assert [move["days"] for move in moves] == [90]
    assert {rule["status"] for rule in rules} == {"Enabled"}


@pytest.mark.parametrize("purpose", PURPOSES)
def test_b4_a_put_may_leave_encryption_to_the_bucket_but_not_choose_another(plan, purpose):
    statements = plan.policy(f'module.s3.aws_s3_bucket_policy.this["{purpose}"]')
    # Both conditions of a statement must hold: the header is there, and it is the wrong one.
    assert statements["DenyOtherEncryption"]["Condition"] == {
        "Null": {"s3:x-amz-server-side-encryption": "false"},
        "StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"},
    }
    assert statements["DenyOtherKeys"]["Condition"] == {
        "ArnNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": KEY},
        "Null": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "false"},
    }


def test_b10_every_data_bucket_logs_its_accesses(plan):
    assert {
        address.split('"')[1]: logging["target_prefix"]
        for address, logging in plan.of_type("aws_s3_bucket_logging").items()
    } == {purpose: f"{purpose}/" for purpose in PURPOSES}


def test_b10_only_this_accounts_data_buckets_deliver_access_logs(plan):
    statement = plan.policy("module.s3.aws_s3_bucket_policy.access_logs")["AllowAccessLogDelivery"]
    assert statement["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert statement["Action"] == "s3:PutObject"
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
    assert set(statement["Condition"]["ArnEquals"]["aws:SourceArn"]) == {
        f"arn:aws:s3:::{purpose}-123456789012-example" for purpose in PURPOSES
    }


def test_b10_buckets_of_other_units_deliver_access_logs_where_they_are_named(variants):
    statement = variants.policy("module.s3.aws_s3_bucket_policy.access_logs")["AllowAccessLogDelivery"]
    assert set(statement["Condition"]["ArnEquals"]["aws:SourceArn"]) == {
        f"arn:aws:s3:::{purpose}-210987654321-a2345678901234567-90"
        for purpose in ("the-longest-purpose-there-is1", "cloudtrail", "config")
    }


def test_b10_buckets_that_no_queue_listens_to_tell_eventbridge(plan):
    notifications = plan.of_type("aws_s3_bucket_notification")
    assert set(notifications) == {
        "module.s3.aws_s3_bucket_notification.access_logs",
        'module.s3.aws_s3_bucket_notification.this["archive"]',
    }
    assert {notification["eventbridge"] for notification in notifications.values()} == {True}


def test_b4_data_bucket_policies_allow_nothing(plan):
    for purpose in PURPOSES:
        statements = plan.policy(f'module.s3.aws_s3_bucket_policy.this["{purpose}"]')
        assert {statement["Effect"] for statement in statements.values()} == {"Deny"}


def test_b11_the_longest_purpose_and_suffix_make_a_valid_bucket_name(variants):
    names = {bucket["bucket"] for bucket in variants.of_type("aws_s3_bucket", module="s3").values()}
    assert names == {
        "access-logs-210987654321-a2345678901234567-90",
        "the-longest-purpose-there-is1-210987654321-a2345678901234567-90",
    }
    assert max(len(name) for name in names) == 63


def test_settings_reach_the_lifecycle_rules(variants):
    address = 'module.s3.aws_s3_bucket_lifecycle_configuration.this["the-longest-purpose-there-is1"]'
    rules = {rule["id"]: rule for rule in variants.resources[address]["rule"]}
    moves = {move["storage_class"]: move["days"] for move in rules["archive-objects"]["transition"]}
    assert moves == {"GLACIER": 30, "DEEP_ARCHIVE": 120}
    assert rules["expire-superseded-versions"]["noncurrent_version_expiration"][0]["noncurrent_days"] == 1
