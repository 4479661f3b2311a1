"""Logins to a cluster of the running local cloud, with the master user's secret (B2, B9, B12, C8)."""

import json
import socket
import ssl
from contextlib import closing
from pathlib import Path

import pytest
from pg8000 import native
from pg8000.exceptions import DatabaseError

from orchestrator.local_cloud.database.binaries import installed
from tests.eventually import eventually

DEADLINE = 20


@pytest.fixture
def cluster(client, name):
    """Create a cluster with one instance and a key."""
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    rds = client("rds")
    rds.create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        EngineVersion="17.7",
        DatabaseName="analytics",
        MasterUsername="platform_admin",
        ManageMasterUserPassword=True,
        MasterUserSecretKmsKeyId=key,
        EnableIAMDatabaseAuthentication=True,
        EnableCloudwatchLogsExports=["iam-db-auth-error"],
    )
    rds.create_db_instance(
        DBInstanceIdentifier=f"{name}-1",
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        DBInstanceClass="db.serverless",
    )
    yield rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0] | {"Key": key}
    rds.delete_db_instance(DBInstanceIdentifier=f"{name}-1", SkipFinalSnapshot=True)
    rds.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)


def _secret(client, cluster):
    found = client("secretsmanager").get_secret_value(SecretId=cluster["MasterUserSecret"]["SecretArn"])
    return json.loads(found["SecretString"])


def test_c8_the_master_users_secret_has_the_clusters_key_and_the_user_name(client, cluster):
    stated = cluster["MasterUserSecret"]
    described = client("secretsmanager").describe_secret(SecretId=stated["SecretArn"])
    assert stated["KmsKeyId"] == described["KmsKeyId"] == cluster["Key"]
    assert described["Name"].startswith("rds!cluster-")
    assert described["OwningService"] == "rds"
    assert _secret(client, cluster)["username"] == "platform_admin"


@pytest.fixture
def endpoint(cloud, cluster):
    """Return where the cluster's endpoint is really reached, and the certificate of its authority."""
    folder = Path(cloud.status().log).parent / "database"

    def look():
        known = json.loads((folder / "endpoints").read_text()) if (folder / "endpoints").exists() else {}
        return known.get(f"{cluster['Endpoint']}:{cluster['Port']}")

    return tuple(eventually(look)), folder / "ca.pem"


def _connect(cluster, endpoint, user, password):
    address, ca = endpoint
    opened = socket.create_connection(address, DEADLINE)
    try:
        return native.Connection(
            user,
            host=cluster["Endpoint"],
            port=cluster["Port"],
            sock=opened,
            password=password,
            database="analytics",
            ssl_context=ssl.create_default_context(cafile=ca),
        )
    except BaseException:
        opened.close()
        raise


@pytest.mark.skipif(not installed(), reason="no PostgreSQL here")
def test_b2_the_master_user_and_users_with_tokens_log_in(client, cluster, name, endpoint):
    group = f"/aws/rds/cluster/{name}/iam-db-auth-error"
    client("logs").create_log_group(logGroupName=group)
    master = _connect(cluster, endpoint, "platform_admin", _secret(client, cluster)["password"])
    with closing(master):
        master.run("CREATE ROLE reader LOGIN; GRANT rds_iam TO reader")
    token = client("rds").generate_db_auth_token(
        DBHostname=cluster["Endpoint"], Port=cluster["Port"], DBUsername="reader"
    )
    with closing(_connect(cluster, endpoint, "reader", token)) as reader:
        assert reader.run("SELECT current_user") == [["reader"]]
    with pytest.raises(DatabaseError, match="PAM authentication failed"):
        _connect(cluster, endpoint, "reader", token.replace("reader", "writer"))
    (event,) = client("logs").get_log_events(logGroupName=group, logStreamName=f"{name}-1.0")["events"]
    assert event["message"].startswith(
        'PAM authentication failed for user "reader": the token is for the user "writer"'
    )
