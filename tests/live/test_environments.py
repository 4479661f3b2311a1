"""What each environment would create, asserted on the real plan of the whole (A6, B1-B13)."""

import json

import pytest

pytestmark = pytest.mark.slow

SUFFIX, ACCOUNT = "pr42", "123456789012"
every_environment = pytest.mark.parametrize("environment", ["dev", "prod", "staging"])
RETENTION = {"dev": (30, 7), "staging": (90, 14), "prod": (365, 90)}
NAMES = ("name", "bucket", "identifier", "cluster_identifier", "function_name")
# These carry the name of the resource that they configure, which is checked where it is defined.
FOLLOWERS = ("aws_s3_bucket_",)


@pytest.fixture
def plan(environment, plan_environment):
    return plan_environment(environment)


@every_environment
def test_a6_the_inventory(plan, environment, assert_inventory):
    assert_inventory(plan, environment)


@every_environment
def test_b1_three_zones_three_tiers_and_one_nat_gateway(plan):
    assert [vpc["cidr_block"] for vpc in plan.of_type("aws_vpc").values()] == ["10.0.0.0/16"]
    subnets = plan.of_type("aws_subnet").values()
    zones = {subnet["availability_zone"] for subnet in subnets}
    assert sorted(zones) == ["us-east-1a", "us-east-1b", "us-east-1c"]
    assert len(subnets) == 9
    assert len(plan.of_type("aws_nat_gateway")) == 1


@every_environment
def test_b3_tables_are_on_demand_recoverable_and_encrypted(plan):
    tables = plan.of_type("aws_dynamodb_table")
    assert {table["name"] for table in tables.values()} == {f"user-sessions-{SUFFIX}", f"api-keys-{SUFFIX}"}
    for table in tables.values():
        assert table["billing_mode"] == "PAY_PER_REQUEST"
        assert table["point_in_time_recovery"][0]["enabled"] is True
        assert table["server_side_encryption"][0]["enabled"] is True
        assert table["deletion_protection_enabled"] in {None, False}


@every_environment
def test_b4_buckets_go_to_glacier_at_90_days_and_end_old_versions_as_the_environment_says(plan, environment):
    access_logs, noncurrent = RETENTION[environment]
    rules = {
        address.split('"')[1]: {rule["id"]: rule for rule in configuration["rule"]}
        for address, configuration in plan.of_type("aws_s3_bucket_lifecycle_configuration").items()
        if '"' in address
    }
    assert set(rules) == {"raw-data", "processed-analytics", "archive"}
    for found in rules.values():
        transitions = [step for rule in found.values() for step in rule.get("transition", [])]
        assert {"days": 90, "storage_class": "GLACIER"}.items() <= next(
            step for step in transitions if step["storage_class"] == "GLACIER"
        ).items()
        ends = [
            end["noncurrent_days"] for rule in found.values() for end in rule.get("noncurrent_version_expiration", [])
        ]
        assert ends == [noncurrent]
    (logs,) = [
        configuration
        for address, configuration in plan.of_type("aws_s3_bucket_lifecycle_configuration").items()
        if '"' not in address
    ]
    assert access_logs in [end["days"] for rule in logs["rule"] for end in rule.get("expiration", [])]


@every_environment
def test_b4_every_bucket_is_private_and_versioned(plan):
    buckets = plan.of_type("aws_s3_bucket")
    assert len(buckets) == 4
    for blocks in plan.of_type("aws_s3_bucket_public_access_block").values():
        assert all(
            blocks[name]
            for name in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
        )
    assert len(plan.of_type("aws_s3_bucket_public_access_block")) == len(buckets)
    assert {v["versioning_configuration"][0]["status"] for v in plan.of_type("aws_s3_bucket_versioning").values()} == {
        "Enabled"
    }
    assert len(plan.of_type("aws_s3_bucket_versioning")) == len(buckets)


@every_environment
def test_b7_every_log_group_keeps_30_days(plan):
    groups = plan.of_type("aws_cloudwatch_log_group")
    assert groups
    assert {group["retention_in_days"] for group in groups.values()} == {30}


@every_environment
def test_b8_every_key_rotates_and_goes_within_seven_days(plan):
    keys = plan.of_type("aws_kms_key")
    assert len(keys) == 6
    assert all(key["enable_key_rotation"] and key["deletion_window_in_days"] == 7 for key in keys.values())


@every_environment
def test_b11_every_name_ends_in_the_suffix(plan):
    checked = 0
    for address, values in plan.resources.items():
        if plan.types[address].startswith(FOLLOWERS):
            continue
        names = [values[key] for key in NAMES if isinstance(values.get(key), str)]
        names.extend([(values.get("tags") or {}).get("Name")] if "Name" in (values.get("tags") or {}) else [])
        for name in names:
            checked += 1
            assert name.endswith(f"-{SUFFIX}"), f"{address}: {name}"
    assert checked >= 40


@every_environment
def test_b11_everything_that_takes_tags_says_what_it_belongs_to(plan, environment):
    tagged = [values["tags_all"] for values in plan.resources.values() if isinstance(values.get("tags_all"), dict)]
    assert len(tagged) > 30
    for tags in tagged:
        assert tags["Suffix"] == SUFFIX
        assert tags["Environment"] == environment


@every_environment
def test_b12_nothing_resists_its_destruction(plan):
    assert all(bucket["force_destroy"] for bucket in plan.of_type("aws_s3_bucket").values())


@every_environment
def test_b13_what_is_not_allowed_is_not_there(plan):
    assert not plan.of_type("aws_guardduty_detector")
    assert "x86_64" not in json.dumps(list(plan.resources.values()))


@every_environment
def test_b15_the_names_that_must_be_globally_unique_hold_the_account(plan):
    for bucket in plan.of_type("aws_s3_bucket").values():
        assert bucket["bucket"].endswith(f"-{ACCOUNT}-{SUFFIX}")
