"""Requests that AWS's service models forbid are refused with the code of their service, and the same requests without the mistake pass (E1).

A row is (operation, request, mistake, code, words). The model of the operation is on AWS's page of it, ``PAGES`` + its name; where the service's code is
documented or was seen is the ``source`` of its row in ``orchestrator.local_cloud.models.services``.
"""

import pytest

from orchestrator.local_cloud.models.services import refusals_of
from tests.cloud.helpers import MISSING, SIGNED_AS, archive, document

DOCS = "https://docs.aws.amazon.com"
PAGES = {
    "acm": f"{DOCS}/acm/latest/APIReference/API_",
    "apigateway": f"{DOCS}/apigateway/latest/api/API_",
    "cloudtrail": f"{DOCS}/awscloudtrail/latest/APIReference/API_",
    "cloudwatch": f"{DOCS}/AmazonCloudWatch/latest/APIReference/API_",
    "config": f"{DOCS}/config/latest/APIReference/API_",
    "dynamodb": f"{DOCS}/amazondynamodb/latest/APIReference/API_",
    "ec2": f"{DOCS}/AWSEC2/latest/APIReference/API_",
    "events": f"{DOCS}/eventbridge/latest/APIReference/API_",
    "firehose": f"{DOCS}/firehose/latest/APIReference/API_",
    "iam": f"{DOCS}/IAM/latest/APIReference/API_",
    "kinesis": f"{DOCS}/kinesis/latest/APIReference/API_",
    "kms": f"{DOCS}/kms/latest/APIReference/API_",
    "lambda": f"{DOCS}/lambda/latest/api/API_",
    "logs": f"{DOCS}/AmazonCloudWatchLogs/latest/APIReference/API_",
    "rds": f"{DOCS}/AmazonRDS/latest/APIReference/API_",
    "s3": f"{DOCS}/AmazonS3/latest/API/API_",
    "secretsmanager": f"{DOCS}/secretsmanager/latest/apireference/API_",
    "sns": f"{DOCS}/sns/latest/api/API_",
    "sqs": f"{DOCS}/AWSSimpleQueueService/latest/APIReference/API_",
    "ssm": f"{DOCS}/systems-manager/latest/APIReference/API_",
    "sts": f"{DOCS}/STS/latest/APIReference/API_",
    "wafv2": f"{DOCS}/waf/latest/APIReference/API_",
}

NULL, PATTERN, ENUM = (
    "Member must not be null",
    "Member must satisfy regular expression pattern",
    "Member must satisfy enum value set",
)
LONG, SHORT = "Member must have length less than or equal to", "Member must have length greater than or equal to"
HIGH, LOW = "Member must have value less than or equal to", "Member must have value greater than or equal to"
INVALID = "ValidationException"
XML = "did not validate against our published schema"
ROLE = "arn:aws:iam::123456789012:role/no-such-role"
TRUST = document({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})
TABLE = {
    "TableName": "test-models",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
FUNCTION = {
    "FunctionName": "test-models",
    "Role": ROLE,
    "Code": {"ZipFile": archive("")},
    "Runtime": "python3.12",
    "Handler": "handler.handler",
}
ALARM = {
    "AlarmName": "test-models",
    "MetricName": "m",
    "Namespace": "n",
    "Period": 60,
    "Statistic": "Sum",
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 1,
}
RULE = {"ConfigRuleName": "test-models", "Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"}}
ACL = {
    "Name": "test-models",
    "Scope": "REGIONAL",
    "DefaultAction": {"Allow": {}},
    "VisibilityConfig": {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "x"},
}
STREAM = {
    "DeliveryStreamName": "test-models",
    "ExtendedS3DestinationConfiguration": {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::test-models"},
}


def puts(count):
    return {"RequestItems": {"no-such-table": [{"PutRequest": {"Item": {"pk": {"S": str(n)}}}} for n in range(count)]}}


def lifecycle(**rule):
    return {
        "LifecycleConfiguration": {
            "Rules": [{"Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}} | rule]
        }
    }


TABLES = {
    "acm": [
        ("RequestCertificate", {"DomainName": "example.org"}, {"DomainName": MISSING}, INVALID, f"'domainName' failed to satisfy constraint: {NULL}"),
        ("RequestCertificate", {"DomainName": "example.org"}, {"ValidationMethod": "POST"}, INVALID, ENUM),
        ("DescribeCertificate", {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/x"}, {"CertificateArn": "x"}, INVALID, SHORT),
    ],
    "apigateway": [
        ("CreateRestApi", {"name": "test-models"}, {"name": MISSING}, "BadRequestException", NULL),
        ("CreateRestApi", {"name": "test-models"}, {"apiKeySource": "QUERY"}, "BadRequestException", ENUM),
        ("PutIntegration", {"restApiId": "r", "resourceId": "r", "httpMethod": "GET", "type": "MOCK"}, {"type": "LAMBDA"}, "BadRequestException", ENUM),
        ("UpdateAccount", {"patchOperations": []}, {"patchOperations": [{"op": "change"}]}, "BadRequestException", "'patchOperations.1.member.op'"),
    ],
    "cloudtrail": [
        ("LookupEvents", {"MaxResults": 50}, {"MaxResults": 51}, INVALID, f"{HIGH} 50"),
        ("CreateTrail", {"Name": "test-models", "S3BucketName": "no-such-bucket"}, {"S3BucketName": MISSING}, INVALID, NULL),
    ],
    "cloudwatch": [
        ("PutMetricAlarm", ALARM, {"ComparisonOperator": "Above"}, "ValidationError", ENUM),
        ("PutMetricAlarm", ALARM, {"EvaluationPeriods": 0}, "ValidationError", f"{LOW} 1"),
        ("PutMetricAlarm", ALARM, {"AlarmName": "x" * 256}, "ValidationError", f"{LONG} 255"),
        ("PutMetricAlarm", ALARM, {"AlarmActions": ["a"] * 6}, "ValidationError", f"{LONG} 5"),
    ],
    "config": [
        ("PutConfigRule", {"ConfigRule": RULE}, {"ConfigRule": RULE | {"ConfigRuleName": "x" * 129}}, INVALID, f"'configRule.configRuleName' failed to satisfy constraint: {LONG} 128"),
        ("PutConfigRule", {"ConfigRule": RULE}, {"ConfigRule": RULE | {"MaximumExecutionFrequency": "Hourly"}}, INVALID, ENUM),
        ("PutConfigRule", {"ConfigRule": RULE}, {"ConfigRule": {"ConfigRuleName": "test-models"}}, INVALID, f"'configRule.source' failed to satisfy constraint: {NULL}"),
    ],
    "dynamodb": [
        ("CreateTable", TABLE, {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "SS"}]}, INVALID, f"'attributeDefinitions.1.member.attributeType' failed to satisfy constraint: {ENUM}"),
        ("CreateTable", TABLE, {"KeySchema": [{"AttributeName": "pk", "KeyType": "PRIMARY"}]}, INVALID, f"'keySchema.1.member.keyType' failed to satisfy constraint: {ENUM}"),
        ("CreateTable", TABLE, {"BillingMode": "FREE"}, INVALID, ENUM),
        ("GetItem", {"TableName": "no-such-table", "Key": {"pk": {"S": "x"}}}, {"Key": MISSING}, INVALID, NULL),
        ("BatchWriteItem", puts(25), puts(26), INVALID, "at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 25"),
        ("Query", {"TableName": "no-such-table", "Limit": 1, "KeyConditionExpression": "pk = :p"}, {"Limit": 0}, INVALID, f"{LOW} 1"),
    ],
    "ec2": [
        ("CreateVpc", {"CidrBlock": "10.77.0.0/16"}, {"InstanceTenancy": "shared"}, "InvalidParameterValue", "Value (shared) for parameter InstanceTenancy is invalid"),
        ("CreateSubnet", {"VpcId": "vpc-00000000", "CidrBlock": "10.0.0.0/24"}, {"VpcId": MISSING}, "MissingParameter", "The request must contain the parameter VpcId"),
        ("DescribeVpcs", {"MaxResults": 5}, {"MaxResults": 4}, "InvalidParameterValue", "Value (4) for parameter MaxResults is invalid"),
        ("CreateFlowLogs", {"ResourceIds": ["vpc-00000000"], "ResourceType": "VPC", "LogGroupName": "x"}, {"ResourceType": "Network"}, "InvalidParameterValue", "Value (Network)"),
    ],
    "events": [
        ("PutRule", {"Name": "test-models", "EventPattern": "{}"}, {"Name": "a b"}, INVALID, PATTERN),
        ("PutRule", {"Name": "test-models", "EventPattern": "{}"}, {"State": "ON"}, INVALID, ENUM),
        ("PutTargets", {"Rule": "no-such-rule", "Targets": [{"Id": "1", "Arn": "arn:aws:sns:us-east-1:123456789012:x"}]}, {"Targets": []}, INVALID, SHORT),
        ("PutEvents", {"Entries": [{"Source": "a", "DetailType": "b", "Detail": "{}"}]}, {"Entries": [{"Source": "a"}] * 11}, INVALID, f"{LONG} 10"),
    ],
    "firehose": [
        ("CreateDeliveryStream", STREAM, {"DeliveryStreamName": "a b"}, INVALID, PATTERN),
        ("CreateDeliveryStream", STREAM, {"ExtendedS3DestinationConfiguration": {"RoleARN": "role", "BucketARN": "arn:aws:s3:::x"}}, INVALID, "'extendedS3DestinationConfiguration.roleARN'"),
    ],
    "iam": [
        ("CreateRole", {"RoleName": "test-models", "AssumeRolePolicyDocument": TRUST}, {"RoleName": "bad name!"}, "ValidationError", f"Value 'bad name!' at 'roleName' failed to satisfy constraint: {PATTERN}: [\\w+=,.@-]+"),
        ("CreateRole", {"RoleName": "test-models", "AssumeRolePolicyDocument": TRUST}, {"RoleName": "x" * 65}, "ValidationError", f"{LONG} 64"),
        ("CreateRole", {"RoleName": "test-models", "AssumeRolePolicyDocument": TRUST}, {"MaxSessionDuration": 3599}, "ValidationError", f"{LOW} 3600"),
        ("CreateRole", {"RoleName": "test-models", "AssumeRolePolicyDocument": TRUST}, {"Tags": [{"Key": "", "Value": "v"}]}, "ValidationError", "'tags.1.member.key'"),
        ("AttachRolePolicy", {"RoleName": "no-such-role", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, {"PolicyArn": "x"}, "ValidationError", f"{SHORT} 20"),
        ("GetRole", {"RoleName": "no-such-role"}, {"RoleName": MISSING}, "ValidationError", f"Value null at 'roleName' failed to satisfy constraint: {NULL}"),
    ],
    "kinesis": [
        ("CreateStream", {"StreamName": "test-models", "ShardCount": 1}, {"StreamName": "a b"}, INVALID, PATTERN),
        ("CreateStream", {"StreamName": "test-models", "ShardCount": 1}, {"ShardCount": 0}, INVALID, f"{LOW} 1"),
        ("PutRecord", {"StreamName": "no-such-stream", "Data": b"x", "PartitionKey": "p"}, {"PartitionKey": "x" * 257}, INVALID, f"{LONG} 256"),
    ],
    "kms": [
        ("CreateAlias", {"AliasName": "alias/test-models", "TargetKeyId": "x"}, {"AliasName": "alias/a b"}, INVALID, PATTERN),
        ("ScheduleKeyDeletion", {"KeyId": "x", "PendingWindowInDays": 7}, {"PendingWindowInDays": 366}, INVALID, f"{HIGH} 365"),
        ("Encrypt", {"KeyId": "x", "Plaintext": b"x"}, {"Plaintext": b"x" * 4097}, INVALID, f"at 'plaintext' failed to satisfy constraint: {LONG} 4096"),
        ("CreateKey", {}, {"KeyUsage": "EVERYTHING"}, INVALID, ENUM),
    ],
    "lambda": [
        ("CreateFunction", FUNCTION, {"Role": "lambdarole"}, INVALID, f"Value 'lambdarole' at 'role' failed to satisfy constraint: {PATTERN}"),
        ("CreateFunction", FUNCTION, {"Runtime": "python2.1"}, INVALID, f"'runtime' failed to satisfy constraint: {ENUM}"),
        ("CreateFunction", FUNCTION, {"MemorySize": 127}, INVALID, f"{LOW} 128"),
        ("CreateFunction", FUNCTION, {"FunctionName": "a b"}, INVALID, PATTERN),
        ("CreateEventSourceMapping", {"FunctionName": "no-such-function", "EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:x"}, {"ScalingConfig": {"MaximumConcurrency": 1}}, INVALID, f"'scalingConfig.maximumConcurrency' failed to satisfy constraint: {LOW} 2"),
        ("PutFunctionConcurrency", {"FunctionName": "no-such-function", "ReservedConcurrentExecutions": 1}, {"ReservedConcurrentExecutions": -1}, INVALID, f"{LOW} 0"),
    ],
    "logs": [
        ("CreateLogGroup", {"logGroupName": "test-models"}, {"logGroupName": "a b"}, "InvalidParameterException", PATTERN),
        ("CreateLogGroup", {"logGroupName": "test-models"}, {"logGroupClass": "CHEAP"}, "InvalidParameterException", ENUM),
        ("CreateLogGroup", {"logGroupName": "test-models"}, {"logGroupName": "x" * 513}, "InvalidParameterException", f"{LONG} 512"),
        ("PutMetricFilter", {"logGroupName": "no-such-group", "filterName": "f", "filterPattern": "", "metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]}, {"metricTransformations": []}, "InvalidParameterException", SHORT),
        ("DescribeLogGroups", {"limit": 50}, {"limit": 51}, "InvalidParameterException", f"{HIGH} 50"),
    ],
    "rds": [
        ("CreateDBCluster", {"DBClusterIdentifier": "test-models", "Engine": "aurora-postgresql"}, {"Engine": MISSING}, "MissingParameter", "The request must contain the parameter Engine"),
        ("DescribeDBClusterParameters", {"DBClusterParameterGroupName": "no-such-group"}, {"DBClusterParameterGroupName": MISSING}, "MissingParameter", "The request must contain the parameter DBClusterParameterGroupName"),
    ],
    "s3": [
        ("PutBucketVersioning", {"Bucket": "no-such-bucket", "VersioningConfiguration": {"Status": "Enabled"}}, {"VersioningConfiguration": {"Status": "On"}}, "MalformedXML", XML),
        ("PutBucketLifecycleConfiguration", {"Bucket": "no-such-bucket", **lifecycle()}, lifecycle(Status="On"), "MalformedXML", XML),
        ("PutBucketLifecycleConfiguration", {"Bucket": "no-such-bucket", **lifecycle()}, lifecycle(Expiration={"Days": "soon"}), "MalformedXML", XML),
        ("PutBucketEncryption", {"Bucket": "no-such-bucket", "ServerSideEncryptionConfiguration": {"Rules": [{"BucketKeyEnabled": True}]}}, {"ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": {"KMSMasterKeyID": "x"}}]}}, "MalformedXML", XML),
        ("PutObject", {"Bucket": "no-such-bucket", "Key": "k"}, {"StorageClass": "COLD"}, "InvalidStorageClass", "COLD"),
        ("PutObject", {"Bucket": "no-such-bucket", "Key": "k"}, {"ServerSideEncryption": "DES"}, "InvalidEncryptionAlgorithmError", "DES"),
        ("PutBucketAcl", {"Bucket": "no-such-bucket", "ACL": "private"}, {"ACL": "secret"}, "InvalidArgument", "secret"),
    ],
    "secretsmanager": [
        ("CreateSecret", {"Name": "test-models", "SecretString": "s"}, {"Name": "x" * 513}, INVALID, f"{LONG} 512"),
        ("CreateSecret", {"Name": "test-models", "SecretString": "s"}, {"ClientRequestToken": "short"}, INVALID, f"{SHORT} 32"),
        ("GetSecretValue", {"SecretId": "no-such-secret"}, {"SecretId": MISSING}, INVALID, NULL),
    ],
    "sns": [
        ("CreateTopic", {"Name": "test-models"}, {"Name": MISSING}, "InvalidParameter", NULL),
        ("SetTopicAttributes", {"TopicArn": "arn:aws:sns:us-east-1:123456789012:no-such-topic", "AttributeName": "DisplayName"}, {"AttributeName": MISSING}, "InvalidParameter", NULL),
    ],
    "sqs": [
        ("CreateQueue", {"QueueName": "test-models"}, {"QueueName": MISSING}, "MissingParameter", "The request must contain the parameter QueueName"),
        ("SendMessage", {"QueueUrl": "http://127.0.0.1/123456789012/no-such-queue", "MessageBody": "m"}, {"QueueUrl": MISSING}, "MissingParameter", "The request must contain the parameter QueueUrl"),
    ],
    "ssm": [
        ("PutParameter", {"Name": "test-models", "Value": "v", "Type": "String"}, {"Type": "Number"}, INVALID, ENUM),
        ("GetParametersByPath", {"Path": "/"}, {"MaxResults": 11}, INVALID, f"{HIGH} 10"),
    ],
    "sts": [
        ("AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "test-models"}, {"RoleSessionName": "a b"}, "ValidationError", PATTERN),
        ("AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "test-models"}, {"DurationSeconds": 899}, "ValidationError", f"{LOW} 900"),
        ("AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "test-models"}, {"RoleArn": "x"}, "ValidationError", f"{SHORT} 20"),
    ],
    "wafv2": [
        ("CreateWebACL", ACL, {"Scope": "GLOBAL"}, INVALID, ENUM),
        ("CreateWebACL", ACL, {"Name": "a b"}, INVALID, PATTERN),
        ("CreateWebACL", ACL, {"VisibilityConfig": {"MetricName": "x"}}, INVALID, "'visibilityConfig.sampledRequestsEnabled'"),
    ],
}  # fmt: skip
ROWS = [
    pytest.param(service, *row, id=f"{service}-{row[0]}-{n}")
    for service, rows in TABLES.items()
    for n, row in enumerate(rows)
]


@pytest.mark.parametrize(("service", "operation", "request_", "mistake", "code", "words"), ROWS)
def test_e1_what_a_service_model_forbids_is_refused_as_the_service_does(
    send, refusals, service, operation, request_, mistake, code, words
):
    label = f"{SIGNED_AS.get(service, service)}:{operation}"
    before = refusals(label, "refused")
    send(service, operation, request_)
    assert refusals(label, "refused") == before, "the request without the mistake must pass"
    status, found, message = send(service, operation, request_ | mistake)
    assert (status, found) == (400, code)
    assert words in message
    assert refusals(label, "refused") == before + 1


def test_e1_the_table_covers_the_services_and_names_its_sources():
    assert len(ROWS) >= 61
    assert len(TABLES) >= 15
    assert TABLES.keys() == PAGES.keys()
    assert all(refusals_of(SIGNED_AS.get(service, service), "json").source.startswith("https://") for service in TABLES)
