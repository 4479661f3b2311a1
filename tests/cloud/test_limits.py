"""What AWS documents beyond its service models is refused with AWS's code, and the same requests within the limit pass (E1).

A row is (service, operation, request, mistake, code[, status]); where the limit is documented is the ``source`` of its rule in
``orchestrator.local_cloud.limits``. Names with a dollar stand for things that the module's fixture creates.
"""

import json
import time
from uuid import uuid4

import pytest

from orchestrator.local_cloud.limits import limits
from orchestrator.local_cloud.limits.tokens import TOKENS
from tests.cloud.helpers import HERE, MISSING, SIGNED_AS, archive, document, statement, trail_policy

UNKNOWN_KEY = f"arn:aws:kms:{HERE}:key/11111111-2222-3333-4444-555555555555"
TRUST = document({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})
INVALID, PARAMETER, LAMBDA = "ValidationException", "InvalidParameterException", "InvalidParameterValueException"
ZIP = archive("def handler(event, context): pass")
NOW = int(time.time() * 1000)
BUCKET, RULE = {"Bucket": "$bucket"}, {"Rule": "limits"}


def policy(count):
    return document(*(statement("s3:GetObject", f"arn:aws:s3:::bucket-{n:05}/*") for n in range(count)))


def bucket_policy(resource):
    return {"Policy": document(statement("s3:GetObject", resource, principal={"AWS": "123456789012"}))}


def lifecycle(*rules):
    filled = [{"ID": str(n), "Status": "Enabled", "Filter": {"Prefix": ""}} | rule for n, rule in enumerate(rules)]
    return {"LifecycleConfiguration": {"Rules": filled}}


def glacier(days, expires):
    return lifecycle({"Transitions": [{"Days": days, "StorageClass": "GLACIER"}], "Expiration": {"Days": expires}})


def item(depth):
    value = {"S": "x"}
    for _ in range(depth):
        value = {"L": [value]}
    return {"Item": {"pk": {"S": "k"}, "deep": value}}


def scaling(low, high):
    return {"ServerlessV2ScalingConfiguration": {"MinCapacity": low, "MaxCapacity": high}}


def events(*pairs):
    return {"logEvents": [{"timestamp": NOW - ago, "message": "x" * size} for ago, size in pairs]}


def targets(count):
    return {"Targets": [{"Id": str(n), "Arn": f"arn:aws:sqs:{HERE}:limits"} for n in range(count)]}


def waf(name):
    return {
        "LoggingConfiguration": {
            "ResourceArn": "$acl",
            "LogDestinationConfigs": [f"arn:aws:logs:{HERE}:log-group:{name}"],
        }
    }


def role_of(value):
    return {"patchOperations": [{"op": "replace", "path": "/cloudwatchRoleArn", "value": value}]}


def notified(queue):
    return {
        "NotificationConfiguration": {"QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}]}
    }


EXPIRES = lifecycle({"Expiration": {"Days": 1}})
TABLE = {
    "TableName": "limits-new",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
CLUSTER = {
    "DBClusterIdentifier": "limits-new",
    "Engine": "aurora-postgresql",
    "MasterUsername": "u",
    "MasterUserPassword": "a-password",
}
FUNCTION = {
    "FunctionName": "limits-new",
    "Role": "$role",
    "Runtime": "python3.12",
    "Handler": "handler.handler",
    "Code": {"ZipFile": ZIP},
}
MAPPING = {"FunctionName": "limits", "EventSourceArn": "$slow"}
PERMISSION = {
    "FunctionName": "limits",
    "StatementId": "new",
    "Action": "lambda:InvokeFunction",
    "Principal": "s3.amazonaws.com",
}
ALARM = {
    "AlarmName": "limits",
    "MetricName": "m",
    "Namespace": "n",
    "Statistic": "Sum",
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 24,
    "Period": 3600,
}
CONFIG = {"ConfigRule": {"ConfigRuleName": "limits", "Source": {"Owner": "AWS", "SourceIdentifier": "EIP_ATTACHED"}}}
TRAIL = {"Name": "limits", "S3BucketName": "$trails"}
ROWS = [
    *[("s3", "CreateBucket", {"Bucket": "limits-new"}, {"Bucket": name}, "InvalidBucketName") for name in ("UPPER", "a_b", "a..b", "192.168.1.1", "xn--abc", "abc-s3alias")],
    ("s3", "PutObject", {**BUCKET, "Key": "k" * 1024}, {"Key": "é" * 513}, "KeyTooLongError"),
    ("s3", "PutObject", {**BUCKET, "Key": "k", "Metadata": {"a": "x" * 2047}}, {"Metadata": {"a": "x" * 2048}}, "MetadataTooLarge"),
    ("s3", "PutBucketTagging", {**BUCKET, "Tagging": {"TagSet": [{"Key": f"k{n}", "Value": "v"} for n in range(50)]}}, {"Tagging": {"TagSet": [{"Key": f"k{n}", "Value": "v"} for n in range(51)]}}, "BadRequest"),
    ("s3", "PutBucketPolicy", {**BUCKET, **bucket_policy("arn:aws:s3:::limits-bucket/*")}, bucket_policy("arn:aws:s3:::other/*"), "MalformedPolicy"),
    ("s3", "PutBucketPolicy", {**BUCKET, **bucket_policy("arn:aws:s3:::limits-bucket")}, {"Policy": "{"}, "MalformedPolicy"),
    ("s3", "PutBucketLifecycleConfiguration", {**BUCKET, **glacier(90, 91)}, glacier(90, 90), "InvalidArgument"),
    ("s3", "PutBucketLifecycleConfiguration", {**BUCKET, **EXPIRES}, lifecycle({"Expiration": {"Days": 0}}), "InvalidArgument"),
    ("s3", "PutBucketLifecycleConfiguration", {**BUCKET, **EXPIRES}, lifecycle({"Transitions": [{"Days": 29, "StorageClass": "STANDARD_IA"}]}), "InvalidArgument"),
    ("s3", "PutBucketLifecycleConfiguration", {**BUCKET, **EXPIRES}, lifecycle(*[{"ID": "same", "Expiration": {"Days": 1}}] * 2), "InvalidArgument"),
    ("s3", "PutBucketLifecycleConfiguration", {**BUCKET, **EXPIRES}, lifecycle({}), "InvalidRequest"),
    ("s3", "PutBucketNotificationConfiguration", {**BUCKET, **notified("$open")}, notified("$slow"), "InvalidArgument"),
    ("dynamodb", "CreateTable", TABLE, {"TableName": "a b"}, INVALID),
    ("dynamodb", "CreateTable", TABLE | {"TableName": "limits-key"}, {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": UNKNOWN_KEY}}, INVALID),
    ("dynamodb", "PutItem", {"TableName": "limits", **item(32)}, item(33), INVALID),
    ("dynamodb", "PutItem", {"TableName": "limits", **item(1)}, {"ConditionExpression": f"attribute_not_exists({'a' * 4096})"}, INVALID),
    ("secretsmanager", "CreateSecret", {"Name": "limits-new!", "SecretString": "s"}, {"Name": "a b"}, INVALID),
    ("secretsmanager", "CreateSecret", {"Name": "limits-other", "SecretString": "s"}, {"Name": "limits-gone"}, "InvalidRequestException"),
    ("secretsmanager", "PutSecretValue", {"SecretId": "limits", "SecretString": "s"}, {"SecretId": "limits-gone"}, "InvalidRequestException"),
    ("rds", "CreateDBCluster", CLUSTER, {"DBClusterIdentifier": "1--x"}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER | {"DBClusterIdentifier": "limits-b"}, {"BackupRetentionPeriod": 36}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER | {"DBClusterIdentifier": "limits-c", **scaling(0, 256)}, scaling(4, 1), "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER | {"DBClusterIdentifier": "limits-d", **scaling(0.5, 1)}, scaling(0.3, 1), "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER | {"DBClusterIdentifier": "limits-e"}, {"MasterUserPassword": "with/slash"}, "InvalidParameterValue"),
    ("rds", "CreateDBCluster", CLUSTER | {"DBClusterIdentifier": "limits-f"}, {"ManageMasterUserPassword": True}, "InvalidParameterCombination"),
    ("rds", "CreateDBCluster", CLUSTER | {"DBClusterIdentifier": "limits-g"}, {"DBClusterIdentifier": "limits"}, "DBClusterAlreadyExistsFault"),
    ("rds", "CreateDBCluster", CLUSTER | {"DBClusterIdentifier": "limits-h"}, {"DBSubnetGroupName": "none", "DBClusterIdentifier": "limits-k"}, "DBSubnetGroupNotFoundFault", 404),
    ("rds", "CreateDBCluster", CLUSTER | {"DBClusterIdentifier": "limits-i"}, {"DBClusterParameterGroupName": "none", "DBClusterIdentifier": "limits-k"}, "DBClusterParameterGroupNotFound", 404),
    ("rds", "CreateDBCluster", CLUSTER | {"DBClusterIdentifier": "limits-j"}, {"KmsKeyId": UNKNOWN_KEY, "DBClusterIdentifier": "limits-k"}, "KMSKeyNotAccessibleFault"),
    ("rds", "DeleteDBCluster", {"DBClusterIdentifier": "limits-deleted", "SkipFinalSnapshot": True}, {"SkipFinalSnapshot": MISSING}, "InvalidParameterCombination"),
    ("rds", "CreateDBSubnetGroup", {"DBSubnetGroupName": "limits", "DBSubnetGroupDescription": "d", "SubnetIds": ["$subnet-a", "$subnet-b"]}, {"SubnetIds": ["$subnet-a"]}, "DBSubnetGroupDoesNotCoverEnoughAZs"),
    ("lambda", "CreateFunction", FUNCTION, {"FunctionName": "limits-b", "Timeout": 901}, INVALID),
    ("lambda", "CreateFunction", FUNCTION | {"FunctionName": "limits-c"}, {"Code": {"ZipFile": b"no archive"}}, LAMBDA),
    ("lambda", "CreateFunction", FUNCTION | {"FunctionName": "limits-d"}, {"Role": "$api-role"}, LAMBDA),
    ("lambda", "CreateFunction", FUNCTION | {"FunctionName": "limits-e"}, {"KMSKeyArn": UNKNOWN_KEY}, LAMBDA),
    ("lambda", "CreateEventSourceMapping", MAPPING, {"EventSourceArn": "$quick"}, LAMBDA),
    ("lambda", "CreateEventSourceMapping", MAPPING | {"EventSourceArn": "$open", "BatchSize": 10}, {"BatchSize": 11}, LAMBDA),
    ("lambda", "CreateEventSourceMapping", MAPPING | {"EventSourceArn": "$other"}, {"EventSourceArn": "$mapped"}, "ResourceConflictException", 409),
    ("lambda", "AddPermission", PERMISSION, {"StatementId": "taken"}, "ResourceConflictException", 409),
    ("iam", "CreatePolicy", {"PolicyName": "limits", "PolicyDocument": policy(60)}, {"PolicyDocument": policy(90)}, "LimitExceeded", 409),
    ("iam", "UpdateAssumeRolePolicy", {"RoleName": "limits", "PolicyDocument": TRUST}, {"PolicyDocument": TRUST.replace("lambda.", "x" * 2048)}, "LimitExceeded", 409),
    ("iam", "PutRolePolicy", {"RoleName": "limits", "PolicyName": "two", "PolicyDocument": policy(50)}, {"PolicyDocument": policy(110)}, "LimitExceeded", 409),
    ("iam", "AttachRolePolicy", {"RoleName": "limits", "PolicyArn": "$policy"}, {"RoleName": "limits-full"}, "LimitExceeded", 409),
    ("kms", "CreateAlias", {"AliasName": "alias/limits", "TargetKeyId": "$key"}, {"AliasName": "alias/aws/limits"}, "NotAuthorizedException"),
    ("kms", "CreateKey", {}, {"Policy": "{"}, "MalformedPolicyDocumentException"),
    ("ec2", "DeleteVpc", {"VpcId": "$empty-vpc"}, {"VpcId": "$vpc"}, "DependencyViolation"),
    ("ec2", "CreateTags", {"Resources": ["$vpc"], "Tags": [{"Key": "a", "Value": "b"}]}, {"Tags": [{"Key": "aws:a", "Value": "b"}]}, "InvalidParameterValue"),
    ("sqs", "CreateQueue", {"QueueName": "limits-new"}, {"QueueName": "a b"}, "InvalidParameterValue"),
    ("sqs", "SetQueueAttributes", {"QueueUrl": "$url", "Attributes": {"DelaySeconds": "1"}}, {"Attributes": {"Policy": "{"}}, "InvalidAttributeValue"),
    ("sns", "CreateTopic", {"Name": "limits"}, {"Name": "a b"}, "InvalidParameter"),
    ("sns", "Subscribe", {"TopicArn": "$topic", "Protocol": "sqs", "Endpoint": "$open"}, {"Protocol": "fax"}, "InvalidParameter"),
    ("logs", "PutRetentionPolicy", {"logGroupName": "limits", "retentionInDays": 30}, {"retentionInDays": 31}, PARAMETER),
    ("logs", "CreateLogGroup", {"logGroupName": "limits-new"}, {"logGroupName": "aws/limits"}, PARAMETER),
    ("logs", "CreateLogGroup", {"logGroupName": "limits-key", "kmsKeyId": "$logs-key"}, {"kmsKeyId": "$key"}, PARAMETER),
    ("logs", "CreateLogGroup", {"logGroupName": "limits-unknown"}, {"kmsKeyId": UNKNOWN_KEY}, PARAMETER),
    ("logs", "PutLogEvents", {"logGroupName": "limits", "logStreamName": "s", **events((3_600_000, 1), (0, 1))}, events((90_000_000, 1), (0, 1)), PARAMETER),
    ("logs", "PutLogEvents", {"logGroupName": "limits", "logStreamName": "s", **events((0, 1_048_550))}, events((0, 1_048_551)), PARAMETER),
    *[("cloudwatch", "PutMetricAlarm", ALARM, mistake, "ValidationError") for mistake in ({"Period": 45}, {"EvaluationPeriods": 169}, {"DatapointsToAlarm": 25}, {"TreatMissingData": "guess"})],
    ("events", "PutRule", {"Name": "limits-new", "ScheduleExpression": "rate(1 day)"}, {"ScheduleExpression": MISSING}, INVALID),
    ("events", "PutTargets", {**RULE, **targets(5)}, targets(6), "LimitExceededException"),
    ("events", "DeleteRule", {"Name": "limits-empty"}, {"Name": "limits-aimed"}, INVALID),
    ("cloudtrail", "CreateTrail", TRAIL, {"S3BucketName": "$bucket"}, "InsufficientS3BucketPolicyException"),
    ("wafv2", "PutLoggingConfiguration", waf("aws-waf-logs-limits"), waf("limits"), "WAFInvalidParameterException"),
    ("apigateway", "CreateApiKey", {"name": "limits", "value": "v" * 20}, {"value": "v" * 19}, "BadRequestException"),
    ("apigateway", "CreateApiKey", {"name": "limits", "value": ""}, {"value": "v" * 129}, "BadRequestException"),
    ("apigateway", "CreateModel", {"restApiId": "$api", "name": "limits", "contentType": "application/json", "schema": "{}"}, {"name": "a-b"}, "BadRequestException"),
    ("apigateway", "PutMethod", {"restApiId": "$api", "resourceId": "$root", "httpMethod": "POST", "authorizationType": "NONE"}, {"httpMethod": "GET"}, "ConflictException", 409),
    ("apigateway", "CreateResource", {"restApiId": "$api", "parentId": "$root", "pathPart": "new"}, {"pathPart": "taken"}, "ConflictException", 409),
    ("apigateway", "CreateStage", {"restApiId": "$api", "stageName": "v-1_a", "deploymentId": "none"}, {"stageName": "a b"}, "BadRequestException"),
    ("apigateway", "UpdateAccount", role_of("$api-role"), role_of("$role"), "BadRequestException"),
    ("ec2", "CreateNatGateway", {"SubnetId": "$subnet-a", "ConnectivityType": "private", "ClientToken": "limits"}, {"SubnetId": "$subnet-b"}, "IdempotentParameterMismatch"),
    ("dynamodb", "TransactWriteItems", {"ClientRequestToken": "limits", "TransactItems": [{"Put": {"TableName": "limits", **item(0)}}]}, {"TransactItems": [{"Put": {"TableName": "limits", **item(1)}}]}, "IdempotentParameterMismatchException"),
]  # fmt: skip


@pytest.fixture(scope="module")
def things(client):  # noqa: C901, PLR0912, PLR0915 - one of each kind
    """Create what the rows name."""
    s3, ec2, iam, sqs, kms = client("s3"), client("ec2"), client("iam"), client("sqs"), client("kms")
    found = {"$bucket": "limits-bucket", "$trails": "limits-trails"}
    for name in found.values():
        s3.create_bucket(Bucket=name)
    s3.put_bucket_policy(Bucket="limits-trails", Policy=trail_policy("limits-trails"))
    client("dynamodb").create_table(**TABLE | {"TableName": "limits"})
    for name in ("limits", "limits-gone"):
        client("secretsmanager").create_secret(Name=name, SecretString="x")
    client("secretsmanager").delete_secret(SecretId="limits-gone", RecoveryWindowInDays=7)
    for name in ("limits", "limits-deleted"):
        client("rds").create_db_cluster(**CLUSTER | {"DBClusterIdentifier": name})
    for name in ("$vpc", "$empty-vpc"):
        found[name] = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    ec2.create_security_group(GroupName="limits", Description="d", VpcId=found["$vpc"])
    for n, zone in enumerate("ab"):
        subnet = ec2.create_subnet(
            VpcId=found["$vpc"], CidrBlock=f"10.99.{n}.0/24", AvailabilityZone=f"us-east-1{zone}"
        )
        found[f"$subnet-{zone}"] = subnet["Subnet"]["SubnetId"]
    for name, trusted in (("$role", TRUST), ("$api-role", TRUST.replace("lambda.", "apigateway."))):
        made = iam.create_role(RoleName=f"limits{name[1:]}", AssumeRolePolicyDocument=trusted)
        found[name] = made["Role"]["Arn"]
    for name in ("limits", "limits-full"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName="limits", PolicyName="one", PolicyDocument=policy(50))
    for n in range(11):
        found["$policy"] = iam.create_policy(PolicyName=f"limits-{n}", PolicyDocument=policy(1))["Policy"]["Arn"]
        if n < 10:
            iam.attach_role_policy(RoleName="limits-full", PolicyArn=found["$policy"])
    found["$key"] = kms.create_key()["KeyMetadata"]["Arn"]
    root = statement("kms:*", "*", principal={"AWS": "arn:aws:iam::123456789012:root"})
    bound = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{HERE}:log-group:limits-*"}}
    logs_use = statement(
        ["kms:GenerateDataKey*", "kms:Decrypt*"], "*", service="logs.us-east-1.amazonaws.com", condition=bound
    )
    found["$logs-key"] = kms.create_key(Policy=document(root, logs_use))["KeyMetadata"]["Arn"]
    for name, timeout in (("$quick", "30"), ("$slow", "60"), ("$open", "60"), ("$other", "60"), ("$mapped", "60")):
        found[name] = f"arn:aws:sqs:{HERE}:limits-{name[1:]}"
        attributes = {"VisibilityTimeout": timeout}
        if name == "$open":
            attributes["Policy"] = document(statement("sqs:SendMessage", found[name], service="s3.amazonaws.com"))
        found["$url"] = sqs.create_queue(QueueName=f"limits-{name[1:]}", Attributes=attributes)["QueueUrl"]
    functions = client("lambda")
    functions.create_function(**FUNCTION | {"FunctionName": "limits", "Role": found["$role"], "Timeout": 60})
    functions.create_event_source_mapping(FunctionName="limits", EventSourceArn=found["$mapped"])
    functions.add_permission(**PERMISSION | {"StatementId": "taken"})
    client("logs").create_log_group(logGroupName="limits")
    client("logs").create_log_stream(logGroupName="limits", logStreamName="s")
    for name in ("limits", "limits-empty", "limits-aimed"):
        client("events").put_rule(Name=name, EventPattern='{"source": ["limits"]}')
    client("events").put_targets(Rule="limits-aimed", **targets(1))
    visibility = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "x"}
    acl = client("wafv2").create_web_acl(
        Name="limits", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=visibility
    )
    found["$acl"] = acl["Summary"]["ARN"]
    found["$topic"] = client("sns").create_topic(Name="limits-topic")["TopicArn"]
    api = client("apigateway")
    found["$api"] = api.create_rest_api(name="limits")["id"]
    found["$root"] = api.get_resources(restApiId=found["$api"])["items"][0]["id"]
    api.put_method(restApiId=found["$api"], resourceId=found["$root"], httpMethod="GET", authorizationType="NONE")
    api.create_resource(restApiId=found["$api"], parentId=found["$root"], pathPart="taken")
    yield found
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        if ":limits" in mapping["FunctionArn"]:
            functions.delete_event_source_mapping(UUID=mapping["UUID"])
    api.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}])
    client("cloudtrail").delete_trail(Name="limits")


def filled(value, things):
    """Put the things in the place of their names."""
    if isinstance(value, dict):
        return {name: filled(one, things) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, things) for one in value]
    return things.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row[0]}-{row[1]}-{n}") for n, row in enumerate(ROWS)])
def test_e1_what_aws_documents_as_forbidden_is_refused_and_within_the_limit_it_passes(send, refusals, things, row):
    service, operation, request, mistake, code, *status = row
    label = f"{SIGNED_AS.get(service, service)}:{operation}"
    request, mistake = filled(request, things), filled(mistake, things)
    before = refusals(label, "limited")
    send(service, operation, request)
    assert refusals(label, "limited") == before, "the request within the limit must pass"
    assert send(service, operation, request | mistake)[:2] == (*(status or [400]), code)
    assert refusals(label, "limited") == before + 1


def test_e1_a_rule_needs_a_recorder(local_cloud):
    config = local_cloud.client("config")
    with pytest.raises(config.exceptions.NoAvailableConfigurationRecorderException):
        config.put_config_rule(**CONFIG)
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "limits", "roleARN": "arn:aws:iam::123456789012:role/r"}
    )
    config.put_config_rule(**CONFIG)


def test_e1_a_call_that_is_repeated_with_its_token_gets_its_first_answer(client, things):
    request = {"SubnetId": things["$subnet-a"], "ConnectivityType": "private", "ClientToken": str(uuid4())}
    answers = [client("ec2").create_nat_gateway(**request)["NatGateway"]["NatGatewayId"] for _ in range(2)]
    assert answers[0] == answers[1]
    other = client("ec2").create_nat_gateway(**request | {"ClientToken": str(uuid4())})["NatGateway"]["NatGatewayId"]
    assert other != answers[0]


def test_e1_every_limit_names_its_source_and_has_a_row():
    tried = {(SIGNED_AS.get(service, service), operation, code) for service, operation, _, _, code, *_ in ROWS}
    tried.add(("config", "PutConfigRule", "NoAvailableConfigurationRecorderException"))
    for limit in limits():
        assert limit.source.startswith("https://docs.aws.amazon.com/")
        assert any((limit.service, operation, limit.code) in tried for operation in limit.operations), limit.forbids
    assert {rule.code for rule in TOKENS.values()} <= {code for *_, code in tried}
    assert json.dumps([limit.forbids for limit in limits()]).isascii()
