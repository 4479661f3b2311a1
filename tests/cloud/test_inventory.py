"""A2, B12: the inventory of a fresh local cloud is empty, finds one of each kind of thing that the platform makes, and is empty again."""

import io
import json
import zipfile
from contextlib import ExitStack

import pytest

from orchestrator.adapters.aws.inventory import list_resources
from orchestrator.platform.account_settings import conflicts, read_account

MINE, OTHER = "invb", "invab"
# What comes with a cluster: the secret of its master user, and backups. (Those of an instance of a cluster are moto's own idea.)
BY_RDS = [
    "rds cluster-snapshot",
    "rds instance-automated-backup",
    "rds snapshot",
    "secretsmanager secret",
]


def trust(service):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def package():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("handler.py", "def handler(event, context): return event")
    return archive.getvalue()


def make_identity(client, suffix, undo):
    iam, kms, secrets = client("iam"), client("kms"), client("secretsmanager")
    role = iam.create_role(RoleName=f"iam-role-{suffix}", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))
    undo.callback(iam.delete_role, RoleName=f"iam-role-{suffix}")
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = iam.create_policy(PolicyName=f"iam-policy-{suffix}", PolicyDocument=document)["Policy"]["Arn"]
    undo.callback(iam.delete_policy, PolicyArn=policy)
    iam.create_instance_profile(InstanceProfileName=f"profile-{suffix}")
    undo.callback(iam.delete_instance_profile, InstanceProfileName=f"profile-{suffix}")
    key = kms.create_key(Tags=[{"TagKey": "Suffix", "TagValue": suffix}])["KeyMetadata"]["KeyId"]
    undo.callback(kms.schedule_key_deletion, KeyId=key, PendingWindowInDays=7)
    kms.create_alias(AliasName=f"alias/s3-{suffix}", TargetKeyId=key)
    undo.callback(kms.delete_alias, AliasName=f"alias/s3-{suffix}")
    secrets.create_secret(Name=f"secret-{suffix}", SecretString="x")
    undo.callback(secrets.delete_secret, SecretId=f"secret-{suffix}", ForceDeleteWithoutRecovery=True)
    yield from ["iam role", "iam policy", "iam instance-profile", "kms key", "kms alias", "secretsmanager secret"]
    return role["Role"]["Arn"]


def make_network(client, suffix, undo):
    ec2 = client("ec2")

    def tags(kind):
        return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": f"{kind}-{suffix}"}]}]

    vpc = ec2.create_vpc(CidrBlock="10.5.0.0/16", TagSpecifications=tags("vpc"))["Vpc"]["VpcId"]
    undo.callback(ec2.delete_vpc, VpcId=vpc)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.5.0.0/24")["Subnet"]["SubnetId"]
    undo.callback(ec2.delete_subnet, SubnetId=subnet)
    # As those of functions: neither a name nor a tag says whose it is.
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    undo.callback(ec2.delete_network_interface, NetworkInterfaceId=interface)
    group = ec2.create_security_group(GroupName=f"security-group-{suffix}", Description="x", VpcId=vpc)["GroupId"]
    undo.callback(ec2.delete_security_group, GroupId=group)
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tags("elastic-ip"))["AllocationId"]
    undo.callback(ec2.release_address, AllocationId=address)
    # A VPC comes with a route table, a network ACL and a security group of its own.
    yield from ["ec2 vpc", "ec2 subnet", "ec2 network-interface", "ec2 security-group", "ec2 security-group"]
    yield from ["ec2 route-table", "ec2 network-acl", "ec2 address"]


def make_storage(client, suffix, undo):
    s3, tables, rds = client("s3"), client("dynamodb"), client("rds")
    s3.create_bucket(Bucket=f"raw-data-123456789012-{suffix}")
    undo.callback(s3.delete_bucket, Bucket=f"raw-data-123456789012-{suffix}")
    tables.create_table(
        TableName=f"user-sessions-{suffix}",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    undo.callback(tables.delete_table, TableName=f"user-sessions-{suffix}")
    backup = tables.create_backup(TableName=f"user-sessions-{suffix}", BackupName=f"backup-{suffix}")
    undo.callback(tables.delete_backup, BackupArn=backup["BackupDetails"]["BackupArn"])
    for name in (f"default.{suffix}", f"parameters-{suffix}"):
        about = {"DBParameterGroupFamily": "aurora-postgresql16", "Description": "x"}
        rds.create_db_cluster_parameter_group(DBClusterParameterGroupName=name, **about)
        undo.callback(rds.delete_db_cluster_parameter_group, DBClusterParameterGroupName=name)
        rds.create_db_parameter_group(DBParameterGroupName=name, **about)
        undo.callback(rds.delete_db_parameter_group, DBParameterGroupName=name)
    cluster, instance = f"aurora-{suffix}", f"aurora-1-{suffix}"
    rds.create_db_cluster(
        DBClusterIdentifier=cluster,
        Engine="aurora-postgresql",
        MasterUsername="platform",
        ManageMasterUserPassword=True,
    )
    undo.callback(rds.delete_db_cluster, DBClusterIdentifier=cluster, SkipFinalSnapshot=True)
    rds.create_db_instance(
        DBInstanceIdentifier=instance,
        DBClusterIdentifier=cluster,
        DBInstanceClass="db.serverless",
        Engine="aurora-postgresql",
    )
    undo.callback(rds.delete_db_instance, DBInstanceIdentifier=instance, SkipFinalSnapshot=True)
    snapshot = f"by-hand-of-{suffix}-1"
    rds.create_db_cluster_snapshot(DBClusterIdentifier=cluster, DBClusterSnapshotIdentifier=snapshot)
    undo.callback(rds.delete_db_cluster_snapshot, DBClusterSnapshotIdentifier=snapshot)
    yield from ["s3 bucket", "dynamodb table", "dynamodb backup", "rds cluster", "rds instance"]
    yield from ["rds cluster-parameter-group", "rds parameter-group", "rds cluster-snapshot"]
    yield from ["rds cluster-automated-backup"]


def make_compute(client, suffix, undo, role):
    functions, queues, api = client("lambda"), client("sqs"), client("apigateway")
    queue = queues.create_queue(QueueName=f"queue-ingest-{suffix}")["QueueUrl"]
    undo.callback(queues.delete_queue, QueueUrl=queue)
    name = f"lambda-ingest-{suffix}"
    functions.create_function(
        FunctionName=name, Runtime="python3.12", Role=role, Handler="handler.handler", Code={"ZipFile": package()}
    )
    undo.callback(functions.delete_function, FunctionName=name)
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    mapping = functions.create_event_source_mapping(FunctionName=name, EventSourceArn=arn)["UUID"]
    undo.callback(functions.delete_event_source_mapping, UUID=mapping)
    layer = f"layer-{suffix}"
    version = functions.publish_layer_version(LayerName=layer, Content={"ZipFile": package()})["Version"]
    undo.callback(functions.delete_layer_version, LayerName=layer, VersionNumber=version)
    rest = api.create_rest_api(name=f"api-{suffix}")["id"]
    undo.callback(api.delete_rest_api, restApiId=rest)
    key = api.create_api_key(name=f"api-key-{suffix}")["id"]
    undo.callback(api.delete_api_key, apiKey=key)
    plan = api.create_usage_plan(name=f"usage-plan-{suffix}")["id"]
    undo.callback(api.delete_usage_plan, usagePlanId=plan)
    yield from ["sqs queue", "lambda function", "lambda event-source-mapping", "lambda layer"]
    yield from ["apigateway rest-api", "apigateway api-key", "apigateway usage-plan"]
    return rest


def make_firewall(client, suffix, undo):
    waf, logs = client("wafv2"), client("logs")
    visibility = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "x"}
    made = waf.create_web_acl(
        Name=f"web-acl-{suffix}", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=visibility
    )["Summary"]
    group = f"aws-waf-logs-api-{suffix}"
    logs.create_log_group(logGroupName=group)
    undo.callback(logs.delete_log_group, logGroupName=group)
    undo.callback(waf.delete_web_acl, Name=made["Name"], Scope="REGIONAL", Id=made["Id"], LockToken=made["LockToken"])
    destination = f"arn:aws:logs:us-east-1:123456789012:log-group:{group}"
    waf.put_logging_configuration(
        LoggingConfiguration={"ResourceArn": made["ARN"], "LogDestinationConfigs": [destination]}
    )
    undo.callback(waf.delete_logging_configuration, ResourceArn=made["ARN"])
    yield from ["wafv2 web-acl", "wafv2 logging-configuration", "logs log-group"]


def make_messaging(client, suffix, undo, role):
    sns, events, firehose = client("sns"), client("events"), client("firehose")
    topic = sns.create_topic(Name=f"topic-alerts-{suffix}")["TopicArn"]
    undo.callback(sns.delete_topic, TopicArn=topic)
    subscription = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.org", ReturnSubscriptionArn=True)
    undo.callback(sns.unsubscribe, SubscriptionArn=subscription["SubscriptionArn"])
    events.create_event_bus(Name=f"bus-{suffix}")
    undo.callback(events.delete_event_bus, Name=f"bus-{suffix}")
    events.put_rule(Name=f"rule-{suffix}", EventPattern='{"source": ["aws.config"]}')
    undo.callback(events.delete_rule, Name=f"rule-{suffix}")
    stream = f"firehose-logs-{suffix}"
    firehose.create_delivery_stream(
        DeliveryStreamName=stream,
        ExtendedS3DestinationConfiguration={"RoleARN": role, "BucketARN": "arn:aws:s3:::x"},
    )
    undo.callback(firehose.delete_delivery_stream, DeliveryStreamName=stream)
    yield from ["sns topic", "sns subscription", "events event-bus", "events rule", "firehose delivery-stream"]


def make_monitoring(client, suffix, undo, rest):
    alarms, logs = client("cloudwatch"), client("logs")
    metric = {"Namespace": "x", "MetricName": "x", "Period": 60, "EvaluationPeriods": 1, "Statistic": "Sum"}
    alarms.put_metric_alarm(
        AlarmName=f"alarm-{suffix}", ComparisonOperator="GreaterThanThreshold", Threshold=1, **metric
    )
    alarms.put_composite_alarm(AlarmName=f"alarm-all-{suffix}", AlarmRule=f'ALARM("alarm-{suffix}")')
    undo.callback(alarms.delete_alarms, AlarmNames=[f"alarm-{suffix}", f"alarm-all-{suffix}"])
    alarms.put_dashboard(DashboardName=f"dashboard-{suffix}", DashboardBody='{"widgets": []}')
    undo.callback(alarms.delete_dashboards, DashboardNames=[f"dashboard-{suffix}"])
    groups = [
        f"/aws/rds/cluster/aurora-{suffix}/postgresql",
        f"sns/us-east-1/123456789012/topic-alerts-{suffix}/Failure",
        f"API-Gateway-Execution-Logs_{rest}/v1",
    ]
    for group in groups:
        logs.create_log_group(logGroupName=group)
        undo.callback(logs.delete_log_group, logGroupName=group)
    group = groups[0]
    logs.put_metric_filter(
        logGroupName=group,
        filterName="errors",
        filterPattern="ERROR",
        metricTransformations=[{"metricName": "x", "metricNamespace": "x", "metricValue": "1"}],
    )
    query = logs.put_query_definition(name=f"platform-{suffix}/errors", queryString="fields @message")
    undo.callback(logs.delete_query_definition, queryDefinitionId=query["queryDefinitionId"])
    logs.put_resource_policy(policyName=f"log-policy-{suffix}", policyDocument=trust("es.amazonaws.com"))
    undo.callback(logs.delete_resource_policy, policyName=f"log-policy-{suffix}")
    yield from ["cloudwatch alarm", "cloudwatch composite-alarm", "cloudwatch dashboard"]
    yield from ["logs log-group"] * 3
    yield from ["logs metric-filter", "logs query-definition", "logs resource-policy"]


def make_audit(client, suffix, undo):
    config, trails, s3 = client("config"), client("cloudtrail"), client("s3")
    config.put_config_rule(
        ConfigRule={
            "ConfigRuleName": f"rule-{suffix}",
            "Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"},
        }
    )
    undo.callback(config.delete_config_rule, ConfigRuleName=f"rule-{suffix}")
    config.put_conformance_pack(ConformancePackName=f"pack-{suffix}", TemplateBody="Resources: {}")
    undo.callback(config.delete_conformance_pack, ConformancePackName=f"pack-{suffix}")
    s3.create_bucket(Bucket=f"cloudtrail-123456789012-{suffix}")
    undo.callback(s3.delete_bucket, Bucket=f"cloudtrail-123456789012-{suffix}")
    trails.create_trail(Name=f"trail-{suffix}", S3BucketName=f"cloudtrail-123456789012-{suffix}")
    undo.callback(trails.delete_trail, Name=f"trail-{suffix}")
    yield from ["config rule", "config conformance-pack", "s3 bucket", "cloudtrail trail"]


def make_account_settings(client, suffix, undo, role):
    """What there is once per account: made for one deployment only."""
    config, api, logs = client("config"), client("apigateway"), client("logs")
    config.put_configuration_recorder(ConfigurationRecorder={"name": f"config-recorder-{suffix}", "roleARN": role})
    undo.callback(config.delete_configuration_recorder, ConfigurationRecorderName=f"config-recorder-{suffix}")
    channel = f"config-delivery-channel-{suffix}"
    config.put_delivery_channel(DeliveryChannel={"name": channel, "s3BucketName": f"cloudtrail-123456789012-{suffix}"})
    undo.callback(config.delete_delivery_channel, DeliveryChannelName=channel)
    set_role(api, role)
    undo.callback(set_role, api, "")
    logs.create_log_group(logGroupName="RDSOSMetrics", tags={"Suffix": suffix})
    undo.callback(logs.delete_log_group, logGroupName="RDSOSMetrics")
    yield from ["config configuration-recorder", "config delivery-channel", "apigateway account-role", "logs log-group"]


def set_role(api, role):
    api.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])


def make(client, suffix, undo):
    """One of each, by its service and type."""
    made = []

    def take(steps):
        while True:
            try:
                made.append(next(steps))
            except StopIteration as stop:
                return stop.value

    role = take(make_identity(client, suffix, undo))
    take(make_network(client, suffix, undo))
    take(make_storage(client, suffix, undo))
    rest = take(make_compute(client, suffix, undo, role))
    take(make_firewall(client, suffix, undo))
    take(make_messaging(client, suffix, undo, role))
    take(make_monitoring(client, suffix, undo, rest))
    take(make_audit(client, suffix, undo))
    return made, role


@pytest.fixture(scope="module")
def two(client):
    """Two deployments whose suffixes end alike, and what was made for the first of them."""
    with ExitStack() as undo:
        mine, role = make(client, MINE, undo)
        make(client, OTHER, undo)
        settings = [*make_account_settings(client, MINE, undo, role)]
        yield sorted(mine + settings)


def kinds(found):
    return sorted(f"{item.service} {item.type}" for item in found)


def test_b12_one_of_each_is_found(client, two):
    assert kinds(list_resources(client, MINE)) == sorted([*two, *BY_RDS])


def test_b15_nothing_of_another_deployment_is_found(client, two):
    mine, other = list_resources(client, MINE), list_resources(client, OTHER)
    assert len(other) == len(mine) - 4  # the settings that there are once per account
    assert not set(mine) & set(other)
    assert list_resources(client, "b") == []
    everything = list_resources(client)
    assert set(mine) | set(other) <= set(everything)
    assert not [item for item in everything if item.identifier.startswith("default")]


def test_a2_nothing_is_found_where_nothing_is(client):
    """What a service answers in a fresh account is no leftover, and every service answers."""
    with ExitStack() as undo:
        made, _ = make(client, "invgone", undo)
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
