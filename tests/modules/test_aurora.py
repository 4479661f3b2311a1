"""modules/aurora: the database (B2), its logs (B7), key (B8), role (B9), names (B11), destroyable (B12), what an account has once (B15)."""

import pytest

pytestmark = pytest.mark.slow

CLUSTER = "module.aurora.aws_rds_cluster.this"
KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
LOGS_KEY = "arn:aws:kms:us-east-1:123456789012:key/66666666-7777-8888-9999-000000000000"
MONITORING_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"


@pytest.fixture(scope="module")
def plan(example):
    return example("aurora")


@pytest.fixture(scope="module")
def cluster(plan):
    return plan.resources[CLUSTER]


def instances(planned, module="aurora"):
    return planned.of_type("aws_rds_cluster_instance", module=module).values()


def parameters(planned):
    [group] = planned.of_type("aws_rds_cluster_parameter_group", module="aurora").values()
    return {item["name"]: (item["value"], item["apply_method"]) for item in group["parameter"]}


def test_inventory(plan, assert_inventory):
    assert_inventory(plan, "aurora")


def test_b2_the_engine_is_aurora_postgresql_on_serverless_v2(plan, cluster):
    assert (cluster["engine"], cluster["engine_mode"]) == ("aurora-postgresql", "provisioned")
    assert {instance["instance_class"] for instance in instances(plan)} == {"db.serverless"}
    [capacity] = cluster["serverlessv2_scaling_configuration"]
    assert (capacity["min_capacity"], capacity["max_capacity"]) == (0.5, 4)


def test_b2_an_instance_pauses_only_at_a_minimum_of_0(cluster, variants):
    assert not cluster["serverlessv2_scaling_configuration"][0].get("seconds_until_auto_pause")
    [capacity] = variants.resources[CLUSTER]["serverlessv2_scaling_configuration"]
    assert capacity == {"min_capacity": 0, "max_capacity": 256, "seconds_until_auto_pause": 86400}


def test_b2_instances_lie_in_different_zones(plan):
    assert [instance["availability_zone"] for instance in instances(plan)] == ["us-east-1a", "us-east-1b"]


def test_b2_more_instances_than_zones_take_them_in_turns(variants):
    zones = {instance["identifier"]: instance["availability_zone"] for instance in instances(variants)}
    assert zones == {
        "aurora-instance-1-a2345678901234567-90": "us-east-1f",
        "aurora-instance-2-a2345678901234567-90": "us-east-1b",
        "aurora-instance-3-a2345678901234567-90": "us-east-1f",
    }


def test_b2_the_first_standby_has_the_writers_capacity(variants):
    assert [instance["promotion_tier"] for instance in instances(variants)] == [0, 1, 2]


def test_b2_the_cluster_stays_in_the_subnets_and_groups_that_it_is_given(plan, cluster):
    [subnets] = plan.of_type("aws_db_subnet_group").values()
    assert sorted(subnets["subnet_ids"]) == [f"subnet-0123456789abcdef{number}" for number in range(3)]
    assert cluster["db_subnet_group_name"] == subnets["name"]
    assert cluster["vpc_security_group_ids"] == ["sg-0123456789abcdef0"]
    assert not any(instance["publicly_accessible"] for instance in instances(plan))


def test_b2_backups_are_kept_for_one_day(cluster):
    assert cluster["backup_retention_period"] == 1
    assert cluster["copy_tags_to_snapshot"] is True


def test_b2_b8_everything_is_encrypted_with_the_customer_managed_key(plan, cluster):
    assert cluster["storage_encrypted"] is True
    assert (cluster["kms_key_id"], cluster["master_user_secret_kms_key_id"]) == (KEY, KEY)
    for instance in instances(plan):
        assert instance["performance_insights_enabled"] is True
        assert instance["performance_insights_kms_key_id"] == KEY


def test_b2_logins_are_tokens_and_no_password_is_in_the_plan(cluster):
    assert cluster["iam_database_authentication_enabled"] is True
    assert cluster["enable_http_endpoint"] is False
    assert cluster["manage_master_user_password"] is True
    assert not cluster.get("master_password")
    assert cluster["master_username"] not in ("admin", "postgres")


def test_b2_minor_upgrades_are_on_and_versions_out_of_support_are_not_paid_for(plan, cluster):
    assert all(instance["auto_minor_version_upgrade"] for instance in instances(plan))
    assert cluster["engine_lifecycle_support"] == "open-source-rds-extended-support-disabled"


def test_b2_the_windows_are_those_of_the_cluster_and_of_each_instance(plan, cluster):
    assert (cluster["preferred_backup_window"], cluster["preferred_maintenance_window"]) == (
        "03:00-04:00",
        "sun:05:00-sun:06:00",
    )
    assert {instance["preferred_maintenance_window"] for instance in instances(plan)} == {"sun:05:00-sun:06:00"}


def test_b10_every_connection_is_encrypted(plan, variants):
    for planned in (plan, variants):
        assert parameters(planned)["rds.force_ssl"] == ("1", "pending-reboot")
        assert parameters(planned)["ssl_min_protocol_version"] == ("TLSv1.2", "pending-reboot")


def test_b10_statements_are_audited(plan):
    found = parameters(plan)
    assert found["shared_preload_libraries"] == ("pg_stat_statements,pgaudit", "pending-reboot")
    assert found["pgaudit.log"] == ("ddl,role,write", "pending-reboot")
    assert found["log_statement"] == ("ddl", "immediate")
    assert found["log_min_duration_statement"] == ("1000", "immediate")
    assert (found["log_connections"], found["log_disconnections"]) == (("1", "immediate"), ("1", "immediate"))


def test_b7_every_log_that_is_exported_has_its_group_beforehand(plan, cluster):
    groups = plan.of_type("aws_cloudwatch_log_group")
    exported = {f"/aws/rds/cluster/aurora-example/{kind}" for kind in cluster["enabled_cloudwatch_logs_exports"]}
    assert {group["name"] for group in groups.values()} == exported | {"RDSOSMetrics"}
    assert {(group["retention_in_days"], group["kms_key_id"]) for group in groups.values()} == {(30, LOGS_KEY)}
    assert set(cluster["enabled_cloudwatch_logs_exports"]) == {"iam-db-auth-error", "instance", "postgresql"}


def test_b15_one_deployment_owns_the_log_group_of_the_account(plan, variants):
    assert plan.resources["module.aurora.aws_cloudwatch_log_group.os_metrics[0]"]["name"] == "RDSOSMetrics"
    names = {group["name"] for group in variants.of_type("aws_cloudwatch_log_group", module="aurora").values()}
    assert len(names) == 3
    assert "RDSOSMetrics" not in names


def test_b15_the_group_of_the_account_is_there_for_other_deployments_too(variants):
    names = {g["name"] for g in variants.of_type("aws_cloudwatch_log_group", module="aurora_unmonitored").values()}
    assert "RDSOSMetrics" in names


def test_b9_only_instances_of_this_database_take_the_monitoring_role(plan):
    [address] = plan.of_type("aws_iam_role")
    statement = plan.policy(address, "assume_role_policy")["AllowMonitoringOfThisDatabase"]
    assert statement["Principal"] == {"Service": "monitoring.rds.amazonaws.com"}
    assert statement["Condition"] == {
        "ArnLike": {"aws:SourceArn": "arn:aws:rds:us-east-1:123456789012:db:aurora-instance-*-example"},
        "StringEquals": {"aws:SourceAccount": "123456789012"},
    }
    assert [a["policy_arn"] for a in plan.of_type("aws_iam_role_policy_attachment").values()] == [MONITORING_POLICY]


def test_b9_the_monitoring_role_is_bounded_and_guarded(variants):
    [role] = variants.of_type("aws_iam_role", module="aurora").values()
    assert role["permissions_boundary"] == "arn:aws:iam::210987654321:policy/iam-policy-boundary"
    attachments = variants.of_type("aws_iam_role_policy_attachment", module="aurora").values()
    assert {attachment["policy_arn"] for attachment in attachments} == {
        MONITORING_POLICY,
        "arn:aws:iam::210987654321:policy/iam-policy-region-guardrail",
    }


def test_b9_without_monitoring_there_is_no_role(variants):
    assert not variants.of_type("aws_iam_role", module="aurora_unmonitored")
    assert not variants.of_type("aws_iam_role_policy_attachment", module="aurora_unmonitored")
    [instance] = instances(variants, module="aurora_unmonitored")
    assert instance["monitoring_interval"] == 0
    assert not instance.get("monitoring_role_arn")


def test_b11_names_end_in_the_suffix_and_fit(plan, variants):
    for planned, suffix in ((plan, "-example"), (variants, "-a2345678901234567-90")):
        names = [
            planned.resources[CLUSTER]["cluster_identifier"],
            *(instance["identifier"] for instance in instances(planned)),
            *(group["name"] for group in planned.of_type("aws_db_subnet_group", module="aurora").values()),
            *(group["name"] for group in planned.of_type("aws_rds_cluster_parameter_group", module="aurora").values()),
            *(role["name"] for role in planned.of_type("aws_iam_role", module="aurora").values()),
        ]
        assert len(names) >= 6
        # 63 characters are the limit of identifiers, 64 that of roles; groups may be longer.
        assert [name for name in names if not name.endswith(suffix) or (len(name) > 63 and "group" not in name)] == []


def test_b12_the_cluster_goes_without_a_trace(cluster):
    assert cluster["deletion_protection"] is False
    assert cluster["skip_final_snapshot"] is True
    assert cluster["delete_automated_backups"] is True
    assert cluster["apply_immediately"] is True
    assert not cluster.get("final_snapshot_identifier")


def test_b12_no_log_group_outlives_the_database(plan):
    groups = plan.of_type("aws_cloudwatch_log_group")
    assert len(groups) == 4
    assert not any(group["skip_destroy"] for group in groups.values())


def test_b13_the_module_makes_no_proxy_and_no_snapshot(plan):
    assert not plan.of_type("aws_db_proxy")
    assert not plan.of_type("aws_db_cluster_snapshot")


def test_a_major_version_brings_its_own_parameter_group(plan, variants):
    for planned, major, suffix in ((plan, "17", "example"), (variants, "16", "a2345678901234567-90")):
        [group] = planned.of_type("aws_rds_cluster_parameter_group", module="aurora").values()
        assert group["family"] == f"aurora-postgresql{major}"
        assert group["name"] == f"rds-cluster-parameter-group-aurora-postgresql{major}-{suffix}"
        assert planned.resources[CLUSTER]["db_cluster_parameter_group_name"] == group["name"]


def test_settings_reach_the_resources(variants):
    cluster = variants.resources[CLUSTER]
    stated = {
        "backup_retention_period": 35,
        "database_name": "trades",
        "engine_version": "16",
        "master_username": "owner",
        "port": 6432,
        "preferred_backup_window": "23:30-00:30",
        "preferred_maintenance_window": "sat:23:00-sat:23:30",
    }
    assert {name: cluster[name] for name in stated} == stated
    assert len(cluster["vpc_security_group_ids"]) == 2
    for instance in instances(variants):
        assert instance["monitoring_interval"] == 1
        assert instance["performance_insights_retention_period"] == 465
        assert instance["preferred_maintenance_window"] == "sat:23:00-sat:23:30"
    assert parameters(variants)["pgaudit.log"] == ("read,write", "pending-reboot")
    assert parameters(variants)["log_min_duration_statement"] == ("-1", "immediate")
    groups = variants.of_type("aws_cloudwatch_log_group", module="aurora").values()
    assert {group["retention_in_days"] for group in groups} == {365}
    assert cluster["tags_all"] == {"Environment": "test", "Name": "aurora-a2345678901234567-90", "Team": "analytics"}


def test_outputs_that_are_known_before_the_apply(plan):
    assert plan.outputs["instance_identifiers"] == ["aurora-instance-1-example", "aurora-instance-2-example"]
    assert plan.outputs["log_group_names"] == {
        kind: f"/aws/rds/cluster/aurora-example/{kind}" for kind in ("iam-db-auth-error", "instance", "postgresql")
    }
