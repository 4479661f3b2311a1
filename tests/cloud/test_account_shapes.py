"""The accounts that the local cloud plays: quotas with AWS's codes, leftovers, an organization's denials (E3)."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from orchestrator.local_cloud.account.shape import AccountShape
from orchestrator.local_cloud.control_client import reset
from orchestrator.local_cloud.identity import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from orchestrator.local_cloud.process import ServerProcess
from tests.cloud.helpers import TRUST, archive, document, trail_policy

ROLE = "arn:aws:iam::123456789012:role/recorder"


@pytest.fixture(scope="module")
def clouds(tmp_path_factory):
    """Starts one cloud of each shape that a test asks for."""
    started = {}

    def start(shape):
        if shape not in started:
            server = ServerProcess(tmp_path_factory.mktemp(shape) / "local")
            started[shape] = server, server.start(account=AccountShape(shape))
        return started[shape][1]

    yield start
    for server, _ in started.values():
        server.stop()


@pytest.fixture
def play(clouds):
    """Returns a function that makes clients of an account of a shape; the account is reset afterwards."""
    endpoints = set()

    def account(shape):
        status = clouds(shape)
        assert status.account_shape is AccountShape(shape)
        endpoints.add(status.endpoint)
        session = boto3.Session(
            aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY, region_name=REGION
        )
        config = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"})
        return lambda service: session.client(service, endpoint_url=status.endpoint, config=config)

    yield account
    for endpoint in endpoints:
        reset(endpoint)


def refused(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]


def fill(call, **arguments):
    """Create until AWS refuses; return how many were created, and the error."""
    for count in range(20):
        try:
            call(**arguments)
        except ClientError as error:
            return count, error.response["Error"]
    return count + 1, None


def make_function(client, name):
    client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document(TRUST))
    client("lambda").create_function(
        FunctionName=name,
        Role=f"arn:aws:iam::123456789012:role/{name}",
        Runtime="python3.12",
        Handler="handler.handler",
        Code={"ZipFile": archive("def handler(event, context): pass")},
    )
    return client("lambda")


QUOTAS = {
    # What is created, and its quota: the code of the refusal, Service Quotas' service and code.
    ("create_vpc", "10.0.0.0/16"): ("VpcLimitExceeded", "vpc", "L-F678F1CE"),
    ("allocate_address", ""): ("AddressLimitExceeded", "ec2", "L-0263D0A3"),
}


@pytest.mark.parametrize(("create", "quota"), QUOTAS.items())
@pytest.mark.parametrize("shape", ["fresh", "used", "control-tower"])
def test_e3_a_quota_is_enforced_with_awss_code_and_raised_on_request(play, shape, create, quota):
    client = play(shape)
    arguments = {"CidrBlock": create[1]} if create[1] else {}
    call = getattr(client("ec2"), create[0])
    count, error = fill(call, **arguments)
    # The default VPC counts; a used account has one left of each.
    assert count == {"used": 1}.get(shape, 4 if create[0] == "create_vpc" else 5)
    code, owner, number = quota
    assert error["Code"] == code
    quotas = client("service-quotas")
    assert quotas.get_service_quota(ServiceCode=owner, QuotaCode=number)["Quota"]["Value"] == 5.0
    quotas.request_service_quota_increase(ServiceCode=owner, QuotaCode=number, DesiredValue=6.0)
    call(**arguments)
    assert quotas.get_aws_default_service_quota(ServiceCode=owner, QuotaCode=number)["Quota"]["Value"] == 5.0


@pytest.mark.parametrize("create", QUOTAS)
def test_e3_an_established_account_has_room(play, create):
    arguments = {"CidrBlock": create[1]} if create[1] else {}
    assert fill(getattr(play("established")("ec2"), create[0]), **arguments) == (20, None)


def test_e3_a_new_account_takes_no_reservation(play):
    lambdas = make_function(play("fresh"), "reserving")
    limits = lambdas.get_account_settings()["AccountLimit"]
    assert (limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]) == (10, 10)
    error = refused(lambdas.put_function_concurrency, FunctionName="reserving", ReservedConcurrentExecutions=1)
    assert (error["Code"], "below its minimum value of [10]" in error["Message"]) == (
        "InvalidParameterValueException",
        True,
    )
    # Stopping a function takes nothing from anybody.
    lambdas.put_function_concurrency(FunctionName="reserving", ReservedConcurrentExecutions=0)


def test_e3_reservations_leave_a_hundred(play):
    lambdas = make_function(play("used"), "reserving")
    lambdas.put_function_concurrency(FunctionName="reserving", ReservedConcurrentExecutions=900)
    lambdas.put_function_concurrency(FunctionName="reserving", ReservedConcurrentExecutions=900)
    assert lambdas.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 100
    error = refused(lambdas.put_function_concurrency, FunctionName="reserving", ReservedConcurrentExecutions=901)
    assert "below its minimum value of [100]" in error["Message"]


@pytest.mark.parametrize("shape", list(AccountShape))
def test_e3_a_sixth_trail_is_refused_in_every_account(play, shape):
    client = play(shape)
    client("s3").create_bucket(Bucket="trails")
    client("s3").put_bucket_policy(Bucket="trails", Policy=trail_policy("trails"))
    trails = client("cloudtrail")
    there = len(trails.describe_trails()["trailList"])
    for number in range(there, 5):
        trails.create_trail(Name=f"trail-{number}", S3BucketName="trails")
    error = refused(trails.create_trail, Name="trail-6", S3BucketName="trails")
    assert error["Code"] == "MaximumNumberOfTrailsExceededException"
    assert error["Message"] == "User: 123456789012 already has 5 trails in us-east-1."


def test_e3_a_used_account_has_what_others_left_and_keeps_it_through_a_reset(play, clouds):
    client = play("used")
    reset(clouds("used").endpoint)
    (group,) = client("logs").describe_log_groups()["logGroups"]
    assert group["logGroupName"] == "/aws/apigateway/welcome"
    assert len(client("logs").describe_resource_policies()["resourcePolicies"]) == 9
    error = refused(
        client("config").put_configuration_recorder, ConfigurationRecorder={"name": "mine", "roleARN": ROLE}
    )
    assert error["Code"] == "MaxNumberOfConfigurationRecordersExceededException"
    assert client("cloudtrail").get_trail_status(Name="management-events")["IsLogging"] is True


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("config", "put_configuration_recorder", {"ConfigurationRecorder": {"name": "mine", "roleARN": ROLE}}),
        (
            "config",
            "stop_configuration_recorder",
            {"ConfigurationRecorderName": "aws-controltower-BaselineConfigRecorder"},
        ),
        ("cloudtrail", "stop_logging", {"Name": "aws-controltower-BaselineCloudTrail"}),
        ("logs", "delete_log_group", {"logGroupName": "aws-controltower/CloudTrailLogs"}),
        ("iam", "delete_role", {"RoleName": "aws-controltower-ConfigRecorderRole"}),
        ("s3", "delete_bucket", {"Bucket": "aws-controltower-logs-123456789012-us-east-1"}),
    ],
)
def test_e3_an_organization_denies_what_its_landing_zone_needs(play, service, operation, arguments):
    error = refused(getattr(play("control-tower")(service), operation), **arguments)
    assert error["Code"] in {"AccessDenied", "AccessDeniedException"}
    assert error["Message"].endswith("with an explicit deny in a service control policy")


def test_e3_an_organization_leaves_the_accounts_own_trails_alone(play):
    client = play("control-tower")
    client("s3").create_bucket(Bucket="trails")
    client("s3").put_bucket_policy(Bucket="trails", Policy=trail_policy("trails"))
    client("cloudtrail").create_trail(Name="own", S3BucketName="trails")
    client("cloudtrail").stop_logging(Name="own")
    client("cloudtrail").delete_trail(Name="own")


@pytest.mark.parametrize("shape", ["established", "fresh"])
def test_e3_an_empty_account_is_empty(play, shape):
    client = play(shape)
    assert client("logs").describe_log_groups()["logGroups"] == []
    assert client("cloudtrail").describe_trails()["trailList"] == []


def test_e5_a_cluster_comes_back_from_a_snapshot_and_a_point_in_time(play):
    rds = play("established")("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="one",
        Engine="aurora-postgresql",
        EngineVersion="17.7",
        DatabaseName="analytics",
        MasterUsername="owner",
        ManageMasterUserPassword=True,
        BackupRetentionPeriod=3,
    )
    rds.create_db_cluster_snapshot(DBClusterIdentifier="one", DBClusterSnapshotIdentifier="snap")
    rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier="two", SnapshotIdentifier="snap", Engine="aurora-postgresql", Port=6432
    )
    rds.restore_db_cluster_to_point_in_time(
        DBClusterIdentifier="three", SourceDBClusterIdentifier="two", UseLatestRestorableTime=True
    )
    found = {cluster["DBClusterIdentifier"]: cluster for cluster in rds.describe_db_clusters()["DBClusters"]}
    assert len({cluster["DbClusterResourceId"] for cluster in found.values()}) == len(found) == 3
    for name in ("two", "three"):
        kept = [found[name][key] for key in ("DatabaseName", "MasterUsername", "EngineVersion", "Port")]
        assert kept == ["analytics", "owner", "17.7", 6432]
    rds.modify_db_cluster(DBClusterIdentifier="three", ManageMasterUserPassword=True, ApplyImmediately=True)
    assert rds.describe_db_clusters(DBClusterIdentifier="three")["DBClusters"][0]["MasterUserSecret"]["SecretArn"]


def test_e5_a_table_comes_back_with_its_items_its_key_and_its_billing(play):
    client = play("established")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    tables = client("dynamodb")
    tables.create_table(
        TableName="sessions",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )
    tables.put_item(TableName="sessions", Item={"id": {"S": "kept"}})
    tables.restore_table_to_point_in_time(
        SourceTableName="sessions", TargetTableName="sessions-b", UseLatestRestorableTime=True
    )
    restored = tables.describe_table(TableName="sessions-b")["Table"]
    assert restored["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert restored["SSEDescription"]["KMSMasterKeyArn"] == key
    assert tables.scan(TableName="sessions-b")["Items"] == [{"id": {"S": "kept"}}]


def test_e3_the_database_versions_on_offer(play):
    rds = play("established")("rds")
    offered = rds.describe_db_engine_versions(Engine="aurora-postgresql", EngineVersion="17")["DBEngineVersions"]
    assert [version["EngineVersion"] for version in offered] == ["17.4", "17.5", "17.6", "17.7"]
    assert rds.describe_db_engine_versions(Engine="aurora-postgresql", EngineVersion="17.3")["DBEngineVersions"] == []
