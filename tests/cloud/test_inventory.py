"""A2, B12: the inventory of a fresh local cloud is empty, finds one of each kind of thing that the platform makes, and is empty again."""

from contextlib import ExitStack, contextmanager

import pytest

from orchestrator.adapters.aws.inventory import list_resources
from orchestrator.adapters.aws.services import TERRAFORM_TYPES
from orchestrator.adapters.aws.sweep import sweep
from orchestrator.platform.account_settings import conflicts, read_account
from tests.cloud import platform_things
from tests.cloud.platform_things import CHILDREN, MAKERS, WAITING, everything, package

MINE, OTHER = "invb", "invab"
OF_A_DEPLOYMENT = [maker for maker in MAKERS if maker is not platform_things.account_settings]
# What nobody asked for: parts that come with a network, and with a cluster the secret of its master user and backups. (Those of an
# instance of a cluster are moto's own idea.)
UNASKED = [
    *("ec2 network-acl", "ec2 network-interface", "ec2 route-table", "ec2 security-group"),
    *("rds cluster-automated-backup", "rds cluster-snapshot", "rds instance-automated-backup", "rds snapshot"),
    "secretsmanager secret",
]


def others(client, suffix, undo):
    """Kinds that the platform does not make, or only sometimes; the sweep leaves them to those who made them."""
    (rest,) = [api["id"] for api in client("apigateway").get_rest_apis()["items"] if api["name"] == f"api-{suffix}"]
    about = {"DBParameterGroupFamily": "aurora-postgresql16", "Description": "x"}
    backup = {"TableName": f"user-sessions-{suffix}", "BackupName": f"backup-{suffix}"}
    snapshot = {"DBClusterSnapshotIdentifier": f"by-hand-of-{suffix}-1"}
    alarm, layer = (
        {"AlarmName": f"all-{suffix}", "AlarmRule": f'ALARM("alarm-{suffix}")'},
        {"LayerName": f"layer-{suffix}"},
    )
    parameters = [{"DBParameterGroupName": name} for name in (f"default.{suffix}", f"instance-parameters-{suffix}")]
    profile, secret = {"InstanceProfileName": f"profile-{suffix}"}, f"secret-{suffix}"
    pack, bus = {"ConformancePackName": f"pack-{suffix}"}, {"Name": f"bus-{suffix}"}
    groups = [f"sns/us-east-1/123456789012/topic-{suffix}/Failure", f"API-Gateway-Execution-Logs_{rest}/v1"]
    logs, rds, tables = client("logs"), client("rds"), client("dynamodb")
    client("iam").create_instance_profile(**profile)
    undo.callback(client("iam").delete_instance_profile, **profile)
    client("secretsmanager").create_secret(Name=secret, SecretString="x")
    undo.callback(client("secretsmanager").delete_secret, SecretId=secret, ForceDeleteWithoutRecovery=True)
    arn = tables.create_backup(**backup)["BackupDetails"]["BackupArn"]
    undo.callback(tables.delete_backup, BackupArn=arn)
    for group in parameters:
        rds.create_db_parameter_group(**group, **about)
        undo.callback(rds.delete_db_parameter_group, **group)
    rds.create_db_cluster_snapshot(DBClusterIdentifier=f"aurora-{suffix}", **snapshot)
    undo.callback(rds.delete_db_cluster_snapshot, **snapshot)
    client("lambda").publish_layer_version(**layer, Content={"ZipFile": package()})
    undo.callback(client("lambda").delete_layer_version, **layer, VersionNumber=1)
    client("events").create_event_bus(**bus)
    undo.callback(client("events").delete_event_bus, **bus)
    client("cloudwatch").put_composite_alarm(**alarm)
    undo.callback(client("cloudwatch").delete_alarms, AlarmNames=[alarm["AlarmName"]])
    client("config").put_conformance_pack(**pack, TemplateBody="Resources: {}")
    undo.callback(client("config").delete_conformance_pack, **pack)
    for group in groups:
        logs.create_log_group(logGroupName=group)
        undo.callback(logs.delete_log_group, logGroupName=group)
    return [
        *("iam instance-profile", "secretsmanager secret", "dynamodb backup", "rds parameter-group"),
        *("rds cluster-snapshot", "lambda layer", "events event-bus", "cloudwatch composite-alarm"),
        *("config conformance-pack", "logs log-group", "logs log-group"),
    ]


@contextmanager
def deployed(client, suffix, makers=OF_A_DEPLOYMENT):
    """One of each; its kinds. Everything of it goes at the end."""
    with ExitStack() as undo:
        undo.callback(swept, client, suffix)
        made = [kind for kind in everything(client, suffix, makers) if kind[0] not in CHILDREN | WAITING]
        listed = [" ".join(TERRAFORM_TYPES[kind].key(attributes)[:2]) for kind, attributes in made]
        yield [*listed, *others(client, suffix, undo), *UNASKED]


def swept(client, suffix):
    assert sweep(client, suffix, [], patience=30, say=lambda _line: None) == ()


@pytest.fixture(scope="module")
def two(client):
    """Two deployments whose suffixes end alike, and what was made for the first of them."""
    with deployed(client, MINE, MAKERS) as mine, deployed(client, OTHER):
        client("logs").create_log_group(logGroupName="RDSOSMetrics", tags={"Suffix": MINE})
        yield sorted([*mine, "logs log-group"])


def kinds(found):
    return sorted(f"{item.service} {item.type}" for item in found)


def test_b12_one_of_each_is_found(client, two):
    assert kinds(list_resources(client, MINE)) == two


def test_b15_nothing_of_another_deployment_is_found(client, two):
    mine, other = list_resources(client, MINE), list_resources(client, OTHER)
    assert len(other) == len(mine) - 5  # the settings that there are once per account
    assert not set(mine) & set(other)
    assert list_resources(client, "b") == []
    everything = list_resources(client)
    assert set(mine) | set(other) <= set(everything)
    assert not [item for item in everything if item.identifier.startswith("default")]


def test_a2_nothing_is_found_where_nothing_is(client, two):
    """What a service answers where a deployment has been is no leftover, and every service answers."""
    assert two, "Config takes rules only where there is a recorder"
    with deployed(client, "invgone") as made:
        assert made
    assert list_resources(client, "invgone") == []


def test_b15_who_holds_what_there_is_once_per_account(client, two):
    assert two
    settings = read_account(client)
    assert settings.recorder == f"config-recorder-{MINE}"
    everything = ("api-logs", "config", "database-monitoring")
    assert conflicts(settings, MINE, owned=everything, used=everything) == ({}, {})
    taken, missing = conflicts(settings, OTHER, owned=everything, used=everything)
    assert (sorted(taken), missing) == (list(everything), {})
