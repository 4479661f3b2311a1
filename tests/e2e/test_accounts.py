"""A new account takes dev and refuses prod (E3).

What was deployed into the new account is then taken back to an earlier state (E5) and destroyed.
"""

import re

import pytest

from tests.e2e.conftest import only, play

pytestmark = pytest.mark.slow


def change(project, setting, value):
    """Set a local of dev's env.hcl."""
    file = project.folder / "live" / "dev" / "env.hcl"
    text, count = re.subn(rf"(?m)^  {setting}( +)= .*$", f"  {setting}\\g<1>= {value}", file.read_text())
    assert count == 1
    file.write_text(text)


def versions(project):
    return project.outputs("n")["lambda"]["live_versions"]


def test_e3_a_new_account_refuses_prod_before_anything_is_applied_and_names_the_request(project):
    play(project, "fresh")
    _, err = project.run("up", "--suffix", "n", "--env", "prod", code=2)
    assert "The account has too few concurrent executions of Lambda" in err
    assert (
        "fix: aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000"
        in err
    )
    assert project.left() == []


def test_e3_after_the_request_the_same_account_has_room_for_prod(project):
    project.client("service-quotas").request_service_quota_increase(
        ServiceCode="lambda", QuotaCode="L-B99A9384", DesiredValue=1000
    )
    project.run("doctor", "--target", "local", "--suffix", "n", "--env", "prod")


def test_e3_dev_comes_up_in_a_new_account_without_a_request(project):
    play(project, "fresh")
    project.run("up", "--suffix", "n", "--env", "dev")
    assert set(versions(project).values()) == {"1"}
    project.run("smoke", "--suffix", "n")


def test_e5_a_function_is_rolled_back_and_stays_there_until_latest(project):
    change(project, "log_level", '"DEBUG"')
    project.run("up", "--suffix", "n", *only("lambda"))
    assert set(versions(project).values()) == {"2"}
    out, err = project.run("rollback", "api", "--suffix", "n")
    assert out == "api: version 1 serves, after 2.\n"
    functions = project.client("lambda")
    served = functions.get_function_configuration(FunctionName="lambda-api-n", Qualifier="live")
    assert served["Environment"]["Variables"]["LOG_LEVEL"] == "INFO"
    project.run("drift", "--suffix", "n")
    out, err = project.run("plan", "--suffix", "n", *only("lambda"))
    assert "api stays at version 1, to which it was rolled back" in err
    assert "platformctl rollback api --to latest --suffix n ends that" in err
    assert "to change" not in out
    project.run("up", "--suffix", "n", *only("lambda"))
    assert versions(project) == dict.fromkeys(("alerts", "analytics", "ingest", "migrate"), "2") | {"api": "1"}
    assert project.run("rollback", "api", "--suffix", "n", "--to", "latest")[0] == "api: version 2 serves, after 1.\n"
    assert "stays at version" not in project.run("up", "--suffix", "n", *only("lambda"))[1]
    assert set(versions(project).values()) == {"2"}


def test_e5_data_comes_back_from_a_snapshot_and_a_point_in_time(project):
    tables, databases = project.client("dynamodb"), project.client("rds")
    item = {"session_id": {"S": "kept"}, "user_id": {"S": "ann"}, "created_at": {"S": "2026-11-28"}}
    tables.put_item(TableName="user-sessions-n", Item=item)
    databases.create_db_cluster_snapshot(DBClusterIdentifier="aurora-n", DBClusterSnapshotIdentifier="before-n")
    change(project, "table_restores", '{ user-sessions = { name = "b" } }')
    change(project, "database_restore", '{ name = "b", snapshot_identifier = "before-n" }')
    project.run("up", "--suffix", "n", *only("aurora", "dynamodb"))
    found = tables.get_item(TableName="user-sessions-b-n", Key={"session_id": {"S": "kept"}})["Item"]
    assert found == item
    backups = tables.describe_continuous_backups(TableName="user-sessions-b-n")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert "user-sessions-n" not in tables.list_tables()["TableNames"]
    clusters = databases.describe_db_clusters()["DBClusters"]
    assert [cluster["DBClusterIdentifier"] for cluster in clusters] == ["aurora-b-n"]
    change(
        project,
        "database_restore",
        '{ name = "c", point_in_time = { source_cluster_identifier = "aurora-b-n", time = null } }',
    )
    project.run("up", "--suffix", "n", *only("aurora"))
    clusters = databases.describe_db_clusters()["DBClusters"]
    assert [cluster["DBClusterIdentifier"] for cluster in clusters] == ["aurora-c-n"]
    # The functions learn the new names; nothing is left to do afterwards.
    project.run("up", "--suffix", "n")
    variables = project.client("lambda").get_function_configuration(FunctionName="lambda-api-n")["Environment"]
    assert variables["Variables"]["SESSIONS_TABLE"] == "user-sessions-b-n"
    assert variables["Variables"]["DATABASE_HOST"].startswith("aurora-c-n")
    assert "No changes" in project.run("plan", "--suffix", "n")[0]
    databases.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="before-n")


def test_b12_what_was_rolled_back_and_restored_goes_without_a_trace(project):
    project.run("destroy", "--suffix", "n", "--yes")
    assert project.left() == []
