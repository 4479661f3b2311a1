"""Patches of the services behind the network: database, queues, functions, API, monitoring, compliance."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.cloud.platform_things import ACCOUNT, package, trust


@pytest.fixture
def cluster(client, name):
    rds = client("rds")
    rds.create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        EngineMode="provisioned",
        MasterUsername="platform",
        ManageMasterUserPassword=True,
        EnableHttpEndpoint=True,
        ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 2},
    )
    return name


@pytest.fixture
def function(client, name):
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))["Role"]

    def create(**settings):
        about = {"Runtime": "python3.12", "Role": role["Arn"], "Handler": "handler.handler"}
        client("lambda").create_function(FunctionName=name, Code={"ZipFile": package()}, **about, **settings)
        return name

    return create


def test_b2_data_api_with_provisioned_engine_mode(client, cluster):
    rds = client("rds")
    found = rds.describe_db_clusters(DBClusterIdentifier=cluster)["DBClusters"][0]
    assert found["HttpEndpointEnabled"] is True
    assert "ScalingConfigurationInfo" not in found
    assert found["ServerlessV2ScalingConfiguration"]["MaxCapacity"] == 2
    for switch, enabled in ((rds.disable_http_endpoint, False), (rds.enable_http_endpoint, True)):
        assert switch(ResourceArn=found["DBClusterArn"])["HttpEndpointEnabled"] is enabled
        assert rds.describe_db_clusters(DBClusterIdentifier=cluster)["DBClusters"][0]["HttpEndpointEnabled"] is enabled


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ({}, "open-source-rds-extended-support"),
        (
            {"EngineLifecycleSupport": "open-source-rds-extended-support-disabled"},
            "open-source-rds-extended-support-disabled",
        ),
    ],
)
def test_b2_what_happens_at_the_end_of_support(client, name, stated, found):
    rds = client("rds")
    settings = {"Engine": "aurora-postgresql", "MasterUsername": "platform", "ManageMasterUserPassword": True}
    made = rds.create_db_cluster(DBClusterIdentifier=name, **settings, **stated)["DBCluster"]
    read = rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]
    assert [cluster["EngineLifecycleSupport"] for cluster in (made, read)] == [found, found]


@pytest.mark.parametrize(
    ("stated", "made", "then", "found"),
    [("17", "17.7", "17", "17.7"), ("17.4", "17.4", "17", "17.4"), ("16", "16.11", "17", "17.7")],
)
def test_e4_a_major_version_stands_for_the_minor_version_that_runs(client, name, stated, made, then, found):
    rds = client("rds")
    settings = {"Engine": "aurora-postgresql", "MasterUsername": "platform", "ManageMasterUserPassword": True}
    rds.create_db_cluster(DBClusterIdentifier=name, EngineVersion=stated, **settings)
    versions = [rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]["EngineVersion"]]
    rds.modify_db_cluster(DBClusterIdentifier=name, EngineVersion=then, AllowMajorVersionUpgrade=True)
    versions.append(rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]["EngineVersion"])
    assert versions == [made, found]


def test_b2_performance_insights(client, cluster):
    rds = client("rds")
    made = rds.create_db_instance(
        DBInstanceIdentifier=f"{cluster}-1",
        DBClusterIdentifier=cluster,
        DBInstanceClass="db.serverless",
        Engine="aurora-postgresql",
        EnablePerformanceInsights=True,
        PerformanceInsightsKMSKeyId="arn:aws:kms:us-east-1:123456789012:key/k",
    )["DBInstance"]
    read = rds.describe_db_instances(DBInstanceIdentifier=f"{cluster}-1")["DBInstances"][0]
    for found in (made, read):
        assert found["PerformanceInsightsEnabled"] is True
        assert found["PerformanceInsightsKMSKeyId"] == "arn:aws:kms:us-east-1:123456789012:key/k"
        assert found["PerformanceInsightsRetentionPeriod"] == 7
    rds.modify_db_instance(DBInstanceIdentifier=f"{cluster}-1", EnablePerformanceInsights=False)
    assert (
        rds.describe_db_instances(DBInstanceIdentifier=f"{cluster}-1")["DBInstances"][0]["PerformanceInsightsEnabled"]
        is False
    )


def test_b2_parameters_have_a_source(client, name):
    rds = client("rds")
    rds.create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily="aurora-postgresql16", Description="d"
    )
    wanted = {"ParameterName": "log_min_duration_statement", "ParameterValue": "1000", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName=name, Parameters=[wanted])
    found = rds.describe_db_parameters(DBParameterGroupName=name, Source="user")["Parameters"]
    assert found == [{**wanted, "Source": "user"}]


def test_kinesis_tags_on_creation(client, name):
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1, Tags={"Suffix": "pr42"})
    assert kinesis.list_tags_for_stream(StreamName=name)["Tags"] == [{"Key": "Suffix", "Value": "pr42"}]


def test_sqs_policies(client, name):
    sqs = client("sqs")
    allow = json.dumps({"redrivePermission": "allowAll"})
    dead = sqs.create_queue(QueueName=f"{name}-dlq", Attributes={"RedriveAllowPolicy": allow})["QueueUrl"]
    target = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}-dlq"
    redrive = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": 3})
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    url = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive, "Policy": policy})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert found["Policy"] == policy
    assert found["RedrivePolicy"] == f'{{"deadLetterTargetArn":"{target}","maxReceiveCount":3}}'
    dead_letter = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["All"])["Attributes"]
    assert dead_letter["RedriveAllowPolicy"] == '{"redrivePermission":"allowAll"}'
    assert "RedrivePolicy" not in dead_letter
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert "Policy" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def test_b6_api_policy_is_escaped(client, name):
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    gateway = client("apigateway")
    api = gateway.create_rest_api(name=name, policy=policy)["id"]
    assert gateway.get_rest_api(restApiId=api)["policy"] == json.dumps(policy)[1:-1]


def test_composite_alarm(client, name):
    cloudwatch = client("cloudwatch")
    cloudwatch.put_composite_alarm(
        AlarmName=name, AlarmRule='ALARM("a") OR ALARM("b")', AlarmActions=["arn:aws:sns:us-east-1:1:t"]
    )
    found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])
    assert found["MetricAlarms"] == []
    assert found["CompositeAlarms"][0]["AlarmRule"] == 'ALARM("a") OR ALARM("b")'
    assert found["CompositeAlarms"][0]["AlarmActions"] == ["arn:aws:sns:us-east-1:1:t"]
    cloudwatch.delete_alarms(AlarmNames=[name])
    assert cloudwatch.describe_alarms(AlarmNames=[name])["CompositeAlarms"] == []


def test_query_definitions(client, name):
    logs = client("logs")
    identifier = logs.put_query_definition(name=name, queryString="fields @message", logGroupNames=["g"])[
        "queryDefinitionId"
    ]
    logs.put_query_definition(queryDefinitionId=identifier, name=name, queryString="limit 1")
    (found,) = logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"]
    assert (found["queryDefinitionId"], found["queryString"], found["logGroupNames"]) == (identifier, "limit 1", [])
    assert logs.delete_query_definition(queryDefinitionId=identifier)["success"] is True
    assert logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"] == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.delete_query_definition(queryDefinitionId=identifier)


def test_b10_conformance_pack(client, name):
    config = client("config")
    arn = config.put_conformance_pack(ConformancePackName=name, TemplateBody="Resources: {}")["ConformancePackArn"]
    assert (
        config.put_conformance_pack(ConformancePackName=name, TemplateBody="Resources: {}")["ConformancePackArn"] == arn
    )
    (found,) = config.describe_conformance_packs(ConformancePackNames=[name])["ConformancePackDetails"]
    assert found["ConformancePackArn"] == arn
    (status,) = config.describe_conformance_pack_status(ConformancePackNames=[name])["ConformancePackStatusDetails"]
    assert status["ConformancePackState"] == "CREATE_COMPLETE"
    config.delete_conformance_pack(ConformancePackName=name)
    assert config.describe_conformance_pack_status(ConformancePackNames=[name])["ConformancePackStatusDetails"] == []
    with pytest.raises(ClientError, match="NoSuchConformancePackException"):
        config.describe_conformance_packs(ConformancePackNames=[name])


def test_b10_remediation(client, name):
    config = client("config")
    wanted = {"ConfigRuleName": name, "TargetType": "SSM_DOCUMENT", "TargetId": "AWS-EnableS3BucketEncryption"}
    config.put_remediation_configurations(RemediationConfigurations=[wanted])
    (found,) = config.describe_remediation_configurations(ConfigRuleNames=[name])["RemediationConfigurations"]
    assert wanted.items() <= found.items()
    config.delete_remediation_configuration(ConfigRuleName=name)
    assert config.describe_remediation_configurations(ConfigRuleNames=[name])["RemediationConfigurations"] == []


def test_b5_function_configuration(client, function):
    api = client("lambda")
    target = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dlq"
    logging = {
        "LogFormat": "JSON",
        "LogGroup": "/aws/lambda/other",
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "WARN",
    }
    name = function(LoggingConfig=logging, DeadLetterConfig={"TargetArn": target})
    found = api.get_function_configuration(FunctionName=name)
    assert (found["LoggingConfig"], found["DeadLetterConfig"]) == (logging, {"TargetArn": target})
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    api.update_function_configuration(
        FunctionName=name,
        LoggingConfig={"LogFormat": "Text"},
        DeadLetterConfig={"TargetArn": ""},
        KMSKeyArn=key,
        TracingConfig={"Mode": "Active"},
    )
    found = api.get_function_configuration(FunctionName=name)
    assert found["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}
    assert "DeadLetterConfig" not in found
    assert (found["KMSKeyArn"], found["TracingConfig"]) == (key, {"Mode": "Active"})


@pytest.mark.parametrize("qualifier", ["live", ""])
def test_b5_an_event_source_keeps_its_alias(client, function, name, qualifier):
    api = client("lambda")
    function(Publish=True)
    api.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    queue = f"{name}-queue"
    client("sqs").create_queue(QueueName=queue)
    stated = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}" + (f":{qualifier}" if qualifier else "")
    mapping = api.create_event_source_mapping(
        EventSourceArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:{queue}", FunctionName=stated
    )
    assert mapping["FunctionArn"] == stated
    assert api.get_event_source_mapping(UUID=mapping["UUID"])["FunctionArn"] == stated
    assert api.update_event_source_mapping(UUID=mapping["UUID"], BatchSize=5)["FunctionArn"] == stated


def test_b5_ephemeral_storage_can_be_updated(client, function):
    api, function = client("lambda"), function()
    api.update_function_configuration(FunctionName=function, EphemeralStorage={"Size": 1024})
    assert api.get_function_configuration(FunctionName=function)["EphemeralStorage"] == {"Size": 1024}


def asynchronous(api, function):
    found = api.get_function_event_invoke_config(FunctionName=function)
    return found.get("MaximumRetryAttempts"), found.get("MaximumEventAgeInSeconds")


def test_b5_a_second_event_invoke_config_replaces_the_first(client, function):
    api, function = client("lambda"), function()
    api.put_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=2, MaximumEventAgeInSeconds=600)
    api.put_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=0)
    assert asynchronous(api, function) == (0, None)


def test_b5_an_event_invoke_config_is_updated_in_part(client, function):
    api, function = client("lambda"), function()
    api.put_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=2, MaximumEventAgeInSeconds=600)
    api.update_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=0)
    assert asynchronous(api, function) == (0, 600)
    api.delete_function_event_invoke_config(FunctionName=function)
    with pytest.raises(api.exceptions.ResourceNotFoundException):
        api.get_function_event_invoke_config(FunctionName=function)
