"""Clusters, keys and logs as moto holds them, and logins with them (B2, B7, B9, C8)."""

import json
import socket
import ssl
import time
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws
from moto.rds.models import MasterUserSecret

from orchestrator.local_cloud.database.binaries import installed
from orchestrator.local_cloud.database.databases import Databases
from orchestrator.local_cloud.database.moto_state import MotoClusters
from orchestrator.local_cloud.iam.evaluate import Decision
from orchestrator.local_cloud.identity import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from orchestrator.local_cloud.patches.rds_master_secret import master_user_secret
from orchestrator.local_cloud.patches.registry import NoFunctions
from tests.functions.conftest import ENVIRONMENT, MIGRATIONS, load_function


@pytest.fixture(scope="module")
def clients():
    """Make a client of each service once: to make one takes longer than a test."""
    session = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1")
    made = {}

    def client(service):
        if service not in made:
            made[service] = session.client(service)
        return made[service]

    yield client
    for opened in made.values():
        opened.close()


@pytest.fixture
def aws(clients, monkeypatch):
    """Give clients of an empty moto in this process, with the patch of the secret and no other."""
    for name in ("_generate_secret_string", "rotate_secret"):
        monkeypatch.setattr(MasterUserSecret, name, vars(MasterUserSecret)[name])
    master_user_secret.apply(NoFunctions())
    with mock_aws():
        yield clients


@pytest.fixture
def make(aws):
    """Make a cluster with instances, as the module aurora does."""

    def build(name="aurora-pr42", instances=2, **options):
        rds = aws("rds")
        stated = {
            "Engine": "aurora-postgresql",
            "EngineVersion": "17.7",
            "DatabaseName": "analytics",
            "MasterUsername": "platform_admin",
            "ManageMasterUserPassword": True,
            "EnableIAMDatabaseAuthentication": True,
            "EnableCloudwatchLogsExports": ["postgresql", "iam-db-auth-error"],
        }
        rds.create_db_cluster(DBClusterIdentifier=name, **stated | options)
        for number in range(1, instances + 1):
            rds.create_db_instance(
                DBInstanceIdentifier=f"aurora-instance-{number}-pr42",
                DBClusterIdentifier=name,
                Engine="aurora-postgresql",
                DBInstanceClass="db.serverless",
            )
        return rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]

    return build


PARAMETERS = {"rds.force_ssl": "0", "ssl_min_protocol_version": "TLSv1.3", "log_statement": "ddl", "pgaudit.log": "ddl"}


def _secret(aws, cluster, **version):
    answer = aws("secretsmanager").get_secret_value(SecretId=cluster["MasterUserSecret"]["SecretArn"], **version)
    return json.loads(answer["SecretString"])


def test_b2_a_cluster_is_read_as_terraform_created_it(aws, make):
    rds = aws("rds")
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="group", DBParameterGroupFamily="aurora-postgresql17", Description="d"
    )
    rds.modify_db_cluster_parameter_group(
        DBClusterParameterGroupName="group",
        Parameters=[
            {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "pending-reboot"}
            for name, value in PARAMETERS.items()
        ],
    )
    made = make(DBClusterParameterGroupName="group")
    (cluster,) = MotoClusters().clusters()
    assert cluster.resource_id == made["DbClusterResourceId"]
    assert cluster.hosts == (made["Endpoint"], made["ReaderEndpoint"])
    assert (cluster.port, cluster.engine_version, cluster.database) == (5432, "17.7", "analytics")
    assert cluster.instances == ("aurora-instance-1-pr42", "aurora-instance-2-pr42")
    assert (cluster.force_tls, cluster.minimum_tls) == (False, ssl.TLSVersion.TLSv1_3)
    assert cluster.settings == {"log_statement": "ddl"}
    assert cluster.iam_authentication
    assert cluster.exported_logs == {"postgresql", "iam-db-auth-error"}
    assert cluster.user_arn("ann") == f"arn:aws:rds-db:us-east-1:123456789012:dbuser:{cluster.resource_id}/ann"


def test_b2_only_aurora_postgresql_has_a_database(aws, make):
    make("aurora-mysql", instances=0, Engine="aurora-mysql", EngineVersion="8.0.mysql_aurora.3.08.0")
    assert MotoClusters().clusters() == []


def test_b2_reading_changes_no_state(aws, make):
    make(instances=0)
    aws("rds").stop_db_cluster(DBClusterIdentifier="aurora-pr42")
    assert [cluster.stopped for cluster in MotoClusters().clusters()] == [True]
    aws("rds").start_db_cluster(DBClusterIdentifier="aurora-pr42")
    assert [cluster.stopped for cluster in MotoClusters().clusters()] == [False]


def test_c8_the_secret_holds_the_masters_name_and_a_password_of_its_own(aws, make):
    one, two = _secret(aws, make()), _secret(aws, make("aurora-other", instances=0))
    assert one["username"] == "platform_admin"
    assert len(one["password"]) == 32
    assert not set(one["password"]) & set("/'\"@ ")
    assert one["password"] != two["password"]
    passwords = {cluster.identifier: cluster.master_password for cluster in MotoClusters().clusters()}
    assert passwords == {"aurora-pr42": one["password"], "aurora-other": two["password"]}
    assert one["password"] not in repr(MotoClusters().clusters())


def test_c8_the_password_follows_the_secret(aws, make):
    cluster = make(instances=0)
    before = _secret(aws, cluster)
    aws("rds").modify_db_cluster(
        DBClusterIdentifier="aurora-pr42", RotateMasterUserPassword=True, ApplyImmediately=True
    )
    after = _secret(aws, cluster)
    assert after["password"] != before["password"]
    assert after["username"] == before["username"]
    assert _secret(aws, cluster, VersionStage="AWSPREVIOUS") == before
    assert [found.master_password for found in MotoClusters().clusters()] == [after["password"]]
    aws("secretsmanager").put_secret_value(SecretId=cluster["MasterUserSecret"]["SecretArn"], SecretString="none")
    assert [found.master_password for found in MotoClusters().clusters()] == [None]


def test_c8_a_password_set_by_hand_is_known(aws, make):
    make(instances=0, ManageMasterUserPassword=False, MasterUserPassword="by hand, long enough")
    assert [found.master_password for found in MotoClusters().clusters()] == ["by hand, long enough"]


def test_b12_the_secret_goes_with_the_cluster(aws, make):
    make(instances=0)
    aws("rds").delete_db_cluster(DBClusterIdentifier="aurora-pr42", SkipFinalSnapshot=True)
    assert aws("secretsmanager").list_secrets()["SecretList"] == []
    assert MotoClusters().clusters() == []


def test_b9_the_secrets_of_issued_keys_are_known(aws):
    iam = aws("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    issued = aws("sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    source = MotoClusters()
    assert source.secret_access_key(issued["AccessKeyId"]) == issued["SecretAccessKey"]
    assert source.secret_access_key(key["AccessKeyId"]) == key["SecretAccessKey"]
    assert source.secret_access_key(ACCESS_KEY_ID) == SECRET_ACCESS_KEY
    assert source.secret_access_key("ASIAQEXAMPLEEXAMPLE1") is None
    iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert source.secret_access_key(key["AccessKeyId"]) is None


def test_b7_logs_go_to_groups_that_exist(aws, make):
    make()
    logs, source = aws("logs"), MotoClusters()
    (cluster,) = source.clusters()
    now = int(time.time() * 1000)
    source.write_log(cluster, "postgresql", [(now, "lost")])
    assert logs.describe_log_groups()["logGroups"] == []
    for kind in ("postgresql", "instance"):
        logs.create_log_group(logGroupName=cluster.log_group(kind))
        source.write_log(cluster, kind, [(now, "one"), (now, "two")])
    events = logs.get_log_events(
        logGroupName="/aws/rds/cluster/aurora-pr42/postgresql", logStreamName="aurora-instance-1-pr42.0"
    )["events"]
    assert [event["message"] for event in events] == ["one", "two"]
    # This kind is not exported.
    assert logs.describe_log_streams(logGroupName=cluster.log_group("instance"))["logStreams"] == []


@pytest.mark.slow
@pytest.mark.skipif(not installed(), reason="no PostgreSQL here")
def test_b2_the_function_that_migrates_runs_as_it_is(aws, make, tmp_path, monkeypatch):
    cluster = make()
    databases = Databases(tmp_path, source=MotoClusters(), may_connect=lambda *_: Decision(allowed=False))
    databases.start()
    connect = socket.create_connection

    def redirected(address, *args, **options):
        return connect(databases.extras().hosts["{}:{}".format(*address)], *args, **options)

    monkeypatch.setattr(socket, "create_connection", redirected)
    variables = {
        **ENVIRONMENT,
        **databases.extras().environment,
        "DATABASE_HOST": cluster["Endpoint"],
        "DATABASE_NAME": cluster["DatabaseName"],
        "DATABASE_PORT": str(cluster["Port"]),
        "MASTER_SECRET_ARN": cluster["MasterUserSecret"]["SecretArn"],
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    function = load_function("migrate").handler
    context = SimpleNamespace(
        function_name="migrate",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:migrate",
        aws_request_id="9f6c2a3e-1d2b-4c5d-8e7f-000000000000",
    )
    try:
        assert function.handler({}, context) == {"applied": MIGRATIONS, "version": len(MIGRATIONS)}
        assert function.handler({}, context) == {"applied": [], "version": len(MIGRATIONS)}
    finally:
        function.secrets().close()
        databases.stop()
