"""B9: a function may do what its role's policies say, and nothing else. boto3 against moto with the layers around it, in one process."""

import io
import json
import logging
import re
import zipfile
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from orchestrator.local_cloud.credentials import IssuedKeys, guard_credentials
from orchestrator.local_cloud.faults import clear_faults
from orchestrator.local_cloud.iam.deliveries import may_deliver
from orchestrator.local_cloud.iam.enforce import ENFORCED, enforce, may_connect
from orchestrator.local_cloud.identity import ACCESS_KEY_ID, ACCOUNT_ID, REGION
from orchestrator.local_cloud.patches import apply_patches
from orchestrator.local_cloud.serial import one_at_a_time
from orchestrator.local_cloud.wsgi import Response, buffered

SUFFIX = "tenforce"
FUNCTION = f"lambda-ingest-{SUFFIX}"
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/iam-role-ingest-{SUFFIX}"
SESSION = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/iam-role-ingest-{SUFFIX}/{FUNCTION}"
RAW = f"raw-data-{ACCOUNT_ID}-{SUFFIX}"
OTHER = f"other-{ACCOUNT_ID}-{SUFFIX}"
TABLE = f"user-sessions-{SUFFIX}"
HERE = f"{REGION}:{ACCOUNT_ID}"
DATABASE = f"arn:aws:rds-db:{HERE}:dbuser:cluster-ABC/analytics_writer"


class Raw(io.BytesIO):
    def stream(self, **_):
        yield self.read()


def environ_of(request):
    url = urlsplit(request.url)
    body = request.body.read() if hasattr(request.body, "read") else request.body or b""
    body = body.encode() if isinstance(body, str) else body
    headers = {}
    for name, value in request.headers.items():
        text = value.decode() if isinstance(value, bytes) else str(value)
        plain = name.upper().replace("-", "_")
        headers[plain if plain in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{plain}"] = text
    return {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote(url.path) or "/",
        "RAW_URI": f"{url.path or '/'}{'?' + url.query if url.query else ''}",
        "QUERY_STRING": url.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "4566",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": url.netloc,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        **headers,
        "CONTENT_LENGTH": str(len(body)),
    }


@pytest.fixture(scope="module")
def connect():
    """Gives clients whose requests reach the layers without a socket."""
    apply_patches()
    moto = DomainDispatcherApplication(create_backend_app)
    handler = guard_credentials(clear_faults(enforce(one_at_a_time(buffered(moto)))), IssuedKeys())
    opened = []

    def send(request, **_):
        response = handler(environ_of(request))
        return AWSResponse(request.url, response.code, dict(response.headers), Raw(response.body))

    def client(service, keys=None, region=REGION):
        keys = keys or {"AccessKeyId": ACCESS_KEY_ID, "SecretAccessKey": "x", "SessionToken": None}
        made = boto3.client(
            service,
            endpoint_url="http://127.0.0.1:4566",
            region_name=region,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
        )
        made.meta.events.register("before-send", send)
        opened.append(made)
        return made

    yield client
    for one in opened:
        one.close()


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(sid, actions, resources, **conditions):
    given = {"Condition": conditions} if conditions else {}
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources} | given


def through(service):
    return {"StringEquals": {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}}


GUARDRAIL = {
    "Sid": "DenyUnusedRegions",
    "Effect": "Deny",
    "NotAction": ["iam:*", "sts:*", "rds-db:connect"],
    "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:RequestedRegion": [REGION]}},
}
BOUNDARY = [
    GUARDRAIL,
    allow(
        "AllowObjects",
        ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"],
        [f"arn:aws:s3:::*-{ACCOUNT_ID}-{SUFFIX}", f"arn:aws:s3:::*-{ACCOUNT_ID}-{SUFFIX}/*"],
    ),
    allow("AllowItems", ["dynamodb:*Item", "dynamodb:Query"], f"arn:aws:dynamodb:{HERE}:table/*-{SUFFIX}"),
    allow(
        "AllowMessages", ["sns:Publish", "sqs:SendMessage", "sqs:ReceiveMessage"], [f"arn:aws:s?s:{HERE}:*-{SUFFIX}"]
    ),
    allow("AllowDatabaseUsers", "rds-db:connect", f"arn:aws:rds-db:{HERE}:dbuser:cluster-*/*"),
    allow("AllowSecrets", "secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:*-{SUFFIX}-??????"),
    allow(
        "AllowKeys",
        ["kms:Decrypt", "kms:GenerateDataKey"],
        f"arn:aws:kms:{HERE}:key/*",
        **{"ForAnyValue:StringLike": {"kms:ResourceAliases": [f"alias/*-{SUFFIX}"]}},
    ),
    allow("AllowLogEvents", ["logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:{HERE}:log-group:*"),
    allow("AllowLookups", ["ec2:DescribeSubnets"], "*"),
]


@pytest.fixture(scope="module")
def platform(connect):
    """A small deployment, made as Terraform makes it, and the keys of its function."""
    kms, iam, s3 = connect("kms"), connect("iam"), connect("s3")
    root = {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}
    owned = {
        "Sid": "AllowAccountAdministration",
        "Effect": "Allow",
        "Principal": root,
        "Action": "kms:*",
        "Resource": "*",
    }
    foreign = owned | {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:role/somebody"}}

    def key(alias, statement=owned):
        arn = kms.create_key(Policy=document(statement))["KeyMetadata"]["Arn"]
        kms.create_alias(AliasName=alias, TargetKeyId=arn)
        return arn

    keys = {
        "s3": key(f"alias/s3-{SUFFIX}"),
        "messaging": key(f"alias/messaging-{SUFFIX}"),
        "dynamodb": key(f"alias/dynamodb-{SUFFIX}"),
        "database": key(f"alias/database-{SUFFIX}"),
        "stranger": key(f"alias/stranger-{SUFFIX}", foreign),
        "unnamed": key(f"alias/unnamed-{uuid4().hex}"),
    }
    for bucket, used in ((RAW, "s3"), (OTHER, "stranger")):
        s3.create_bucket(Bucket=bucket)
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": keys[used]}
        rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    for name in ("incoming/a.csv", "secret/a.csv", "trades/a"):
        s3.put_object(Bucket=RAW, Key=name, Body=b"1")
    s3.put_object(Bucket=OTHER, Key="incoming/a.csv", Body=b"1")
    everybody = {"Effect": "Deny", "Principal": "*", "Resource": f"arn:aws:s3:::{RAW}/*"}
    s3.put_bucket_policy(
        Bucket=RAW,
        Policy=document(
            everybody
            | {
                "Sid": "DenyInsecureTransport",
                "Action": "s3:*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            everybody
            | {
                "Sid": "DenyOtherEncryption",
                "Action": "s3:PutObject",
                "Condition": {
                    "Null": {"s3:x-amz-server-side-encryption": "false"},
                    "StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"},
                },
            },
        ),
    )
    queue = connect("sqs").create_queue(QueueName=f"queue-{SUFFIX}", Attributes={"KmsMasterKeyId": keys["messaging"]})
    topic = connect("sns").create_topic(
        Name=f"topic-{SUFFIX}", Attributes={"KmsMasterKeyId": f"alias/messaging-{SUFFIX}"}
    )
    for table in (TABLE, f"api-keys-{SUFFIX}"):
        connect("dynamodb").create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": keys["dynamodb"]},
        )
    secret = connect("secretsmanager").create_secret(
        Name=f"master-{SUFFIX}", SecretString="{}", KmsKeyId=keys["database"]
    )["ARN"]
    connect("logs").create_log_group(logGroupName=f"/aws/lambda/{FUNCTION}")
    connect("logs").create_log_group(logGroupName=f"/aws/lambda/another-{SUFFIX}")
    ec2 = connect("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{REGION}.dynamodb",
        PolicyDocument=document(
            {
                "Sid": "AllowOwnTables",
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["dynamodb:GetItem", "dynamodb:PutItem"],
                "Resource": f"arn:aws:dynamodb:{HERE}:table/*-{SUFFIX}",
                "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT_ID}},
            }
        ),
    )
    bucket = f"arn:aws:s3:::{RAW}"
    policy = [
        allow("ReadMarketData", "s3:GetObject", [f"{bucket}/incoming/*", f"arn:aws:s3:::{OTHER}/*"]),
        allow("WriteTrades", ["s3:PutObject", "s3:DeleteObject"], f"{bucket}/trades/*"),
        allow("UseObjectKey", ["kms:Decrypt", "kms:GenerateDataKey"], list(keys.values()), **through("s3")),
        allow("UseSessions", ["dynamodb:*Item"], f"arn:aws:dynamodb:{HERE}:table/{TABLE}"),
        allow("DecryptTables", "kms:Decrypt", keys["dynamodb"], **through("dynamodb")),
        allow("Send", ["sqs:SendMessage", "sqs:ReceiveMessage", "sns:Publish"], f"arn:aws:s?s:{HERE}:*-{SUFFIX}"),
        allow(
            "EncryptMessages",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            keys["messaging"],
            StringEquals={
                "kms:ViaService": f"sqs.{REGION}.amazonaws.com",
                "kms:EncryptionContext:aws:sqs:arn": f"arn:aws:sqs:{HERE}:queue-{SUFFIX}",
            },
        ),
        allow("ReadMasterSecret", "secretsmanager:GetSecretValue", secret),
        allow("DecryptMasterSecret", "kms:Decrypt", keys["database"], **through("secretsmanager")),
        allow(
            "AllowLogs",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            f"arn:aws:logs:{HERE}:log-group:/aws/lambda/{FUNCTION}:*",
        ),
        allow("TooWide", ["iam:*", "s3:*"], "arn:aws:iam::*:role/*"),
        allow("AllowNetworkLookup", ["ec2:DescribeSubnets"], "*"),
        {
            "Sid": "DenyNetworkToFunctionCode",
            "Effect": "Deny",
            "Action": "ec2:DescribeSubnets",
            "Resource": "*",
            "Condition": {
                "ArnEquals": {"lambda:SourceFunctionArn": f"arn:aws:lambda:{HERE}:function:{FUNCTION}"},
            },
        },
        allow("ConnectToDatabase", "rds-db:connect", DATABASE),
    ]
    made = {}
    for name, statements in (("region-guardrail", [GUARDRAIL]), ("permissions-boundary", BOUNDARY)):
        made[name] = iam.create_policy(PolicyName=f"iam-policy-{name}-{SUFFIX}", PolicyDocument=document(*statements))
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = ROLE.rpartition("/")[2]
    iam.create_role(
        RoleName=role,
        AssumeRolePolicyDocument=document(trust),
        PermissionsBoundary=made["permissions-boundary"]["Policy"]["Arn"],
    )
    iam.attach_role_policy(RoleName=role, PolicyArn=made["region-guardrail"]["Policy"]["Arn"])
    iam.put_role_policy(RoleName=role, PolicyName="execution", PolicyDocument=document(*policy))
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("handler.py", "")
    connect("lambda").create_function(
        FunctionName=FUNCTION,
        Runtime="python3.13",
        Role=ROLE,
        Handler="handler.handler",
        Code={"ZipFile": package.getvalue()},
        VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": []},
    )
    return {"keys": keys, "queue": queue["QueueUrl"], "topic": topic["TopicArn"], "secret": secret}


@pytest.fixture(scope="module")
def credentials(connect, platform):
    return connect("sts").assume_role(RoleArn=ROLE, RoleSessionName=FUNCTION)["Credentials"]


@pytest.fixture(scope="module")
def function(connect, credentials):
    clients = {}

    def client(service, region=REGION):
        if (service, region) not in clients:
            clients[service, region] = connect(service, credentials, region)
        return clients[service, region]

    return client


def refusal(call, **arguments):
    """Code and message of a refusal; None for a call that went through."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    return None


def lacking(kind, action):
    return f"because no {kind} allows the {action} action"


@pytest.mark.parametrize(
    ("method", "arguments", "action", "resource", "cause"),
    [
        ("get_object", {"Bucket": RAW, "Key": "incoming/a.csv"}, None, None, None),
        ("head_object", {"Bucket": RAW, "Key": "incoming/a.csv"}, None, None, None),
        ("put_object", {"Bucket": RAW, "Key": "trades/x", "Body": b"1"}, None, None, None),
        ("delete_object", {"Bucket": RAW, "Key": "trades/x"}, None, None, None),
        ("create_multipart_upload", {"Bucket": RAW, "Key": "trades/y"}, None, None, None),
        (
            "get_object",
            {"Bucket": RAW, "Key": "secret/a.csv"},
            "s3:GetObject",
            f"{RAW}/secret/a.csv",
            lacking("identity-based policy", "s3:GetObject"),
        ),
        (
            "put_object",
            {"Bucket": RAW, "Key": "incoming/x", "Body": b"1"},
            "s3:PutObject",
            f"{RAW}/incoming/x",
            lacking("identity-based policy", "s3:PutObject"),
        ),
        # Nobody who may not list learns what is missing.
        (
            "get_object",
            {"Bucket": RAW, "Key": "incoming/no.csv"},
            "s3:ListBucket",
            RAW,
            lacking("identity-based policy", "s3:ListBucket"),
        ),
        ("list_objects_v2", {"Bucket": RAW}, "s3:ListBucket", RAW, lacking("identity-based policy", "s3:ListBucket")),
        (
            "put_object",
            {"Bucket": RAW, "Key": "trades/x", "Body": b"1", "ServerSideEncryption": "AES256"},
            "s3:PutObject",
            f"{RAW}/trades/x",
            "with an explicit deny in a resource-based policy",
        ),
        (
            "copy_object",
            {"Bucket": RAW, "Key": "trades/x", "CopySource": f"{RAW}/secret/a.csv"},
            "s3:GetObject",
            f"{RAW}/secret/a.csv",
            lacking("identity-based policy", "s3:GetObject"),
        ),
        (
            "copy_object",
            {"Bucket": RAW, "Key": "secret/x", "CopySource": f"{RAW}/incoming/a.csv"},
            "s3:PutObject",
            f"{RAW}/secret/x",
            lacking("identity-based policy", "s3:PutObject"),
        ),
        ("copy_object", {"Bucket": RAW, "Key": "trades/x", "CopySource": f"{RAW}/incoming/a.csv"}, None, None, None),
        ("delete_objects", {"Bucket": RAW, "Delete": {"Objects": [{"Key": "trades/x"}]}}, None, None, None),
        (
            "delete_objects",
            {"Bucket": RAW, "Delete": {"Objects": [{"Key": "trades/x"}, {"Key": "a&b"}]}},
            "s3:DeleteObject",
            f"{RAW}/a&b",
            lacking("identity-based policy", "s3:DeleteObject"),
        ),
        ("delete_bucket", {"Bucket": RAW}, "s3:DeleteBucket", RAW, lacking("identity-based policy", "s3:DeleteBucket")),
    ],
)
def test_b9_objects(function, method, arguments, action, resource, cause):
    found = refusal(getattr(function("s3"), method), **arguments)
    if cause is None:
        assert found is None
    else:
        sentence = (
            f'User: {SESSION} is not authorized to perform: {action} on resource: "arn:aws:s3:::{resource}" {cause}'
        )
        assert found == ("AccessDenied", sentence)


def test_b9_a_head_is_refused_without_a_body(function):
    assert refusal(function("s3").head_object, Bucket=RAW, Key="secret/a.csv") == ("403", "Forbidden")


def test_b8_the_key_of_an_object_must_agree_too(function, platform):
    code, message = refusal(function("s3").get_object, Bucket=OTHER, Key="incoming/a.csv")
    assert code == "AccessDenied"
    assert message.endswith(
        f'kms:Decrypt on resource: "{platform["keys"]["stranger"]}" {lacking("resource-based policy", "kms:Decrypt")}'
    )


def test_b8_the_boundary_knows_keys_by_their_aliases(function, platform):
    key = platform["keys"]["unnamed"]
    arguments = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    _, message = refusal(function("s3").put_object, Bucket=RAW, Key="trades/x", Body=b"1", **arguments)
    assert message.endswith(f'on resource: "{key}" {lacking("permissions boundary", "kms:GenerateDataKey")}')


def test_b8_no_key_is_used_directly(function, platform):
    key = platform["keys"]["s3"]
    code, message = refusal(function("kms").generate_data_key, KeyId=f"alias/s3-{SUFFIX}", KeySpec="AES_256")
    assert code == "AccessDeniedException"
    assert message.endswith(f"on resource: {key} {lacking('identity-based policy', 'kms:GenerateDataKey')}")


@pytest.mark.parametrize(
    ("method", "arguments", "cause"),
    [
        ("put_item", {"TableName": TABLE, "Item": {"id": {"S": "1"}}}, None),
        ("get_item", {"TableName": TABLE, "Key": {"id": {"S": "1"}}}, None),
        ("get_item", {"TableName": f"api-keys-{SUFFIX}", "Key": {"id": {"S": "1"}}}, "identity-based policy"),
        ("scan", {"TableName": TABLE}, "VPC endpoint policy"),
        ("delete_item", {"TableName": TABLE, "Key": {"id": {"S": "1"}}}, "VPC endpoint policy"),
    ],
)
def test_b9_items(function, method, arguments, cause):
    found = refusal(getattr(function("dynamodb"), method), **arguments)
    if cause is None:
        assert found is None
    else:
        action = f"dynamodb:{''.join(part.title() for part in method.split('_'))}"
        arn = f"arn:aws:dynamodb:{HERE}:table/{arguments['TableName']}"
        sentence = f"User: {SESSION} is not authorized to perform: {action} on resource: {arn} {lacking(cause, action)}"
        assert found == ("AccessDeniedException", sentence)


def test_b9_messages(function, platform):
    sqs, sns = function("sqs"), function("sns")
    assert refusal(sqs.send_message, QueueUrl=platform["queue"], MessageBody="x") is None
    assert refusal(sqs.receive_message, QueueUrl=platform["queue"]) is None
    code, message = refusal(sqs.purge_queue, QueueUrl=platform["queue"])
    assert code == "AccessDenied"
    assert message.endswith(f"queue-{SUFFIX} {lacking('identity-based policy', 'sqs:PurgeQueue')}")
    # The role may use the key through SQS only.
    code, message = refusal(sns.publish, TopicArn=platform["topic"], Message="x")
    assert code == "KMSAccessDenied"
    assert message.endswith(
        f"{platform['keys']['messaging']} {lacking('identity-based policy', 'kms:GenerateDataKey')}"
    )
    assert refusal(sns.list_topics)[0] == "AuthorizationError"


def test_b9_secrets(function, platform):
    assert refusal(function("secretsmanager").get_secret_value, SecretId=platform["secret"]) is None
    assert refusal(function("secretsmanager").get_secret_value, SecretId=f"master-{SUFFIX}") is None
    found = refusal(function("secretsmanager").put_secret_value, SecretId=f"master-{SUFFIX}", SecretString="x")
    assert found[1].endswith(
        f"{platform['secret']} {lacking('identity-based policy', 'secretsmanager:PutSecretValue')}"
    )


def test_b9_logs(function):
    logs = function("logs")
    assert refusal(logs.create_log_stream, logGroupName=f"/aws/lambda/{FUNCTION}", logStreamName="s") is None
    found = refusal(logs.create_log_stream, logGroupName=f"/aws/lambda/another-{SUFFIX}", logStreamName="s")
    assert found[1].endswith(
        f"log-group:/aws/lambda/another-{SUFFIX}:log-stream: {lacking('identity-based policy', 'logs:CreateLogStream')}"
    )
    assert refusal(logs.create_log_group, logGroupName="/aws/lambda/mine")[0] == "AccessDeniedException"


def test_b9_the_code_of_a_function_does_not_touch_the_network(function, connect, platform):
    code, message = refusal(function("ec2").describe_subnets)
    assert code == "UnauthorizedOperation"
    assert message.endswith("perform: ec2:DescribeSubnets with an explicit deny in an identity-based policy")
    other = connect("sts").assume_role(RoleArn=ROLE, RoleSessionName="not-the-function")["Credentials"]
    assert refusal(connect("ec2", other).describe_subnets) is None


def test_b9_other_regions_are_denied_whoever_allows_them(function, caplog):
    with caplog.at_level(logging.WARNING, "platformctl.local_cloud"):
        code, message = refusal(function("dynamodb", "eu-west-1").get_item, TableName=TABLE, Key={"id": {"S": "1"}})
    assert (code, message.partition(" with ")[2]) == (
        "AccessDeniedException",
        "an explicit deny in an identity-based policy",
    )
    [line] = [record.getMessage() for record in caplog.records]
    assert line == (
        f"denied: {SESSION} may not dynamodb:GetItem on arn:aws:dynamodb:eu-west-1:{ACCOUNT_ID}:table/{TABLE} with an explicit deny"
        f" in an identity-based policy: statement DenyUnusedRegions of managed policy iam-policy-region-guardrail-{SUFFIX}"
    )


def test_b9_the_boundary_holds_a_policy_that_is_too_wide(function):
    _, message = refusal(function("iam").delete_role, RoleName=ROLE.rpartition("/")[2])
    assert message == (
        f"User: {SESSION} is not authorized to perform: iam:DeleteRole on resource: {ROLE}"
        f" {lacking('permissions boundary', 'iam:DeleteRole')}"
    )


def test_b9_who_one_is_can_always_be_asked(function):
    assert function("sts").get_caller_identity()["Arn"] == SESSION


@pytest.mark.parametrize(("user", "allowed"), [("analytics_writer", True), ("api_reader", False), ("postgres", False)])
def test_b9_logins_to_the_database(credentials, user, allowed):
    decision = may_connect(credentials["AccessKeyId"], DATABASE.replace("analytics_writer", user))
    assert decision.allowed is allowed


def test_b9_terraform_and_people_pass(connect, platform):
    assert may_connect(ACCESS_KEY_ID, DATABASE).allowed
    assert refusal(connect("s3").get_object, Bucket=RAW, Key="secret/a.csv") is None


def test_a_role_that_is_gone_may_do_nothing(connect, platform):
    gone = f"arn:aws:iam::{ACCOUNT_ID}:role/gone-{SUFFIX}"
    keys = connect("sts").assume_role(RoleArn=gone, RoleSessionName="someone")["Credentials"]
    code, message = refusal(connect("s3", keys).get_object, Bucket=RAW, Key="incoming/a.csv")
    assert code == "AccessDenied"
    assert re.search(r"assumed-role/gone-.*/someone is not authorized to perform: s3:GetObject", message)


@pytest.fixture
def role(connect, request):
    """Makes a role with one inline policy, gives the keys of a session of it."""
    iam, made = connect("iam"), []

    def make(*statements, trust=None, **session):
        name = f"iam-role-{uuid4().hex[:8]}-{SUFFIX}"
        anybody = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"},
            "Action": "sts:AssumeRole",
        }
        tags = [{"Key": "Team", "Value": "red"}]
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust or anybody), Tags=tags)["Role"][
            "Arn"
        ]
        made.append(name)
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
        keys = connect("sts").assume_role(RoleArn=arn, RoleSessionName="session", **session)["Credentials"]
        return arn, keys

    yield make
    for name in made:
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)


@pytest.mark.parametrize(
    ("method", "arguments", "allowed"),
    [
        ("get_item", {"Key": {"id": {"S": "red"}}}, True),
        ("get_item", {"Key": {"id": {"S": "blue"}}}, False),
        ("put_item", {"Item": {"id": {"S": "red"}, "x": {"S": "blue"}}}, True),
        ("put_item", {"Item": {"id": {"S": "blue"}}}, False),
        (
            "query",
            {
                "KeyConditionExpression": "#i = :v",
                "ExpressionAttributeNames": {"#i": "id"},
                "ExpressionAttributeValues": {":v": {"S": "red"}},
            },
            True,
        ),
        (
            "query",
            {"KeyConditionExpression": "id = :v", "ExpressionAttributeValues": {":v": {"S": "blue"}}},
            False,
        ),
    ],
)
def test_b9_rights_to_single_items(connect, platform, role, method, arguments, allowed):
    table = f"arn:aws:dynamodb:{HERE}:table/{TABLE}"
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/Team}"]}}
    _, keys = role(
        allow("OwnItems", "dynamodb:*", table, **own),
        allow("Decrypt", "kms:Decrypt", "*", **through("dynamodb")),
    )
    found = refusal(getattr(connect("dynamodb", keys), method), TableName=TABLE, **arguments)
    assert found is None if allowed else found[0] == "AccessDeniedException"


def test_b9_a_policy_of_the_session_narrows_it(connect, platform, role):
    policy = document(allow("", "s3:ListBucket", "*"))
    _, keys = role(allow("", "s3:*", "*"), allow("", "kms:*", "*"), Policy=policy)
    s3 = connect("s3", keys)
    assert refusal(s3.list_objects_v2, Bucket=RAW) is None
    assert refusal(s3.get_object, Bucket=RAW, Key="trades/a")[1].endswith(lacking("session policy", "s3:GetObject"))


@pytest.mark.parametrize(
    ("trusted", "granted", "allowed"),
    [("root", True, True), ("root", False, False), ("caller", False, True), ("other", True, False)],
)
def test_b9_a_role_is_taken_only_where_it_trusts(connect, role, trusted, granted, allowed):
    caller, keys = role(*([allow("", "sts:AssumeRole", "*")] if granted else []))
    names = {
        "caller": caller,
        "root": f"arn:aws:iam::{ACCOUNT_ID}:root",
        "other": f"arn:aws:iam::{ACCOUNT_ID}:role/other",
    }
    trust = {"Effect": "Allow", "Principal": {"AWS": names[trusted]}, "Action": "sts:AssumeRole"}
    target, _ = role(trust=trust)
    found = refusal(connect("sts", keys).assume_role, RoleArn=target, RoleSessionName="next")
    assert found is None if allowed else found[0] == "AccessDenied"


def test_b9_a_function_may_let_a_role_in(connect, platform, role):
    caller, keys = role()
    read = connect("lambda", keys).get_function
    code, message = refusal(read, FunctionName=FUNCTION)
    assert code == "AccessDeniedException"
    assert message.endswith(f"function:{FUNCTION} {lacking('identity-based policy', 'lambda:GetFunction')}")
    connect("lambda").add_permission(
        FunctionName=FUNCTION, StatementId="x", Action="lambda:GetFunction", Principal=caller
    )
    assert refusal(read, FunctionName=FUNCTION) is None


@pytest.mark.parametrize(
    ("service", "source", "allowed"),
    [
        ("apigateway.amazonaws.com", f"arn:aws:execute-api:{HERE}:abc/v1/GET/bars", True),
        ("apigateway.amazonaws.com", f"arn:aws:execute-api:{HERE}:other/v1/GET/bars", False),
        ("s3.amazonaws.com", f"arn:aws:execute-api:{HERE}:abc/v1/GET/bars", False),
    ],
)
def test_b9_a_service_needs_the_permission_of_the_function(connect, platform, service, source, allowed):
    functions, name = connect("lambda"), f"{uuid4().hex[:8]}"
    functions.add_permission(
        FunctionName=FUNCTION,
        StatementId=name,
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{HERE}:abc/*",
        SourceAccount=ACCOUNT_ID,
    )
    arn = f"arn:aws:lambda:{HERE}:function:{FUNCTION}"
    assert may_deliver(service, arn, source_arn=source) is allowed
    functions.remove_permission(FunctionName=FUNCTION, StatementId=name)
    assert not may_deliver(service, arn, source_arn=source)


def test_what_was_decided_is_not_decided_again(connect, platform, credentials):
    seen = []

    def inner(environ):
        seen.append(environ.get(ENFORCED))
        return Response(status="200 OK")

    for key in (credentials["AccessKeyId"], ACCESS_KEY_ID):
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": f"/{RAW}/incoming/a.csv",
            "RAW_URI": f"/{RAW}/incoming/a.csv",
            "QUERY_STRING": "",
            "HTTP_HOST": "127.0.0.1:4566",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "4566",
            "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={key}/20260101/{REGION}/s3/aws4_request, Signature=0",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
        }
        assert enforce(inner)(environ).code == 200
    assert seen == [True, None]


def test_b8_ciphertexts_tell_their_key(connect, platform, role):
    key = platform["keys"]["s3"]
    bound = {"StringEquals": {"kms:EncryptionContext:purpose": "test"}}
    _, keys = role(allow("", ["kms:Encrypt", "kms:Decrypt"], key, **bound))
    kms = connect("kms", keys)
    sealed = kms.encrypt(KeyId=f"alias/s3-{SUFFIX}", Plaintext=b"x", EncryptionContext={"purpose": "test"})
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext={"purpose": "test"})
    assert opened["Plaintext"] == b"x"
    assert refusal(kms.decrypt, CiphertextBlob=sealed["CiphertextBlob"])[0] == "AccessDeniedException"
    other = platform["keys"]["messaging"]
    assert refusal(kms.encrypt, KeyId=other, Plaintext=b"x", EncryptionContext={"purpose": "test"})[1].endswith(
        f"{other} {lacking('identity-based policy', 'kms:Encrypt')}"
    )
