"""Makes one of everything that a killed Terraform may leave, the hard cases among it: what holds on to something else.

Each maker yields the Terraform type of a thing and the attributes by which a state would record it.
"""

import io
import json
import zipfile

from tests.cloud.helpers import trail_policy

ACCOUNT = "123456789012"


def trust(*services):
    statement = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def package(source="def handler(event, context): return event"):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("handler.py", source)
    return archive.getvalue()


def tags(kind, name, suffix):
    pairs = [{"Key": "Name", "Value": f"{name}-{suffix}"}, {"Key": "Suffix", "Value": suffix}]
    return [{"ResourceType": kind, "Tags": pairs}]


def network(client, suffix):
    """A network whose parts hold each other: groups that name each other, a default route, an ACL with a subnet."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=tags("vpc", "vpc", suffix))["Vpc"]["VpcId"]
    yield "aws_vpc", {"id": vpc}
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    yield "aws_subnet", {"id": subnet}
    gateway = ec2.create_internet_gateway(TagSpecifications=tags("internet-gateway", "igw", suffix))["InternetGateway"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc)
    yield "aws_internet_gateway", {"id": gateway["InternetGatewayId"]}
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tags("elastic-ip", "eip", suffix))["AllocationId"]
    yield "aws_eip", {"allocation_id": address}
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    yield "aws_nat_gateway", {"id": nat}
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    yield "aws_route_table", {"id": table}
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway["InternetGatewayId"])
    yield "aws_route", {"route_table_id": table, "destination_cidr_block": "0.0.0.0/0"}
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    yield "aws_route_table_association", {"id": association}
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Gateway",
        ServiceName="com.amazonaws.us-east-1.s3",
        RouteTableIds=[table],
        TagSpecifications=tags("vpc-endpoint", "endpoint", suffix),
    )["VpcEndpoint"]["VpcEndpointId"]
    yield "aws_vpc_endpoint", {"id": endpoint}
    yield from _acl(ec2, vpc, subnet)
    yield from _groups(ec2, vpc, suffix)


def _acl(ec2, vpc, subnet):
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    (present,) = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])[
        "NetworkAcls"
    ]
    (association,) = [item for item in present["Associations"] if item["SubnetId"] == subnet]
    ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl)
    yield "aws_network_acl", {"id": acl}


def _groups(ec2, vpc, suffix):
    first, second = (
        ec2.create_security_group(GroupName=f"security-group-{name}-{suffix}", Description="x", VpcId=vpc)["GroupId"]
        for name in ("a", "b")
    )
    yield "aws_security_group", {"id": first}
    yield "aws_security_group", {"id": second}
    for group, other in ((first, second), (second, first)):
        permission = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": other}]}
        (rule,) = ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=[permission], TagSpecifications=tags("security-group-rule", "rule", suffix)
        )["SecurityGroupRules"]
        rule = rule["SecurityGroupRuleId"]
        yield "aws_vpc_security_group_ingress_rule", {"security_group_rule_id": rule, "security_group_id": group}


def identity(client, suffix):
    iam, kms = client("iam"), client("kms")
    role, document = f"iam-role-{suffix}", trust("lambda.amazonaws.com", "apigateway.amazonaws.com")
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=document)
    yield "aws_iam_role", {"name": role}
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = iam.create_policy(PolicyName=f"iam-policy-{suffix}", PolicyDocument=text)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=text, SetAsDefault=True)
    iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    yield "aws_iam_policy", {"arn": policy}
    key = kms.create_key(Tags=[{"TagKey": "Suffix", "TagValue": suffix}])["KeyMetadata"]["KeyId"]
    yield "aws_kms_key", {"key_id": key}
    kms.create_alias(AliasName=f"alias/s3-{suffix}", TargetKeyId=key)
    yield "aws_kms_alias", {"name": f"alias/s3-{suffix}"}


def storage(client, suffix):
    s3, tables, rds = client("s3"), client("dynamodb"), client("rds")
    bucket = f"raw-data-{ACCOUNT}-{suffix}"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for content in (b"one", b"two"):
        s3.put_object(Bucket=bucket, Key="a", Body=content)
    s3.delete_object(Bucket=bucket, Key="a")
    yield "aws_s3_bucket", {"bucket": bucket}
    tables.create_table(
        TableName=f"user-sessions-{suffix}",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield "aws_dynamodb_table", {"name": f"user-sessions-{suffix}"}
    group, cluster, instance = f"parameters-{suffix}", f"aurora-{suffix}", f"aurora-instance-1-{suffix}"
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName=group, DBParameterGroupFamily="aurora-postgresql16", Description="x"
    )
    yield "aws_rds_cluster_parameter_group", {"name": group}
    rds.create_db_cluster(
        DBClusterIdentifier=cluster,
        Engine="aurora-postgresql",
        MasterUsername="platform",
        ManageMasterUserPassword=True,
        DBClusterParameterGroupName=group,
    )
    yield "aws_rds_cluster", {"cluster_identifier": cluster}
    rds.create_db_instance(
        DBInstanceIdentifier=instance,
        DBClusterIdentifier=cluster,
        DBInstanceClass="db.serverless",
        Engine="aurora-postgresql",
    )
    yield "aws_rds_cluster_instance", {"identifier": instance}


def compute(client, suffix):
    functions, queues, iam = client("lambda"), client("sqs"), client("iam")
    queue, name = f"queue-ingest-{suffix}", f"lambda-ingest-{suffix}"
    url = queues.create_queue(QueueName=queue)["QueueUrl"]
    yield "aws_sqs_queue", {"name": queue, "url": url}
    role = iam.get_role(RoleName=f"iam-role-{suffix}")["Role"]["Arn"]
    functions.create_function(
        FunctionName=name, Runtime="python3.12", Role=role, Handler="handler.handler", Code={"ZipFile": package()}
    )
    yield "aws_lambda_function", {"function_name": name}
    functions.add_permission(
        FunctionName=name, StatementId="AllowApi", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    yield "aws_lambda_permission", {"function_name": name, "statement_id": "AllowApi"}
    mapping = functions.create_event_source_mapping(
        FunctionName=name, EventSourceArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:{queue}"
    )
    yield "aws_lambda_event_source_mapping", {"uuid": mapping["UUID"]}
    yield from _rest_api(client("apigateway"), suffix)


def _rest_api(api, suffix):
    rest = api.create_rest_api(name=f"api-{suffix}")["id"]
    yield "aws_api_gateway_rest_api", {"id": rest}
    (root,) = api.get_resources(restApiId=rest)["items"]
    resource = api.create_resource(restApiId=rest, parentId=root["id"], pathPart="bars")["id"]
    yield "aws_api_gateway_resource", {"rest_api_id": rest, "id": resource}
    where = {"restApiId": rest, "resourceId": resource, "httpMethod": "GET"}
    api.put_method(**where, authorizationType="NONE")
    api.put_integration(**where, type="MOCK")
    yield "aws_api_gateway_method", {"rest_api_id": rest, "resource_id": resource, "http_method": "GET"}
    api.create_model(restApiId=rest, name="trade", contentType="application/json", schema="{}")
    yield "aws_api_gateway_model", {"rest_api_id": rest, "name": "trade"}
    validator = api.create_request_validator(restApiId=rest, name=f"validator-{suffix}")["id"]
    yield "aws_api_gateway_request_validator", {"rest_api_id": rest, "id": validator}
    deployment = api.create_deployment(restApiId=rest)["id"]
    yield "aws_api_gateway_deployment", {"rest_api_id": rest, "id": deployment}
    api.create_stage(restApiId=rest, stageName="v1", deploymentId=deployment)
    yield "aws_api_gateway_stage", {"rest_api_id": rest, "stage_name": "v1"}
    key = api.create_api_key(name=f"api-key-{suffix}")["id"]
    yield "aws_api_gateway_api_key", {"id": key}
    plan = api.create_usage_plan(name=f"usage-plan-{suffix}", apiStages=[{"apiId": rest, "stage": "v1"}])["id"]
    yield "aws_api_gateway_usage_plan", {"id": plan}
    api.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
    yield "aws_api_gateway_usage_plan_key", {"usage_plan_id": plan, "key_id": key}


def firewall(client, suffix):
    waf, logs = client("wafv2"), client("logs")
    group, name = f"aws-waf-logs-api-{suffix}", f"web-acl-{suffix}"
    logs.create_log_group(logGroupName=group, tags={"Suffix": suffix})
    yield "aws_cloudwatch_log_group", {"name": group}
    visibility = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "x"}
    acl = waf.create_web_acl(Name=name, Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=visibility)
    arn = acl["Summary"]["ARN"]
    yield "aws_wafv2_web_acl", {"arn": arn}
    destination = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}"
    waf.put_logging_configuration(LoggingConfiguration={"ResourceArn": arn, "LogDestinationConfigs": [destination]})
    yield "aws_wafv2_web_acl_logging_configuration", {"resource_arn": arn}


def messaging(client, suffix):
    sns, events, firehose, logs = client("sns"), client("events"), client("firehose"), client("logs")
    topic = sns.create_topic(Name=f"topic-alerts-{suffix}")["TopicArn"]
    yield "aws_sns_topic", {"arn": topic}
    subscription = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.org", ReturnSubscriptionArn=True)
    yield "aws_sns_topic_subscription", {"arn": subscription["SubscriptionArn"]}
    rule = events.put_rule(Name=f"rule-{suffix}", EventPattern='{"source": ["aws.config"]}')["RuleArn"]
    events.put_targets(Rule=f"rule-{suffix}", Targets=[{"Id": "topic", "Arn": topic}])
    yield "aws_cloudwatch_event_rule", {"arn": rule}
    stream, role = f"firehose-logs-{suffix}", f"arn:aws:iam::{ACCOUNT}:role/iam-role-{suffix}"
    firehose.create_delivery_stream(
        DeliveryStreamName=stream,
        ExtendedS3DestinationConfiguration={"RoleARN": role, "BucketARN": "arn:aws:s3:::x"},
    )
    yield "aws_kinesis_firehose_delivery_stream", {"name": stream}
    group = f"/aws/kinesisfirehose/{stream}"
    logs.create_log_group(logGroupName=group, tags={"Suffix": suffix})
    yield "aws_cloudwatch_log_group", {"name": group}
    logs.create_log_stream(logGroupName=group, logStreamName="delivery")
    yield "aws_cloudwatch_log_stream", {"log_group_name": group, "name": "delivery"}


def monitoring(client, suffix):
    alarms, logs, trails, config = client("cloudwatch"), client("logs"), client("cloudtrail"), client("config")
    metric = {"Namespace": "x", "MetricName": "x", "Period": 60, "EvaluationPeriods": 1, "Statistic": "Sum"}
    alarms.put_metric_alarm(
        AlarmName=f"alarm-{suffix}", ComparisonOperator="GreaterThanThreshold", Threshold=1, **metric
    )
    yield "aws_cloudwatch_metric_alarm", {"alarm_name": f"alarm-{suffix}"}
    alarms.put_dashboard(DashboardName=f"dashboard-{suffix}", DashboardBody='{"widgets": []}')
    yield "aws_cloudwatch_dashboard", {"dashboard_name": f"dashboard-{suffix}"}
    group, name = f"/aws/rds/cluster/aurora-{suffix}/postgresql", f"errors-{suffix}"
    logs.create_log_group(logGroupName=group, tags={"Suffix": suffix})
    yield "aws_cloudwatch_log_group", {"name": group}
    transformation = {"metricName": "x", "metricNamespace": "x", "metricValue": "1"}
    logs.put_metric_filter(
        logGroupName=group, filterName=name, filterPattern="ERROR", metricTransformations=[transformation]
    )
    yield "aws_cloudwatch_log_metric_filter", {"log_group_name": group, "name": name}
    query = logs.put_query_definition(name=f"platform/{name}", queryString="fields @message")["queryDefinitionId"]
    yield "aws_cloudwatch_query_definition", {"query_definition_id": query}
    logs.put_resource_policy(policyName=f"log-policy-{suffix}", policyDocument=trust("es.amazonaws.com"))
    yield "aws_cloudwatch_log_resource_policy", {"policy_name": f"log-policy-{suffix}"}
    bucket = f"raw-data-{ACCOUNT}-{suffix}"
    client("s3").put_bucket_policy(Bucket=bucket, Policy=trail_policy(bucket))
    trail = trails.create_trail(Name=f"trail-{suffix}", S3BucketName=bucket)["TrailARN"]
    yield "aws_cloudtrail", {"arn": trail}
    source = {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"}
    config.put_config_rule(ConfigRule={"ConfigRuleName": f"rule-{suffix}", "Source": source})
    yield "aws_config_config_rule", {"name": f"rule-{suffix}"}


def account_settings(client, suffix):
    """What there is once per account."""
    config, api, logs = client("config"), client("apigateway"), client("logs")
    role = f"arn:aws:iam::{ACCOUNT}:role/iam-role-{suffix}"
    recorder, channel = f"config-recorder-{suffix}", f"config-channel-{suffix}"
    config.put_configuration_recorder(ConfigurationRecorder={"name": recorder, "roleARN": role})
    yield "aws_config_configuration_recorder", {"name": recorder}
    config.put_delivery_channel(DeliveryChannel={"name": channel, "s3BucketName": f"raw-data-{ACCOUNT}-{suffix}"})
    yield "aws_config_delivery_channel", {"name": channel}
    config.start_configuration_recorder(ConfigurationRecorderName=recorder)
    api.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])
    yield "aws_api_gateway_account", {"cloudwatch_role_arn": role}
    # Its group has a name that AWS fixes, and only its tag says whose it is.
    logs.create_log_group(logGroupName="/aws/apigateway/welcome", tags={"Suffix": suffix})
    yield "aws_cloudwatch_log_group", {"name": "/aws/apigateway/welcome"}


MAKERS = (network, identity, storage, compute, firewall, messaging, account_settings, monitoring)
# Kinds that hang on another thing, and that no inventory lists by itself.
CHILDREN = {
    "aws_api_gateway_method",
    "aws_api_gateway_model",
    "aws_api_gateway_request_validator",
    "aws_api_gateway_resource",
    "aws_api_gateway_stage",
    "aws_api_gateway_usage_plan_key",
    "aws_cloudwatch_log_stream",
    "aws_lambda_permission",
    "aws_route",
    "aws_route_table_association",
    "aws_vpc_security_group_ingress_rule",
}
# One that a stage serves waits for the stage.
WAITING = {"aws_api_gateway_deployment"}


def everything(client, suffix, makers=MAKERS):
    """One of each, and the Terraform type and attributes of each."""
    return [made for maker in makers for made in maker(client, suffix)]
