"""What each environment would create, asserted on the real plan of the whole (A6, B1-B13)."""

import json
from pathlib import Path

import pytest

from tests.naming import names, unsuffixed
from tests.plans import assert_inventory

pytestmark = pytest.mark.slow

SUFFIX, ACCOUNT = "pr42", "123456789012"
every_environment = pytest.mark.parametrize("environment", ["dev", "prod", "staging"])
RETENTION = {"dev": (30, 7), "staging": (90, 14), "prod": (365, 90)}


@pytest.fixture
def plan(environment, plan_environment):
    return plan_environment(environment)


@every_environment
def test_a6_the_inventory(plan, environment):
    assert_inventory(plan, Path(__file__).parent / "inventories" / f"{environment}.yaml")


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
        for address, configuration in plan.of_type("aws_s3_bucket_lifecycle_configuration", module="s3").items()
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
        for address, configuration in plan.of_type("aws_s3_bucket_lifecycle_configuration", module="s3").items()
        if '"' not in address
    ]
    assert access_logs in [end["days"] for rule in logs["rule"] for end in rule.get("expiration", [])]


@every_environment
def test_b4_every_bucket_is_private_and_versioned(plan, environment):
    buckets = plan.of_type("aws_s3_bucket")
    # Data, access logs, the history of Config, and the trail where there is one.
    assert len(buckets) == (5 if environment == "dev" else 6)
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
def test_b4_every_bucket_for_data_is_encrypted_with_the_key(plan):
    for address, configuration in plan.of_type("aws_s3_bucket_server_side_encryption_configuration").items():
        [rule] = configuration["rule"]
        algorithm = rule["apply_server_side_encryption_by_default"][0]["sse_algorithm"]
        # S3 delivers access logs to a bucket with SSE-S3 only.
        assert algorithm == ("AES256" if address.endswith("access_logs") else "aws:kms"), address


@every_environment
def test_b2_aurora_is_serverless_private_encrypted_and_backed_up_for_a_day(plan, environment):
    [cluster] = plan.of_type("aws_rds_cluster").values()
    assert (cluster["engine"], cluster["engine_mode"]) == ("aurora-postgresql", "provisioned")
    assert cluster["serverlessv2_scaling_configuration"][0]["min_capacity"] == (0.5 if environment == "prod" else 0)
    assert cluster["backup_retention_period"] == 1
    assert cluster["storage_encrypted"] is True
    assert cluster["iam_database_authentication_enabled"] is True
    assert cluster["manage_master_user_password"] is True
    instances = plan.of_type("aws_rds_cluster_instance").values()
    assert {instance["instance_class"] for instance in instances} == {"db.serverless"}
    assert {instance["publicly_accessible"] for instance in instances} == {False}
    zones = [instance["availability_zone"] for instance in instances]
    assert len(zones) == len(set(zones)) == (1 if environment == "dev" else 2)


@every_environment
def test_b5_functions_are_python_on_arm64_in_the_private_subnets_with_a_role_each(plan):
    functions = plan.of_type("aws_lambda_function")
    assert {function["function_name"] for function in functions.values()} == {
        f"lambda-{name}-{SUFFIX}" for name in ("alerts", "analytics", "api", "ingest", "migrate")
    }
    for function in functions.values():
        assert function["architectures"] == ["arm64"]
        assert function["runtime"] == "python3.12"
        assert len(function["vpc_config"]) == 1
        assert function["tracing_config"] == [{"mode": "Active"}]
    roles = {role["name"] for role in plan.of_type("aws_iam_role", module="lambda").values()}
    assert len(roles) == len(functions)


@every_environment
def test_b6_every_method_needs_a_key_and_each_key_has_1000_requests_per_second(plan):
    methods = plan.of_type("aws_api_gateway_method").values()
    assert len(methods) == 7
    assert {method["api_key_required"] for method in methods} == {True}
    [usage] = plan.of_type("aws_api_gateway_usage_plan").values()
    assert usage["throttle_settings"] == [{"burst_limit": 2000, "rate_limit": 1000}]
    keys = plan.of_type("aws_api_gateway_api_key")
    assert len(plan.of_type("aws_api_gateway_usage_plan_key")) == len(keys) >= 1
    [settings] = plan.of_type("aws_api_gateway_method_settings").values()
    assert settings["settings"][0]["throttling_rate_limit"] == -1
    assert settings["settings"][0]["logging_level"] == "INFO"


@every_environment
def test_b7_every_log_group_keeps_30_days_and_has_a_key(plan, environment):
    groups = plan.of_type("aws_cloudwatch_log_group")
    assert len(groups) == {"dev": 15, "staging": 16, "prod": 18}[environment]
    assert {group["retention_in_days"] for group in groups.values()} == {30}
    assert {group["skip_destroy"] for group in groups.values()} == {False}
    # The key's ARN is not known before the apply: what is left is that one is set.
    after_unknown = {
        change["address"]: change["change"]["after_unknown"] for change in plan.document["resource_changes"]
    }
    assert [address for address in groups if after_unknown[address].get("kms_key_id") is not True] == []


@every_environment
def test_b7_logs_feed_alerting(plan):
    filters = plan.of_type("aws_cloudwatch_log_subscription_filter").values()
    alerts = [found for found in filters if found["name"].startswith("subscription-filter-alerts")]
    assert len(alerts) == 6
    assert not [found for found in alerts if found.get("log_group_name", "").startswith("/aws/lambda/lambda-alerts-")]


@every_environment
def test_b9_roles_carry_the_deny_of_other_regions(plan):
    document = json.loads(plan.resources["module.iam.aws_iam_policy.region_guardrail[0]"]["policy"])
    [deny] = [statement for statement in document["Statement"] if "NotAction" in statement]
    assert deny["Effect"] == "Deny"
    assert deny["Condition"]["StringNotEquals"]["aws:RequestedRegion"] == "us-east-1"
    guarded = [address for address in plan.of_type("aws_iam_role_policy_attachment") if "region-guardrail" in address]
    assert len(guarded) == len(plan.of_type("aws_iam_role"))


@every_environment
def test_b10_config_records_delivers_and_has_every_rule_that_is_not_disabled(plan, environment):
    assert len(plan.of_type("aws_config_config_rule")) == (92 if environment == "prod" else 91)
    [recorder] = plan.of_type("aws_config_configuration_recorder").values()
    assert recorder["recording_group"][0]["all_supported"] is True
    assert len(plan.of_type("aws_config_delivery_channel")) == 1
    attached = {
        item.get("policy_arn") for item in plan.of_type("aws_iam_role_policy_attachment", module="config").values()
    }
    assert "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole" in attached


@every_environment
def test_the_cost_levers_are_where_env_hcl_puts_them(plan, environment):
    counts = {
        "aws_cloudtrail": 0 if environment == "dev" else 1,
        "aws_kinesis_firehose_delivery_stream": 1 if environment == "prod" else 0,
        "aws_wafv2_web_acl": 1 if environment == "prod" else 0,
    }
    assert {kind: len(plan.of_type(kind)) for kind in counts} == counts
    [recorder] = plan.of_type("aws_config_configuration_recorder").values()
    frequency = recorder["recording_mode"][0]["recording_frequency"]
    assert frequency == ("CONTINUOUS" if environment == "prod" else "DAILY")


@every_environment
def test_b8_every_key_rotates_and_goes_within_seven_days(plan):
    keys = plan.of_type("aws_kms_key")
    assert len(keys) == 6
    assert all(key["enable_key_rotation"] and key["deletion_window_in_days"] == 7 for key in keys.values())


@every_environment
def test_b11_every_name_ends_in_the_suffix(plan):
    named = {address: names(plan.types[address], values) for address, values in plan.resources.items()}
    assert len([address for address, found in named.items() if found]) >= 250
    strays = {
        address: found
        for address, values in plan.resources.items()
        if (found := list(unsuffixed(plan.types[address], values, SUFFIX)))
    }
    assert strays == {}


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
    [cluster] = plan.of_type("aws_rds_cluster").values()
    assert (cluster["skip_final_snapshot"], cluster["deletion_protection"]) == (True, False)
    assert cluster["delete_automated_backups"] is True
    assert all(
        function["replace_security_groups_on_destroy"] for function in plan.of_type("aws_lambda_function").values()
    )


@every_environment
def test_b13_what_is_not_allowed_is_not_there(plan):
    assert not plan.of_type("aws_guardduty_detector")
    assert "x86_64" not in json.dumps(list(plan.resources.values()))


@every_environment
def test_b15_the_names_that_must_be_globally_unique_hold_the_account(plan):
    for bucket in plan.of_type("aws_s3_bucket").values():
        assert bucket["bucket"].endswith(f"-{ACCOUNT}-{SUFFIX}")
