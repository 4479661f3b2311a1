"""B9, E2: what calls need beside their own actions, and the condition keys that AWS would use."""

import pytest

from orchestrator.local_cloud.iam.calls import ApiCall
from orchestrator.local_cloud.iam.services import wanted

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/iam-role-x"
TAGS = [{"Key": "Platform", "Value": "trading"}]


def call(service, operation, **parameters):
    return ApiCall(
        service=service, operation=operation, region="us-east-1", parameters=parameters, method="POST", path="/"
    )


def further(given):
    own, *rest = [(one.action, one.resource) for one in wanted(given)]
    return own[0], rest


def context_of(given, action=""):
    return next(one.context for one in wanted(given) if action in ("", one.action))


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "receiver"),
    [
        ("lambda", "CreateFunction", {"FunctionName": "f", "Role": ROLE}, "lambda"),
        ("lambda", "UpdateFunctionConfiguration", {"FunctionName": "f", "Role": ROLE}, "lambda"),
        ("rds", "CreateDBInstance", {"DBInstanceIdentifier": "d", "MonitoringRoleArn": ROLE}, "monitoring.rds"),
        ("ec2", "CreateFlowLogs", {"ResourceIds": ["vpc-12345678"], "DeliverLogsPermissionArn": ROLE}, "vpc-flow-logs"),
        ("cloudtrail", "CreateTrail", {"Name": "t", "CloudWatchLogsRoleArn": ROLE}, "cloudtrail"),
        ("config", "PutConfigurationRecorder", {"ConfigurationRecorder": {"name": "r", "roleARN": ROLE}}, "config"),
        ("firehose", "CreateDeliveryStream", {"ExtendedS3DestinationConfiguration": {"RoleARN": ROLE}}, "firehose"),
        ("logs", "PutSubscriptionFilter", {"logGroupName": "g", "roleArn": ROLE}, "logs"),
        ("sns", "SetTopicAttributes", {"TopicArn": "arn:aws:sns:r:1:t", "AttributeValue": ROLE}, "sns"),
        ("events", "PutTargets", {"Rule": "r", "Targets": [{"RoleArn": ROLE}]}, "events"),
        (
            "apigateway",
            "UpdateAccount",
            {"patchOperations": [{"path": "/cloudwatchRoleArn", "value": ROLE}]},
            "apigateway",
        ),
        ("glue", "CreateJob", {"Role": ROLE}, "glue"),
    ],
)
def test_e2_a_role_is_passed_to_the_service_that_gets_it(service, operation, parameters, receiver):
    passed = [one for one in wanted(call(service, operation, **parameters)) if one.action == "iam:PassRole"]
    assert [(one.resource, one.context["iam:passedtoservice"]) for one in passed] == [
        (ROLE, (f"{receiver}.amazonaws.com",))
    ]


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("sts", "AssumeRole", {"RoleArn": ROLE}),
        ("lambda", "AddPermission", {"FunctionName": "f", "Principal": ROLE}),
        ("kms", "CreateGrant", {"KeyId": "k", "GranteePrincipal": ROLE}),
        ("lambda", "CreateFunction", {"FunctionName": "f", "Tags": {"Role": ROLE}}),
    ],
)
def test_e2_a_role_that_is_only_named_is_not_passed(service, operation, parameters):
    assert "iam:PassRole" not in [one.action for one in wanted(call(service, operation, **parameters))]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "action"),
    [
        ("rds", "CreateDBSubnetGroup", {"DBSubnetGroupName": "g", "Tags": TAGS}, "rds:AddTagsToResource"),
        ("lambda", "CreateFunction", {"FunctionName": "f", "Tags": {"Platform": "trading"}}, "lambda:TagResource"),
        ("sqs", "CreateQueue", {"QueueName": "q", "tags": {"Platform": "trading"}}, "sqs:TagQueue"),
        ("iam", "CreateRole", {"RoleName": "r", "Tags": TAGS}, "iam:TagRole"),
        (
            "lambda",
            "CreateEventSourceMapping",
            {"FunctionName": "f", "Tags": {"Platform": "trading"}},
            "lambda:TagResource",
        ),
        ("kms", "CreateKey", {"Tags": [{"TagKey": "Platform", "TagValue": "trading"}]}, "kms:TagResource"),
        ("ec2", "CreateVpc", {"TagSpecifications": [{"ResourceType": "vpc", "Tags": TAGS}]}, "ec2:CreateTags"),
    ],
)
def test_e2_tags_of_something_new_need_a_permission_of_their_own(service, operation, parameters, action):
    one = next(one for one in wanted(call(service, operation, **parameters)) if one.action == action)
    assert one.context["aws:requesttag/platform"] == ("trading",)
    assert one.context["aws:tagkeys"] == ("Platform",)
    untagged = {name: value for name, value in parameters.items() if "tag" not in name.lower()}
    assert action not in [one.action for one in wanted(call(service, operation, **untagged))]


def test_e2_tags_at_creation_say_by_which_call():
    given = call("ec2", "CreateVpc", TagSpecifications=[{"ResourceType": "vpc", "Tags": TAGS}])
    assert context_of(given, "ec2:CreateTags")["ec2:createaction"] == ("CreateVpc",)


def test_e2_a_firewall_and_its_log_need_rights_in_other_services():
    api = "arn:aws:apigateway:us-east-1::/restapis/a/stages/v1"
    assert ("apigateway:SetWebACL", api) in further(call("wafv2", "AssociateWebACL", WebACLArn="x", ResourceArn=api))[1]
    log = {"ResourceArn": "x", "LogDestinationConfigs": [f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g"]}
    assert ("logs:CreateLogDelivery", "*") in further(
        call("wafv2", "PutLoggingConfiguration", LoggingConfiguration=log)
    )[1]


def test_e2_a_managed_master_password_is_a_secret():
    given = call("rds", "CreateDBCluster", DBClusterIdentifier="c", ManageMasterUserPassword=True)
    secret = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:rds!cluster-*"
    assert ("secretsmanager:CreateSecret", secret) in further(given)[1]


def test_e2_tags_of_a_session_need_a_permission_of_their_own():
    assert further(call("sts", "AssumeRole", RoleArn=ROLE, Tags=TAGS)) == ("sts:AssumeRole", [("sts:TagSession", ROLE)])


@pytest.mark.parametrize(
    ("given", "key", "expected"),
    [
        (call("iam", "AttachRolePolicy", RoleName="r", PolicyArn="p"), "iam:policyarn", ("p",)),
        (call("iam", "CreateRole", RoleName="r", PermissionsBoundary="b"), "iam:permissionsboundary", ("b",)),
        (call("iam", "CreateServiceLinkedRole", AWSServiceName="s"), "iam:awsservicename", ("s",)),
        (call("kms", "CreateKey", KeySpec="RSA_2048"), "kms:keyspec", ("RSA_2048",)),
        (call("secretsmanager", "CreateSecret", Name="s", KmsKeyId="k"), "secretsmanager:kmskeyid", ("k",)),
        (call("lambda", "CreateFunction", FunctionName="f", Layers=["l"]), "lambda:layer", ("l",)),
        (
            call(
                "lambda", "CreateFunction", FunctionName="f", VpcConfig={"SubnetIds": ["s"], "SecurityGroupIds": ["g"]}
            ),
            "lambda:securitygroupids",
            ("g",),
        ),
        (
            call("lambda", "CreateEventSourceMapping", FunctionName="f"),
            "lambda:functionarn",
            (f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f",),
        ),
        (call("events", "PutEvents", Entries=[{"Source": "a", "DetailType": "d"}]), "events:source", ("a",)),
        (call("events", "PutEvents", Entries=[{"Source": "a", "DetailType": "d"}]), "events:detail-type", ("d",)),
        (
            call("sns", "Subscribe", TopicArn=f"arn:aws:sns:us-east-1:{ACCOUNT}:t", Protocol="sqs"),
            "sns:protocol",
            ("sqs",),
        ),
        (call("ec2", "RunInstances", InstanceType="t3.nano"), "ec2:instancetype", ("t3.nano",)),
        (call("ec2", "CreateSubnet", VpcId="vpc-12345678"), "ec2:vpcid", ("vpc-12345678",)),
        (call("monitoring", "PutMetricData", Namespace="n"), "cloudwatch:namespace", ("n",)),
    ],
)
def test_e2_condition_keys_of_parameters(given, key, expected):
    assert context_of(given)[key] == expected


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"UpdateExpression": "SET #a = :v, b.c = if_not_exists(d, :w) REMOVE e[0]"}, ("A", "b", "d", "e")),
        ({"ConditionExpression": "attribute_exists(f) AND size(g) > :n"}, ("f", "g")),
        ({"FilterExpression": "h BETWEEN :x AND :y OR NOT contains(i, :z)"}, ("h", "i")),
        ({"ProjectionExpression": "j, k.l"}, ("j", "k")),
        ({"AttributeUpdates": {"m": {}}, "Expected": {"n": {}}}, ("m", "n")),
    ],
)
def test_b9_attributes_are_all_that_an_expression_names(parameters, expected):
    given = call("dynamodb", "UpdateItem", TableName="t", ExpressionAttributeNames={"#a": "A"}, **parameters)
    assert context_of(given)["dynamodb:attributes"] == expected


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        (
            "dynamodb",
            "BatchExecuteStatement",
            {"Statements": [{"Statement": 'INSERT INTO "t" VALUE {}'}]},
            "dynamodb:PartiQLInsert table/t",
        ),
        (
            "dynamodb",
            "ExecuteTransaction",
            {"TransactStatements": [{"Statement": "SELECT * FROM t"}]},
            "dynamodb:PartiQLSelect table/t",
        ),
        ("dynamodb", "ListStreams", {}, "dynamodb:ListStreams *"),
        ("dynamodb", "ListTables", {}, "dynamodb:ListTables *"),
        ("rds", "DeleteDBCluster", {"DBClusterIdentifier": "c"}, "rds:DeleteDBCluster cluster:c, cluster-snapshot:*"),
        ("rds", "DescribeDBClusters", {}, "rds:DescribeDBClusters cluster:*"),
        ("ec2", "CreateVpc", {}, "ec2:CreateVpc vpc/*"),
        (
            "ec2",
            "DetachNetworkInterface",
            {"AttachmentId": "eni-attach-1"},
            "ec2:DetachNetworkInterface instance/*, network-interface/*",
        ),
        ("events", "CreateEventBus", {"Name": "b"}, "events:CreateEventBus event-bus/b"),
        ("lambda", "GetEventSourceMapping", {"UUID": "u"}, "lambda:GetEventSourceMapping event-source-mapping:u"),
        ("config", "DescribeConfigRules", {}, "config:DescribeConfigRules *"),
        (
            "sns",
            "GetSubscriptionAttributes",
            {"SubscriptionArn": "arn:aws:sns:r:1:t:i"},
            "sns:GetSubscriptionAttributes *",
        ),
        ("wafv2", "CreateWebACL", {"Name": "w", "Scope": "REGIONAL"}, "wafv2:CreateWebACL regional/webacl/w/*"),
        ("cloudtrail", "CreateTrail", {"Name": "t"}, "cloudtrail:CreateTrail trail/t"),
    ],
)
def test_e2_actions_and_resources_are_those_of_the_reference(service, operation, parameters, expected):
    action, _, resources = expected.partition(" ")
    prefix = f"arn:aws:{service}:us-east-1:{ACCOUNT}:"
    found = [one for one in wanted(call(service, operation, **parameters)) if one.action == action]
    assert [one.resource for one in found] == [one if one == "*" else prefix + one for one in resources.split(", ")]
