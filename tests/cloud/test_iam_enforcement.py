"""B9: a function may do what its role's policies say, and nothing else: boto3 against the layers in one process."""

import io
import logging
import re
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import create_environ

from orchestrator.local_cloud.credentials import IssuedKeys, guard_credentials
from orchestrator.local_cloud.faults import clear_faults
from orchestrator.local_cloud.iam.deliveries import may_deliver
from orchestrator.local_cloud.iam.enforce import ENFORCED, enforce, may_connect
from orchestrator.local_cloud.identity import ACCESS_KEY_ID, ACCOUNT_ID, REGION
from orchestrator.local_cloud.patches import apply_patches
from orchestrator.local_cloud.serial import one_at_a_time
from orchestrator.local_cloud.wsgi import Response, buffered
from tests.cloud.helpers import TRUST, archive, document, statement

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
    headers = [
        (name, value.decode() if isinstance(value, bytes) else str(value)) for name, value in request.headers.items()
    ]
    return create_environ(
        url.path or "/",
        f"http://{url.netloc}",
        method=request.method,
        query_string=url.query,
        headers=headers,
        data=body,
        environ_overrides={"REMOTE_ADDR": "127.0.0.1"},
    )


@pytest.fixture(scope="module")
def connect():
    """Give clients whose requests reach the layers without a socket."""
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


def allow(actions, resources, **conditions):
    return statement(actions, resources, condition=conditions)


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
        ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"],
        [f"arn:aws:s3:::*-{ACCOUNT_ID}-{SUFFIX}{objects}" for objects in ("", "/*")],
    ),
    allow(["dynamodb:*Item", "dynamodb:Query"], f"arn:aws:dynamodb:{HERE}:table/*-{SUFFIX}"),
    allow(["sns:Publish", "sqs:SendMessage", "sqs:ReceiveMessage"], [f"arn:aws:s?s:{HERE}:*-{SUFFIX}"]),
    allow("rds-db:connect", f"arn:aws:rds-db:{HERE}:dbuser:cluster-*/*"),
    allow("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:*-{SUFFIX}-??????"),
    allow(
        ["kms:Decrypt", "kms:GenerateDataKey"],
        f"arn:aws:kms:{HERE}:key/*",
        **{"ForAnyValue:StringLike": {"kms:ResourceAliases": [f"alias/*-{SUFFIX}"]}},
    ),
    allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:{HERE}:log-group:*"),
    allow(["ec2:DescribeSubnets"], "*"),
]


@pytest.fixture(scope="module")
def platform(connect):
    """Create a small deployment as Terraform does."""
    kms, iam, s3 = connect("kms"), connect("iam"), connect("s3")
    owned = statement("kms:*", "*", principal={"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"})
    foreign = statement("kms:*", "*", principal={"AWS": f"arn:aws:iam::{ACCOUNT_ID}:role/somebody"})

    keys = {}
    for name in ("s3", "messaging", "dynamodb", "database", "stranger", "unnamed"):
        policy = document(foreign if name == "stranger" else owned)
        keys[name] = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
        suffix = uuid4().hex if name == "unnamed" else SUFFIX
        kms.create_alias(AliasName=f"alias/{name}-{suffix}", TargetKeyId=keys[name])
    for bucket, used in ((RAW, "s3"), (OTHER, "stranger")):
        s3.create_bucket(Bucket=bucket)
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": keys[used]}
        rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    for name in ("incoming/a.csv", "secret/a.csv", "trades/a"):
        s3.put_object(Bucket=RAW, Key=name, Body=b"1")
    s3.put_object(Bucket=OTHER, Key="incoming/a.csv", Body=b"1")
    everybody = {"effect": "Deny", "principal": "*"}
    header = "s3:x-amz-server-side-encryption"
    other = {"Null": {header: "false"}, "StringNotEquals": {header: "aws:kms"}}
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    denials = [
        statement("s3:*", f"arn:aws:s3:::{RAW}/*", condition=insecure, **everybody),
        statement("s3:PutObject", f"arn:aws:s3:::{RAW}/*", condition=other, **everybody),
    ]
    s3.put_bucket_policy(Bucket=RAW, Policy=document(*denials))
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
    own = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT_ID}}
    tables = f"arn:aws:dynamodb:{HERE}:table/*-{SUFFIX}"
    passed = statement(["dynamodb:GetItem", "dynamodb:PutItem"], tables, principal="*", condition=own)
    service = f"com.amazonaws.{REGION}.dynamodb"
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service, PolicyDocument=document(passed))
    bucket, use_key = f"arn:aws:s3:::{RAW}", ["kms:Decrypt", "kms:GenerateDataKey"]
    by_function = {"ArnEquals": {"lambda:SourceFunctionArn": f"arn:aws:lambda:{HERE}:function:{FUNCTION}"}}
    on_queue = {"kms:EncryptionContext:aws:sqs:arn": f"arn:aws:sqs:{HERE}:queue-{SUFFIX}"}
    policy = [
        allow("s3:GetObject", [f"{bucket}/incoming/*", f"arn:aws:s3:::{OTHER}/*"]),
        allow(["s3:PutObject", "s3:DeleteObject"], f"{bucket}/trades/*"),
        allow(use_key, list(keys.values()), **through("s3")),
        allow(["dynamodb:*Item"], f"arn:aws:dynamodb:{HERE}:table/{TABLE}"),
        allow("kms:Decrypt", keys["dynamodb"], **through("dynamodb")),
        allow(["sqs:SendMessage", "sqs:ReceiveMessage", "sns:Publish"], f"arn:aws:s?s:{HERE}:*-{SUFFIX}"),
        allow(use_key, keys["messaging"], StringEquals=through("sqs")["StringEquals"] | on_queue),
        allow("secretsmanager:GetSecretValue", secret),
        allow("kms:Decrypt", keys["database"], **through("secretsmanager")),
        allow(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            f"arn:aws:logs:{HERE}:log-group:/aws/lambda/{FUNCTION}:*",
        ),
        allow(["iam:*", "s3:*"], "arn:aws:iam::*:role/*"),
        allow(["ec2:DescribeSubnets"], "*"),
        statement("ec2:DescribeSubnets", "*", effect="Deny", condition=by_function),
        allow("rds-db:connect", DATABASE),
    ]
    made = {}
    for name, statements in (("region-guardrail", [GUARDRAIL]), ("permissions-boundary", BOUNDARY)):
        made[name] = iam.create_policy(PolicyName=f"iam-policy-{name}-{SUFFIX}", PolicyDocument=document(*statements))
    role = ROLE.rpartition("/")[2]
    iam.create_role(
        RoleName=role,
        AssumeRolePolicyDocument=document(TRUST),
        PermissionsBoundary=made["permissions-boundary"]["Policy"]["Arn"],
    )
    iam.attach_role_policy(RoleName=role, PolicyArn=made["region-guardrail"]["Policy"]["Arn"])
    iam.put_role_policy(RoleName=role, PolicyName="execution", PolicyDocument=document(*policy))
    connect("lambda").create_function(
        FunctionName=FUNCTION,
        Runtime="python3.13",
        Role=ROLE,
        Handler="handler.handler",
        Code={"ZipFile": archive("")},
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
    """Return code and message of a refusal; None for a call that succeeds."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    return None


def lacking(kind, action):
    return f"because no {kind} allows the {action} action"


def no(action, resource="", kind="identity-based policy", *, code="AccessDeniedException", mark=""):
    """Return code and message of a denial."""
    cause = kind if kind.startswith("with") else lacking(kind, action)
    on = f" on resource: {mark}{resource}{mark}" if resource else ""
    return code, f"User: {SESSION} is not authorized to perform: {action}{on} {cause}"


def no_s3(action, resource="", kind="identity-based policy"):
    """Return a denial of S3, which quotes the ARN."""
    arn = resource if resource.startswith("{") else f"arn:aws:s3:::{RAW}{resource}"
    return no(action if ":" in action else f"s3:{action}", arn, kind, code="AccessDenied", mark='"')


BOUNDARY_KIND, ENDPOINT, RESOURCE = "permissions boundary", "VPC endpoint policy", "resource-based policy"
EXPLICIT = "with an explicit deny in a resource-based policy"
ALLOWED, SECRET = {"Key": "incoming/a.csv"}, {"Key": "secret/a.csv"}
WRITTEN = {"Key": "trades/x", "Body": b"1"}
WITH_KEY = {**WRITTEN, "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "{unnamed}"}
FROM_SECRET = {"Key": "trades/x", "CopySource": f"{RAW}/secret/a.csv"}
TO_SECRET = {"Key": "secret/x", "CopySource": f"{RAW}/incoming/a.csv"}
TWO_OBJECTS = {"Delete": {"Objects": [{"Key": "trades/x"}, {"Key": "a&b"}]}}
ITEM = {"id": {"S": "1"}}
OWN, OTHERS = {"TableName": TABLE, "Key": ITEM}, {"TableName": f"api-keys-{SUFFIX}", "Key": ITEM}
TABLES, GROUPS = f"arn:aws:dynamodb:{HERE}:table/", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/"
MASTER, QUEUE_ARN = f"master-{SUFFIX}", f"arn:aws:sqs:{HERE}:queue-{SUFFIX}"
MINE = {"logGroupName": f"/aws/lambda/{FUNCTION}", "logStreamName": "s"}
ANOTHER = MINE | {"logGroupName": f"/aws/lambda/another-{SUFFIX}"}
KMS, ROLE_NAME = "KMSAccessDenied", {"RoleName": ROLE.rpartition("/")[2]}
NEW_SECRET, NEW_GROUP = {"SecretId": MASTER, "SecretString": "x"}, {"logGroupName": "/aws/lambda/mine"}
DATA_KEY = {"KeyId": f"alias/s3-{SUFFIX}", "KeySpec": "AES_256"}


@pytest.mark.parametrize(
    ("service", "method", "arguments", "denial"),
    [
        ("s3", "get_object", ALLOWED, None),
        ("s3", "head_object", ALLOWED, None),
        ("s3", "put_object", WRITTEN, None),
        ("s3", "delete_object", {"Key": "trades/x"}, None),
        ("s3", "create_multipart_upload", {"Key": "trades/y"}, None),
        ("s3", "get_object", SECRET, no_s3("GetObject", "/secret/a.csv")),
        ("s3", "head_object", SECRET, ("403", "Forbidden")),
        ("s3", "put_object", {"Key": "incoming/x", "Body": b"1"}, no_s3("PutObject", "/incoming/x")),
        # Without the right to list, a missing object is denied.
        ("s3", "get_object", {"Key": "incoming/no.csv"}, no_s3("ListBucket")),
        ("s3", "list_objects_v2", {}, no_s3("ListBucket")),
        ("s3", "put_object", WRITTEN | {"ServerSideEncryption": "AES256"}, no_s3("PutObject", "/trades/x", EXPLICIT)),
        ("s3", "copy_object", FROM_SECRET, no_s3("GetObject", "/secret/a.csv")),
        ("s3", "copy_object", TO_SECRET, no_s3("PutObject", "/secret/x")),
        ("s3", "copy_object", {"Key": "trades/x", "CopySource": f"{RAW}/incoming/a.csv"}, None),
        ("s3", "delete_objects", {"Delete": {"Objects": [{"Key": "trades/x"}]}}, None),
        ("s3", "delete_objects", TWO_OBJECTS, no_s3("DeleteObject", "/a&b")),
        ("s3", "delete_bucket", {}, no_s3("DeleteBucket")),
        # The key's policy must allow it, too; the boundary identifies keys by their aliases; no key is used directly.
        ("s3", "get_object", ALLOWED | {"Bucket": OTHER}, no_s3("kms:Decrypt", "{stranger}", RESOURCE)),
        ("s3", "put_object", WITH_KEY, no_s3("kms:GenerateDataKey", "{unnamed}", BOUNDARY_KIND)),
        ("kms", "generate_data_key", DATA_KEY, no("kms:GenerateDataKey", "{s3}")),
        ("dynamodb", "put_item", {"TableName": TABLE, "Item": ITEM}, None),
        ("dynamodb", "get_item", OWN, None),
        ("dynamodb", "get_item", OTHERS, no("dynamodb:GetItem", f"{TABLES}api-keys-{SUFFIX}")),
        ("dynamodb", "scan", {"TableName": TABLE}, no("dynamodb:Scan", TABLES + TABLE, ENDPOINT)),
        ("dynamodb", "delete_item", OWN, no("dynamodb:DeleteItem", TABLES + TABLE, ENDPOINT)),
        ("sqs", "send_message", {"QueueUrl": "{queue}", "MessageBody": "x"}, None),
        ("sqs", "receive_message", {"QueueUrl": "{queue}"}, None),
        ("sqs", "purge_queue", {"QueueUrl": "{queue}"}, no("sqs:PurgeQueue", QUEUE_ARN, code="AccessDenied")),
        # The role may use the key through SQS only.
        ("sns", "publish", {"TopicArn": "{topic}", "Message": "x"}, no("kms:GenerateDataKey", "{messaging}", code=KMS)),
        ("sns", "list_topics", {}, no("sns:ListTopics", code="AuthorizationError")),
        ("secretsmanager", "get_secret_value", {"SecretId": "{secret}"}, None),
        ("secretsmanager", "get_secret_value", {"SecretId": MASTER}, None),
        ("secretsmanager", "put_secret_value", NEW_SECRET, no("secretsmanager:PutSecretValue", "{secret}")),
        ("logs", "create_log_stream", MINE, None),
        ("logs", "create_log_stream", ANOTHER, no("logs:CreateLogStream", f"{GROUPS}another-{SUFFIX}:log-stream:")),
        ("logs", "create_log_group", NEW_GROUP, no("logs:CreateLogGroup", f"{GROUPS}mine:log-stream:")),
        # The boundary limits a policy that is too wide.
        ("iam", "delete_role", ROLE_NAME, no("iam:DeleteRole", ROLE, BOUNDARY_KIND, code="AccessDenied")),
    ],
)
def test_b8_b9_a_function_may_do_what_its_policies_allow(function, platform, service, method, arguments, denial):
    given = {"Bucket": RAW, **arguments} if service == "s3" else arguments
    names = platform | platform["keys"]
    filled = {name: value.format(**names) if isinstance(value, str) else value for name, value in given.items()}
    expected = denial and (denial[0], denial[1].format(**names))
    assert refusal(getattr(function(service), method), **filled) == expected


def test_b9_the_code_of_a_function_does_not_touch_the_network(function, connect, platform):
    code, message = refusal(function("ec2").describe_subnets)
    assert code == "UnauthorizedOperation"
    assert message.endswith("perform: ec2:DescribeSubnets with an explicit deny in an identity-based policy")
    other = connect("sts").assume_role(RoleArn=ROLE, RoleSessionName="not-the-function")["Credentials"]
    assert refusal(connect("ec2", other).describe_subnets) is None


def test_b9_other_regions_are_denied_even_if_a_policy_allows_them(function, caplog):
    with caplog.at_level(logging.WARNING, "platformctl.local_cloud"):
        code, message = refusal(function("dynamodb", "eu-west-1").get_item, TableName=TABLE, Key={"id": {"S": "1"}})
    assert code == "AccessDeniedException"
    assert message.endswith(" with an explicit deny in an identity-based policy")
    [line] = [record.getMessage() for record in caplog.records]
    assert line == (
        f"denied: {SESSION} may not dynamodb:GetItem on arn:aws:dynamodb:eu-west-1:{ACCOUNT_ID}:table/{TABLE} with an explicit deny"
        f" in an identity-based policy: statement DenyUnusedRegions of managed policy iam-policy-region-guardrail-{SUFFIX}"
    )


def test_b9_get_caller_identity_cannot_be_denied(function):
    assert function("sts").get_caller_identity()["Arn"] == SESSION


@pytest.mark.parametrize(("user", "allowed"), [("analytics_writer", True), ("api_reader", False), ("postgres", False)])
def test_b9_logins_to_the_database(credentials, user, allowed):
    decision = may_connect(credentials["AccessKeyId"], DATABASE.replace("analytics_writer", user))
    assert decision.allowed is allowed


def test_b9_terraform_and_people_pass(connect, platform):
    assert may_connect(ACCESS_KEY_ID, DATABASE).allowed
    assert refusal(connect("s3").get_object, Bucket=RAW, Key="secret/a.csv") is None


def test_a_deleted_role_may_do_nothing(connect, platform):
    gone = f"arn:aws:iam::{ACCOUNT_ID}:role/gone-{SUFFIX}"
    keys = connect("sts").assume_role(RoleArn=gone, RoleSessionName="someone")["Credentials"]
    code, message = refusal(connect("s3", keys).get_object, Bucket=RAW, Key="incoming/a.csv")
    assert code == "AccessDenied"
    assert re.search(r"assumed-role/gone-.*/someone is not authorized to perform: s3:GetObject", message)


@pytest.fixture
def role(connect, request):
    """Create a role with one inline policy; return its ARN and the keys of a session."""
    iam, made = connect("iam"), []

    def make(*statements, trust=None, **session):
        name = f"iam-role-{uuid4().hex[:8]}-{SUFFIX}"
        trusted = {"AWS": trust or f"arn:aws:iam::{ACCOUNT_ID}:root"}
        policy = document({"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"})
        tags = [{"Key": "Team", "Value": "red"}]
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy, Tags=tags)["Role"]["Arn"]
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


def value(text):
    return {"S": text}


@pytest.mark.parametrize(
    ("method", "arguments", "allowed"),
    [
        ("get_item", {"Key": {"id": value("red")}}, True),
        ("get_item", {"Key": {"id": value("blue")}}, False),
        ("put_item", {"Item": {"id": value("red"), "x": value("blue")}}, True),
        ("put_item", {"Item": {"id": value("blue")}}, False),
        ("query", {"KeyConditionExpression": "#i = :v", "ExpressionAttributeNames": {"#i": "id"}}, True),
        ("query", {"KeyConditionExpression": "id = :v"}, False),
    ],
)
def test_b9_rights_to_single_items(connect, platform, role, method, arguments, allowed):
    table = f"arn:aws:dynamodb:{HERE}:table/{TABLE}"
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/Team}"]}}
    _, keys = role(
        allow("dynamodb:*", table, **own),
        allow("kms:Decrypt", "*", **through("dynamodb")),
    )
    if method == "query":
        arguments = {**arguments, "ExpressionAttributeValues": {":v": value("red" if allowed else "blue")}}
    found = refusal(getattr(connect("dynamodb", keys), method), TableName=TABLE, **arguments)
    assert found is None if allowed else found[0] == "AccessDeniedException"


def test_b9_a_policy_of_the_session_narrows_it(connect, platform, role):
    policy = document(allow("s3:ListBucket", "*"))
    _, keys = role(allow("s3:*", "*"), allow("kms:*", "*"), Policy=policy)
    s3 = connect("s3", keys)
    assert refusal(s3.list_objects_v2, Bucket=RAW) is None
    assert refusal(s3.get_object, Bucket=RAW, Key="trades/a")[1].endswith(lacking("session policy", "s3:GetObject"))


@pytest.mark.parametrize(
    ("trusted", "granted", "allowed"),
    [("root", True, True), ("root", False, False), ("caller", False, True), ("other", True, False)],
)
def test_b9_a_role_is_assumed_only_by_whom_it_trusts(connect, role, trusted, granted, allowed):
    caller, keys = role(*([allow("sts:AssumeRole", "*")] if granted else []))
    names = {
        "caller": caller,
        "root": f"arn:aws:iam::{ACCOUNT_ID}:root",
        "other": f"arn:aws:iam::{ACCOUNT_ID}:role/other",
    }
    target, _ = role(trust=names[trusted])
    found = refusal(connect("sts", keys).assume_role, RoleArn=target, RoleSessionName="next")
    assert found is None if allowed else found[0] == "AccessDenied"


def test_b9_a_functions_policy_may_allow_a_role(connect, platform, role):
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


def test_a_decided_request_is_not_decided_again(connect, platform, credentials):
    seen = []

    def inner(environ):
        seen.append(environ.get(ENFORCED))
        return Response(status="200 OK")

    for key in (credentials["AccessKeyId"], ACCESS_KEY_ID):
        signature = f"AWS4-HMAC-SHA256 Credential={key}/20260101/{REGION}/s3/aws4_request, Signature=0"
        request = AWSRequest("GET", f"http://127.0.0.1:4566/{RAW}/incoming/a.csv", {"Authorization": signature})
        environ = environ_of(request.prepare())
        assert enforce(inner)(environ).code == 200
    assert seen == [True, None]


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"RequestItems": []}'])
def test_a_malformed_request_is_refused(credentials, body):
    scope = f"{credentials['AccessKeyId']}/20260101/{REGION}/dynamodb/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, Signature=0", "X-Amz-Target": "X.BatchGetItem"}
    request = AWSRequest("POST", "http://127.0.0.1:4566/", headers, body)
    answer = enforce(lambda _: Response(status="200 OK"))(environ_of(request.prepare()))
    assert (answer.code, b"SerializationException" in answer.body) == (400, True)


def test_b8_a_ciphertext_identifies_its_key(connect, platform, role):
    key = platform["keys"]["s3"]
    bound = {"StringEquals": {"kms:EncryptionContext:purpose": "test"}}
    _, keys = role(allow(["kms:Encrypt", "kms:Decrypt"], key, **bound))
    kms = connect("kms", keys)
    sealed = kms.encrypt(KeyId=f"alias/s3-{SUFFIX}", Plaintext=b"x", EncryptionContext={"purpose": "test"})
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext={"purpose": "test"})
    assert opened["Plaintext"] == b"x"
    assert refusal(kms.decrypt, CiphertextBlob=sealed["CiphertextBlob"])[0] == "AccessDeniedException"
    other = platform["keys"]["messaging"]
    assert refusal(kms.encrypt, KeyId=other, Plaintext=b"x", EncryptionContext={"purpose": "test"})[1].endswith(
        f"{other} {lacking('identity-based policy', 'kms:Encrypt')}"
    )


@pytest.fixture
def user(connect):
    """Create a user with one inline policy; return its name and its access key."""
    iam, made = connect("iam"), []

    def make(*statements):
        name = f"user-{uuid4().hex[:8]}"
        iam.create_user(UserName=name)
        made.append(name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return name, {**key, "SessionToken": None}

    yield make
    for name in made:
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=policy)
        iam.delete_user(UserName=name)


def test_e2_a_user_is_judged_like_a_role(connect, platform, user):
    name, keys = user(allow("s3:ListBucket", "*", StringEquals={"aws:username": "${aws:username}"}))
    s3 = connect("s3", keys)
    assert refusal(s3.list_objects_v2, Bucket=RAW) is None
    code, message = refusal(s3.get_object, Bucket=RAW, Key="trades/a")
    assert code == "AccessDenied"
    assert message.startswith(f"User: arn:aws:iam::{ACCOUNT_ID}:user/{name} is not authorized to perform: s3:GetObject")


def test_e2_a_function_is_created_only_by_whom_may_pass_its_role(connect, platform, role):
    passed, _ = role()
    wanted = {
        "FunctionName": f"lambda-{uuid4().hex[:8]}",
        "Runtime": "python3.13",
        "Role": passed,
        "Handler": "handler.handler",
        "Code": {"ZipFile": archive("")},
    }
    to_lambda = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    to_ec2 = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    for statements, denied in (
        ([allow("lambda:*", "*")], True),
        ([allow("lambda:*", "*"), allow("iam:PassRole", passed, **to_ec2)], True),
        ([allow("lambda:*", "*"), allow("iam:PassRole", passed, **to_lambda)], False),
    ):
        _, keys = role(*statements)
        found = refusal(connect("lambda", keys).create_function, **wanted)
        assert (found is not None) is denied
        assert not denied or "iam:PassRole" in found[1]
    connect("lambda").delete_function(FunctionName=wanted["FunctionName"])


def test_e2_tags_decide_about_networks_and_keys(connect, role):
    ours, theirs = {"Key": "Platform", "Value": "ours"}, {"Key": "Platform", "Value": "theirs"}
    own = {"StringEquals": {"aws:ResourceTag/Platform": "ours"}}
    made = {"StringEquals": {"aws:RequestTag/Platform": "ours"}}
    _, keys = role(
        allow(["ec2:DeleteVpc", "kms:DescribeKey"], "*", **own),
        allow(["ec2:CreateVpc", "ec2:CreateTags"], "*", **made),
    )
    ec2 = connect("ec2", keys)
    assert refusal(ec2.create_vpc, CidrBlock="10.1.0.0/16")[0] == "UnauthorizedOperation"
    tagged = [{"ResourceType": "vpc", "Tags": [ours]}]
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=tagged)["Vpc"]["VpcId"]
    foreign = connect("ec2").create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    assert refusal(ec2.delete_vpc, VpcId=foreign)[0] == "UnauthorizedOperation"
    assert refusal(ec2.delete_vpc, VpcId=vpc) is None
    for tag, denied in ((ours, False), (theirs, True)):
        key = connect("kms").create_key(Tags=[{"TagKey": tag["Key"], "TagValue": tag["Value"]}])["KeyMetadata"]["Arn"]
        assert (refusal(connect("kms", keys).describe_key, KeyId=key) is not None) is denied


@pytest.mark.parametrize("service", ["efs", "ses", "stepfunctions", "apigatewaymanagementapi", "glue"])
def test_e2_a_service_that_is_not_in_the_extract_is_denied_and_not_unimplemented(connect, role, service):
    calls = {
        "efs": ("describe_file_systems", {}),
        "ses": ("list_identities", {}),
        "stepfunctions": ("list_state_machines", {}),
        "apigatewaymanagementapi": ("get_connection", {"ConnectionId": "c"}),
        "glue": ("get_databases", {}),
    }
    method, arguments = calls[service]
    _, keys = role()
    code, message = refusal(getattr(connect(service, keys), method), **arguments)
    assert "AccessDenied" in code
    assert "is not authorized to perform" in message
