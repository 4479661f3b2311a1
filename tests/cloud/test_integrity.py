"""What AWS refuses is refused here, with AWS's code; the same request within the limits works (E1).

Tables of (operation, accepted, refused, error): both requests are sent, the refused one first. Names with a dollar stand for
things that the module's fixture creates.
"""

import base64
import hashlib
import http.client
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from orchestrator.local_cloud.checksums import DIGESTS
from orchestrator.local_cloud.identity import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from tests.cloud.helpers import TRUST, archive, document

BODY = b"a body"
ETAG = hashlib.md5(BODY).hexdigest()
OLD, NEW = datetime(2001, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
UNKNOWN = "11111111-2222-3333-4444-555555555555"
ATTRIBUTE = {"DataType": "String", "StringValue": "v"}
MIB, KIB_256 = 1_048_576, 262_144


def encode(digest):
    return base64.b64encode(digest).decode()


def wrong(algorithm):
    """Return a checksum of something else."""
    return encode(DIGESTS[algorithm](b"another body"))


def right(algorithm):
    return encode(DIGESTS[algorithm](BODY))


@pytest.fixture(scope="module")
def aws(cloud):
    """Give a client of a service that sends what it is told: no retries, no validation of parameters."""
    session = boto3.Session(ACCESS_KEY_ID, SECRET_ACCESS_KEY, region_name=REGION)
    config = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, parameter_validation=False)
    clients = {}

    def get(service):
        if service not in clients:
            clients[service] = session.client(service, endpoint_url=cloud.status().endpoint, config=config)
        return clients[service]

    yield get
    for opened in clients.values():
        opened.close()


@pytest.fixture(scope="module")
def things(aws):
    """Create what the tables name."""
    kms, sqs, s3 = aws("kms"), aws("sqs"), aws("s3")
    found = {"$bucket": "test-integrity", "$defaulted": "test-integrity-default"}
    for name in ("$key", "$disabled", "$pending", "$live"):
        found[name] = kms.create_key()["KeyMetadata"]["KeyId"]
    for name, spec, usage in (
        ("$signing", "ECC_NIST_P256", "SIGN_VERIFY"),
        ("$mac", "HMAC_256", "GENERATE_VERIFY_MAC"),
    ):
        found[name] = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["KeyId"]
        found[f"{name}-disabled"] = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["KeyId"]
        kms.disable_key(KeyId=found[f"{name}-disabled"])
    kms.create_alias(AliasName="alias/test-integrity", TargetKeyId=found["$key"])
    found["$key-arn"] = kms.describe_key(KeyId=found["$key"])["KeyMetadata"]["Arn"]
    for name in ("key", "disabled", "pending"):
        found[f"${name}-blob"] = kms.encrypt(KeyId=found[f"${name}"], Plaintext=b"x")["CiphertextBlob"]
    for name in ("$bucket", "$defaulted"):
        s3.create_bucket(Bucket=found[name])
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": found["$disabled"]}
    s3.put_bucket_encryption(
        Bucket=found["$defaulted"],
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
    )
    s3.put_object(Bucket=found["$bucket"], Key="there", Body=BODY)
    for name in ("key", "disabled"):
        sse = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": found[f"${name}"]}
        s3.put_object(Bucket=found["$bucket"], Key=f"under-{name}", Body=BODY, **sse)
    kms.disable_key(KeyId=found["$disabled"])
    kms.schedule_key_deletion(KeyId=found["$pending"], PendingWindowInDays=7)
    found["$queue"] = sqs.create_queue(QueueName="test-integrity")["QueueUrl"]
    found["$small"] = sqs.create_queue(QueueName="test-integrity-small", Attributes={"MaximumMessageSize": "1024"})[
        "QueueUrl"
    ]
    found["$topic"] = aws("sns").create_topic(Name="test-integrity")["TopicArn"]
    aws("secretsmanager").create_secret(Name="test-integrity", SecretString="x")
    for table in ("test-integrity", "test-integrity-ttl"):
        aws("dynamodb").create_table(
            TableName=table,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    role = aws("iam").create_role(RoleName="test-integrity", AssumeRolePolicyDocument=document(TRUST))["Role"]["Arn"]
    found["$function"] = aws("lambda").create_function(
        FunctionName="test-integrity",
        Runtime="python3.12",
        Role=role,
        Handler="handler.handler",
        Code={"ZipFile": archive("def handler(event, context): pass")},
    )["FunctionArn"]
    return found


def filled(value, things):
    """Put the things in the place of their names."""
    if isinstance(value, dict):
        return {name: filled(one, things) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, things) for one in value]
    return things.get(value, value) if isinstance(value, str) else value


def refusal(call, **request):
    """Return the status, code and message with which a call is refused."""
    with pytest.raises(ClientError) as raised:
        call(**request)
    response = raised.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def rows(service, operation, shared, *cases):
    """Build rows of one operation from (id, accepted, refused, code, message[, status])."""
    for name, accepted, refused, code, message, *status in cases:
        error = (status[0] if status else 400, code, message)
        yield pytest.param(service, operation, shared | accepted, shared | refused, error, id=f"{operation}: {name}")


def sse(key):
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}


def checksums(template):
    """Build a row for a wrong, and one for a malformed checksum of each algorithm."""
    for algorithm in ("crc32", "crc32c", "crc64nvme", "sha1", "sha256", "sha512"):
        name = f"Checksum{algorithm.upper()}"
        good = {name: right(algorithm)}
        differs = f"The {algorithm.upper()} you specified did not match the calculated checksum."
        yield (f"wrong {algorithm}", good, {name: wrong(algorithm)}, "BadDigest", differs)
        malformed = f"Value for x-amz-checksum-{algorithm} header is invalid."
        yield (f"malformed {algorithm}", good, {name: template}, "InvalidRequest", malformed)


OBJECT = {"Bucket": "$bucket", "Key": "k", "Body": BODY}
COPY = {"Bucket": "$bucket", "Key": "copy", "CopySource": "test-integrity/there"}
FAILED = ("PreconditionFailed", "pre-conditions", 412)
MISSING = ("NoSuchKey", "does not exist", 404)
NOT_FOUND = ("KMS.NotFoundException", f"Key '{UNKNOWN}' does not exist")
DISABLED = ("KMS.DisabledException", "is disabled.")
PENDING = ("KMS.KMSInvalidStateException", "is pending deletion.")
KEYS = [
    ("unknown key", sse("$key"), sse(UNKNOWN), *NOT_FOUND),
    ("malformed key", sse("$key-arn"), sse("aws/s3"), "KMS.NotFoundException", "does not exist"),
    ("unknown alias", sse("alias/test-integrity"), sse("alias/none"), "KMS.NotFoundException", "does not exist"),
    ("key of another region", sse("$key-arn"), sse(f"arn:aws:kms:eu-west-1:123456789012:key/{UNKNOWN}"), "KMS.NotFoundException", "does not exist"),
    ("disabled key", sse("alias/aws/s3"), sse("$disabled"), *DISABLED),
    ("disabled default key", {}, {"Bucket": "$defaulted"}, *DISABLED),
    ("default key overridden", {"Bucket": "$defaulted", "ServerSideEncryption": "AES256"}, {"Bucket": "$defaulted"}, *DISABLED),
    ("key pending deletion", {"ServerSideEncryption": "aws:kms"}, sse("$pending"), *PENDING),
    ("key without algorithm", sse("$key"), {"SSEKMSKeyId": "$key"}, "InvalidArgument", "requires HTTP header"),
]  # fmt: skip
DELETE = {"Objects": [{"Key": "none"}]}
S3 = [
    *rows("s3", "put_object", OBJECT,
        ("wrong MD5", {"ContentMD5": right("md5")}, {"ContentMD5": wrong("md5")}, "BadDigest", "Content-MD5 you specified did not match"),
        ("short MD5", {"ContentMD5": right("md5")}, {"ContentMD5": encode(b"short")}, "InvalidDigest", "Content-MD5 you specified was invalid"),
        ("MD5 without base64", {}, {"ContentMD5": "???"}, "InvalidDigest", "Content-MD5 you specified was invalid"),
        *checksums("AAA="),
        ("two checksums", {}, {"ChecksumSHA1": right("sha1"), "ChecksumSHA256": right("sha256")}, "InvalidRequest", "Expecting a single"),
        *KEYS,
        ("If-Match of another", {"Key": "there", "IfMatch": ETAG}, {"Key": "there", "IfMatch": "0" * 32}, *FAILED),
        ("If-Match of nothing", {"Key": "there", "IfMatch": ETAG}, {"Key": "none", "IfMatch": ETAG}, *MISSING),
        ("If-None-Match of something", {"Key": "new", "IfNoneMatch": "*"}, {"Key": "there", "IfNoneMatch": "*"}, *FAILED),
    ),
    *rows("s3", "copy_object", COPY,
        *KEYS,
        ("source ETag", {"CopySourceIfMatch": ETAG}, {"CopySourceIfMatch": "0" * 32}, *FAILED),
        ("source not ETag", {"CopySourceIfNoneMatch": "0" * 32}, {"CopySourceIfNoneMatch": ETAG}, *FAILED),
        ("source modified", {"CopySourceIfUnmodifiedSince": NEW}, {"CopySourceIfUnmodifiedSince": OLD}, *FAILED),
        ("source unmodified", {"CopySourceIfModifiedSince": OLD}, {"CopySourceIfModifiedSince": NEW}, *FAILED),
        ("ETag before date", {"CopySourceIfMatch": ETAG, "CopySourceIfUnmodifiedSince": OLD},
            {"CopySourceIfNoneMatch": ETAG, "CopySourceIfModifiedSince": OLD}, *FAILED),
        ("If-Match of another", {"Key": "there", "MetadataDirective": "REPLACE", "IfMatch": ETAG}, {"Key": "there", "IfMatch": "0" * 32}, *FAILED),
        ("If-Match of nothing", {}, {"Key": "none", "IfMatch": ETAG}, *MISSING),
        ("If-None-Match of something", {"Key": "new copy", "IfNoneMatch": "*"}, {"Key": "there", "IfNoneMatch": "*"}, *FAILED),
        ("source under a disabled key", {"CopySource": "test-integrity/under-key"}, {"CopySource": "test-integrity/under-disabled"}, *DISABLED),
    ),
    *rows("s3", "create_multipart_upload", {"Bucket": "$bucket", "Key": "parts"}, *KEYS),
    *rows("s3", "get_object", {"Bucket": "$bucket"}, ("disabled key", {"Key": "under-key"}, {"Key": "under-disabled"}, *DISABLED)),
    *rows("s3", "delete_object", {"Bucket": "$bucket"},
        ("If-Match of another", {"Key": "new", "IfMatch": "*"}, {"Key": "there", "IfMatch": "0" * 32}, *FAILED),
        ("If-Match of nothing", {"Key": "none"}, {"Key": "none", "IfMatch": "*"}, *MISSING),
    ),
    *rows("s3", "delete_objects", {"Bucket": "$bucket", "Delete": DELETE},
        ("1,001 keys", {"Delete": {"Objects": [{"Key": str(n)} for n in range(1000)]}},
            {"Delete": {"Objects": [{"Key": str(n)} for n in range(1001)]}}, "MalformedXML", "not well-formed"),
        ("no keys", {}, {"Delete": {"Objects": []}}, "MalformedXML", "not well-formed"),
    ),
    *rows("s3", "put_bucket_tagging", {"Bucket": "$bucket", "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}},
        ("wrong MD5", {}, {"ContentMD5": wrong("md5")}, "BadDigest", "Content-MD5 you specified did not match"),
    ),
]  # fmt: skip


def key_states(operation, shared=None, *, live=None, disabled=None, pending=None):
    """Build the rows of an operation that needs an enabled key."""
    names = ("$key", "$disabled", "$pending")
    live, disabled, pending = (
        {"KeyId": k} if v is None else v for k, v in zip(names, (live, disabled, pending), strict=True)
    )
    yield from rows(
        "kms", operation, shared or {}, ("disabled key", live, disabled, "DisabledException", "is disabled.")
    )
    yield from rows(
        "kms",
        operation,
        shared or {},
        ("key pending deletion", live, pending, "KMSInvalidStateException", "is pending deletion."),
    )


SIGN = {"Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
MAC = {"Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
USAGE = ("InvalidKeyUsageException", "is not valid for this operation")
KMS = [
    *key_states("encrypt", {"Plaintext": b"x"}),
    *key_states("generate_data_key", {"KeySpec": "AES_256"}),
    *key_states("generate_data_key_without_plaintext", {"KeySpec": "AES_256"}),
    *key_states("decrypt", live={"CiphertextBlob": "$key-blob"}, disabled={"CiphertextBlob": "$disabled-blob"}, pending={"CiphertextBlob": "$pending-blob"}),
    *key_states("re_encrypt", {"CiphertextBlob": "$key-blob"}, live={"DestinationKeyId": "$key"},
        disabled={"DestinationKeyId": "$disabled"}, pending={"DestinationKeyId": "$pending"}),
    *key_states("enable_key_rotation"),
    *rows("kms", "sign", SIGN, ("disabled key", {"KeyId": "$signing"}, {"KeyId": "$signing-disabled"}, "DisabledException", "is disabled.")),
    *rows("kms", "generate_mac", MAC, ("disabled key", {"KeyId": "$mac"}, {"KeyId": "$mac-disabled"}, "DisabledException", "is disabled.")),
    *rows("kms", "encrypt", {"Plaintext": b"x"}, ("key that signs", {"KeyId": "alias/test-integrity"}, {"KeyId": "$signing"}, *USAGE)),
    *rows("kms", "encrypt", {"KeyId": "$key"}, ("4,097 bytes", {"Plaintext": b"x" * 4096}, {"Plaintext": b"x" * 4097}, "ValidationException", "4096")),
    *rows("kms", "generate_data_key", {"KeySpec": "AES_256"}, ("key that signs", {"KeyId": "$key-arn"}, {"KeyId": "$signing"}, *USAGE)),
    *rows("kms", "enable_key", {}, ("pending deletion", {"KeyId": "$key"}, {"KeyId": "$pending"}, "KMSInvalidStateException", "pending")),
    *rows("kms", "schedule_key_deletion", {"PendingWindowInDays": 7},
        ("window", {"KeyId": "$live"}, {"KeyId": "$key", "PendingWindowInDays": 31}, "ValidationException", "between 7 and 30")),
    *rows("kms", "cancel_key_deletion", {},
        ("not pending", {"KeyId": "$live"}, {"KeyId": "$key"}, "KMSInvalidStateException", "is not pending deletion")),
    *rows("kms", "schedule_key_deletion", {"KeyId": "$pending", "PendingWindowInDays": 7},
        ("twice", {"KeyId": "$live"}, {}, "KMSInvalidStateException", "pending")),
]  # fmt: skip


def entries(count, **more):
    """Build a batch; {n} in a value is the number of the entry."""
    numbered = [
        {name: value.replace("{n}", str(n)) if isinstance(value, str) else value for name, value in more.items()}
        for n in range(count)
    ]
    return [{"Id": str(n), **entry} for n, entry in enumerate(numbered)]


SENT = {"MessageBody": "b"}
TOO_MANY = ("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "You have sent 11")
REPEATED = ("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "Id 0 repeated")


def batches(**entry):
    """Build the rows of an operation on several messages."""
    yield "11 entries", {"Entries": entries(10, **entry)}, {"Entries": entries(11, **entry)}, *TOO_MANY
    yield (
        "repeated id",
        {"Entries": entries(2, **entry)},
        {"Entries": [one | {"Id": "0"} for one in entries(2, **entry)]},
        *REPEATED,
    )
    nothing = ("AWS.SimpleQueueService.EmptyBatchRequest", "at least one")
    yield "no entry", {"Entries": entries(1, **entry)}, {"Entries": []}, *nothing


def out_of_range(name, lowest, highest):
    """Build rows for a queue attribute just outside of its range, on both sides."""
    for limit, outside in ((lowest, lowest - 1), (highest, highest + 1)):
        good, bad = ({"Attributes": {name: str(value)}} for value in (limit, outside))
        yield f"{name} {outside}", good, bad, "InvalidAttributeValue", f"Invalid value for the parameter {name}."


def redrive(count):
    target = "arn:aws:sqs:us-east-1:123456789012:test-integrity-small"
    return {"Attributes": {"RedrivePolicy": json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": count})}}


MESSAGES = [
    *rows("sqs", "send_message", {"QueueUrl": "$small"} | SENT,
        ("size in bytes", {"MessageBody": "é" * 512}, {"MessageBody": "é" * 513}, "InvalidParameterValue", "shorter than 1024 bytes"),
        ("size with attributes", {"MessageBody": "x" * 1016, "MessageAttributes": {"a": ATTRIBUTE}},
            {"MessageBody": "x" * 1017, "MessageAttributes": {"a": ATTRIBUTE}}, "InvalidParameterValue", "shorter than 1024 bytes"),
        ("1 MiB and a byte", {"QueueUrl": "$queue", "MessageBody": "x" * MIB}, {"QueueUrl": "$queue", "MessageBody": "x" * (MIB + 1)},
            "InvalidParameterValue", "shorter than 1048576 bytes"),
        ("empty", {}, {"MessageBody": ""}, "MissingParameter", "must contain the parameter MessageBody"),
        ("control character", {"MessageBody": "\t\U0001f600"}, {"MessageBody": "\x01"}, "InvalidMessageContents", "characters"),
        ("11 attributes", {"MessageAttributes": {f"a{n}": ATTRIBUTE for n in range(10)}},
            {"MessageAttributes": {f"a{n}": ATTRIBUTE for n in range(11)}}, "InvalidParameterValue", "[11] exceeds"),
        ("delay", {"DelaySeconds": 0}, {"DelaySeconds": -1}, "InvalidParameterValue", ">= 0 and <= 900"),
        ("long delay", {"DelaySeconds": 900}, {"DelaySeconds": 901}, "InvalidParameterValue", ">= 0 and <= 900"),
    ),
    *rows("sqs", "send_message_batch", {"QueueUrl": "$queue"},
        ("total in bytes", {"Entries": entries(2, MessageBody="é" * (MIB // 4))}, {"Entries": entries(2, MessageBody="é" * (MIB // 4 + 1))},
            "AWS.SimpleQueueService.BatchRequestTooLong", "1048576 bytes"),
        ("11 entries", {"Entries": entries(10, **SENT)}, {"Entries": entries(11, **SENT)}, *TOO_MANY),
        ("repeated id", {"Entries": entries(2, **SENT)}, {"Entries": entries(1, **SENT) * 2}, *REPEATED),
    ),
    *rows("sqs", "delete_message_batch", {"QueueUrl": "$queue"}, *batches(ReceiptHandle="unknown-{n}")),
    *rows("sqs", "change_message_visibility_batch", {"QueueUrl": "$queue"}, *batches(ReceiptHandle="unknown-{n}", VisibilityTimeout=1)),
    *rows("sqs", "set_queue_attributes", {"QueueUrl": "$queue"},
        *out_of_range("DelaySeconds", 0, 900),
        *out_of_range("MaximumMessageSize", 1024, MIB),
        *out_of_range("MessageRetentionPeriod", 60, 1_209_600),
        *out_of_range("ReceiveMessageWaitTimeSeconds", 0, 20),
        *out_of_range("VisibilityTimeout", 0, 43_200),
        *out_of_range("KmsDataKeyReusePeriodSeconds", 60, 86_400),
        ("receives", redrive(1000), redrive(1001), "InvalidParameterValue", "from 1 to 1000"),
        ("no receive", redrive(1), redrive(0), "InvalidParameterValue", "from 1 to 1000"),
    ),
    *rows("sns", "publish", {"TopicArn": "$topic", "Message": "m"},
        ("size in bytes", {"Message": "é" * (KIB_256 // 2)}, {"Message": "é" * (KIB_256 // 2 + 1)}, "InvalidParameter", "Message too long"),
        ("size with attributes", {"Message": "x" * (KIB_256 - 8), "MessageAttributes": {"a": ATTRIBUTE}},
            {"Message": "x" * (KIB_256 - 7), "MessageAttributes": {"a": ATTRIBUTE}}, "InvalidParameter", "Message too long"),
        ("empty", {}, {"Message": ""}, "InvalidParameter", "Empty message"),
        ("no default", {"Message": '{"default": "m"}', "MessageStructure": "json"},
            {"Message": '{"sqs": "m"}', "MessageStructure": "json"}, "InvalidParameter", "No default entry"),
    ),
    *rows("sns", "publish_batch", {"TopicArn": "$topic"},
        ("total", {"PublishBatchRequestEntries": entries(2, Message="x" * (KIB_256 // 2))},
            {"PublishBatchRequestEntries": entries(2, Message="x" * (KIB_256 // 2 + 1))}, "BatchRequestTooLong", "more than the limit"),
        ("no entry", {"PublishBatchRequestEntries": entries(1, Message="m")}, {"PublishBatchRequestEntries": []}, "EmptyBatchRequest", "any entries"),
    ),
]  # fmt: skip


def item(**attributes):
    return {"pk": {"S": "k"}, **attributes}


def puts(count):
    return {"RequestItems": {"test-integrity": [{"PutRequest": {"Item": {"pk": {"S": str(n)}}}} for n in range(count)]}}


def transact(attribute):
    return {
        "TransactItems": [{"Put": {"TableName": "test-integrity", "Item": item(n={"M": {"n": {"L": [attribute]}}})}}]
    }


def ttl(attribute, *, enabled=True):
    return {"TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": attribute}}


def number(value):
    return {"Item": item(n={"N": value})}


def variables(**values):
    return {"Environment": {"Variables": values}}


INVALID = "ValidationException"
TOO_BIG = f"less than or equal to {65_536}"
STORED = [
    *rows("dynamodb", "batch_write_item", {}, ("26 writes", puts(25), puts(26), INVALID, "less than or equal to 25")),
    *rows("dynamodb", "put_item", {"TableName": "test-integrity"},
        ("39 digits", number("1" * 38), number("1" * 39), INVALID, "more than 38 significant digits"),
        ("too large", number("9.9e125"), number("1e126"), INVALID, "Number overflow"),
        ("too small", number("1e-130"), number("1e-131"), INVALID, "Number underflow"),
        ("repeated text", {"Item": item(s={"SS": ["a", "b"]})}, {"Item": item(s={"SS": ["a", "a"]})}, INVALID, "[a, a] contains duplicates"),
        ("long number in a set", {"Item": item(s={"NS": ["1", "2"]})}, {"Item": item(s={"NS": ["1" * 39]})}, INVALID, "38 significant digits"),
    ),
    *rows("dynamodb", "transact_write_items", {}, ("nested 39 digits", transact({"N": "1"}), transact({"N": "1" * 39}), INVALID, "38 significant")),
    *rows("dynamodb", "update_item", {"TableName": "test-integrity", "Key": item(), "UpdateExpression": "SET n = :n"},
        ("39 digits", {"ExpressionAttributeValues": {":n": {"N": "1"}}}, {"ExpressionAttributeValues": {":n": {"N": "1" * 39}}}, INVALID, "38 significant"),
    ),
    *rows("dynamodb", "update_time_to_live", {"TableName": "test-integrity-ttl"},
        ("disabled before", ttl("e"), ttl("e", enabled=False), INVALID, "TimeToLive is already disabled"),
        ("enabled before", ttl("e", enabled=False), ttl("e"), INVALID, "TimeToLive is already enabled"),
    ),
    *rows("secretsmanager", "put_secret_value", {"SecretId": "test-integrity"},
        ("text over 64 KiB", {"SecretString": "é" * 32_768}, {"SecretString": "é" * 32_769}, INVALID, TOO_BIG),
        ("bytes over 64 KiB", {"SecretBinary": b"x" * 65_536}, {"SecretBinary": b"x" * 65_537}, INVALID, TOO_BIG),
        ("both", {"SecretString": "s"}, {"SecretString": "s", "SecretBinary": b"b"}, "InvalidParameterException", "both"),
    ),
    *rows("secretsmanager", "update_secret", {"SecretId": "test-integrity"},
        ("text over 64 KiB", {"SecretString": "x" * 65_536}, {"SecretString": "x" * 65_537}, INVALID, TOO_BIG)),
    *rows("secretsmanager", "create_secret", {"Name": "test-integrity-made"},
        ("text over 64 KiB", {"SecretString": "x" * 65_536}, {"SecretString": "x" * 65_537}, INVALID, TOO_BIG)),
    *rows("lambda", "update_function_configuration", {"FunctionName": "test-integrity"},
        ("4 KB of variables", variables(NAME="x" * 4085), variables(NAME="x" * 4086), "InvalidParameterValueException", "exceeded the 4KB limit"),
        ("reserved variable", variables(AWS_LAMBDA_EXEC_WRAPPER="x"), variables(AWS_REGION="x"), "InvalidParameterValueException", "Reserved keys used in this request: AWS_REGION"),
        ("variable's name", variables(N1="x"), {"Environment": {"Variables": {"1N": "x"}}}, INVALID, "regular expression"),
        ("memory", {"MemorySize": 128}, {"MemorySize": 127}, INVALID, "Value '127' at 'memorySize' failed"),
        ("timeout", {"Timeout": 900}, {"Timeout": 901}, INVALID, "Member must have value less than or equal to 900"),
        ("storage", {"EphemeralStorage": {"Size": 512}}, {"EphemeralStorage": {"Size": 511}}, INVALID, "greater than or equal to 512"),
        ("description", {"Description": "x" * 256}, {"Description": "x" * 257}, INVALID, "less than or equal to 256"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("service", "operation", "accepted", "refused", "error"), [*S3, *KMS, *MESSAGES, *STORED])
def test_e1_what_aws_refuses_is_refused_and_what_it_accepts_is_not(
    aws, things, service, operation, accepted, refused, error
):
    call = getattr(aws(service), operation)
    status, code, message = refusal(call, **filled(refused, things))
    assert (status, code) == error[:2]
    assert error[2] in message
    call(**filled(accepted, things))


def test_e1_a_lambda_function_is_checked_when_it_is_created(aws, things):
    found = aws("lambda").get_function_configuration(FunctionName=things["$function"])
    request = {name: found[name] for name in ("Role", "Runtime", "Handler")}
    request |= {"FunctionName": "test-integrity-refused", "Code": {"ZipFile": b"x"}, "Timeout": 901}
    assert refusal(aws("lambda").create_function, **request)[:2] == (400, INVALID)


# Multipart uploads


@pytest.fixture
def upload(aws, things):
    """Upload two parts; return the request that completes the upload and the parts' contents."""
    target = {"Bucket": things["$bucket"], "Key": "parts"}
    s3 = aws("s3")
    started = s3.create_multipart_upload(**target)["UploadId"]
    contents, listed = [b"a" * 5 * MIB, b"end"], []
    for n, content in enumerate(contents, 1):
        etag = s3.upload_part(**target, UploadId=started, PartNumber=n, Body=content)["ETag"]
        listed.append({"PartNumber": n, "ETag": etag})
    yield {**target, "UploadId": started, "MultipartUpload": {"Parts": listed}}, contents
    s3.delete_object(**target)


def composite(algorithm, contents):
    return encode(DIGESTS[algorithm](b"".join(map(DIGESTS[algorithm], contents))))


def test_e1_a_completion_is_verified_and_conditional(aws, upload):
    request, contents = upload
    s3 = aws("s3")
    whole = b"".join(contents)
    one, two = request["MultipartUpload"]["Parts"]
    part = {"Parts": [one, two | {"ChecksumSHA256": wrong("sha256")}]}
    for refused, error in (
        ({"IfMatch": ETAG}, (404, "NoSuchKey")),
        ({"MultipartUpload": part}, (400, "InvalidPart")),
        ({"MpuObjectSize": len(whole) + 1}, (400, "InvalidRequest")),
        ({"ChecksumCRC64NVME": wrong("crc64nvme")}, (400, "BadDigest")),
        ({"ChecksumSHA256": "AAAA"}, (400, "InvalidRequest")),
    ):
        assert refusal(s3.complete_multipart_upload, **request | refused)[:2] == error
    s3.put_object(Bucket=request["Bucket"], Key=request["Key"], Body=BODY)
    assert refusal(s3.complete_multipart_upload, **request, IfMatch="0" * 32)[:2] == (412, "PreconditionFailed")
    part = {"Parts": [one, two | {"ChecksumSHA256": encode(DIGESTS["sha256"](contents[1]))}]}
    accepted = request | {"MultipartUpload": part, "MpuObjectSize": len(whole), "IfMatch": ETAG}
    s3.complete_multipart_upload(**accepted, ChecksumCRC64NVME=encode(DIGESTS["crc64nvme"](whole)))
    # A completion that is repeated has passed its conditions before.
    s3.complete_multipart_upload(**accepted)
    assert s3.get_object(Bucket=request["Bucket"], Key=request["Key"])["Body"].read() == whole


@pytest.mark.parametrize("value", ["{}", "{}-2"])
def test_e1_a_composite_checksum_completes_an_upload(aws, upload, value):
    request, contents = upload
    aws("s3").complete_multipart_upload(**request, ChecksumSHA256=value.format(composite("sha256", contents)))


@pytest.mark.parametrize("parameter", ["ContentMD5", "ChecksumCRC32"])
def test_e1_a_damaged_part_is_refused(aws, upload, parameter):
    request, _ = upload
    part = {name: request[name] for name in ("Bucket", "Key", "UploadId")} | {"PartNumber": 2, "Body": BODY}
    algorithm = parameter.removeprefix("Content").removeprefix("Checksum").lower()
    assert refusal(aws("s3").upload_part, **part, **{parameter: wrong(algorithm)})[:2] == (400, "BadDigest")
    aws("s3").upload_part(**part, **{parameter: right(algorithm)})


def test_e1_a_copied_part_has_conditions(aws, upload):
    request, _ = upload
    part = {name: request[name] for name in ("Bucket", "Key", "UploadId")} | {"PartNumber": 2}
    part["CopySource"] = f"{request['Bucket']}/there"
    assert refusal(aws("s3").upload_part_copy, **part, CopySourceIfMatch="0" * 32)[:2] == (412, "PreconditionFailed")
    aws("s3").upload_part_copy(**part, CopySourceIfMatch=ETAG)


# Deletion of many objects


@pytest.mark.parametrize(("quiet", "reported"), [(True, []), (False, ["gone", "never"])])
def test_e1_quiet_deletions_report_errors_only(aws, things, quiet, reported):
    s3, bucket = aws("s3"), things["$bucket"]
    s3.put_object(Bucket=bucket, Key="gone", Body=b"x")
    objects = [{"Key": "gone"}, {"Key": "never"}, {"Key": "there", "ETag": "0" * 32}]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": quiet})
    assert sorted(one["Key"] for one in answer.get("Deleted", [])) == reported
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("there", "PreconditionFailed")]
    left = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert "there" in left
    assert "gone" not in left


def test_e1_a_deletion_with_the_right_etag_deletes(aws, things):
    s3, bucket = aws("s3"), things["$bucket"]
    s3.put_object(Bucket=bucket, Key="tagged", Body=BODY)
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "tagged", "ETag": "0" * 32}]})
    assert [one["Code"] for one in answer["Errors"]] == ["PreconditionFailed"]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "tagged", "ETag": ETAG}]})
    assert [one["Key"] for one in answer["Deleted"]] == ["tagged"]


def test_e1_a_deletion_in_a_missing_bucket_is_refused(aws):
    delete = {"Objects": [{"Key": "k"}]}
    assert refusal(aws("s3").delete_objects, Bucket="no-such-bucket", Delete=delete)[:2] == (404, "NoSuchBucket")


def test_e1_what_surrounds_an_object_is_read_without_its_key(aws, things):
    target = {"Bucket": things["$bucket"], "Key": "under-disabled"}
    assert aws("s3").head_object(**target)["ContentLength"] == len(BODY)
    aws("s3").put_object_tagging(**target, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert aws("s3").get_object_tagging(**target)["TagSet"] == [{"Key": "a", "Value": "b"}]


# Requests that an SDK does not send


@pytest.fixture
def send(cloud):
    """Send an HTTP request; return the status and the body."""
    address = urlsplit(cloud.status().endpoint).netloc

    def exchange(method, path, body=b"", **headers):
        connection = http.client.HTTPConnection(address, timeout=30)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    return exchange


SIGNED = (
    f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00"
)


def chunked(content, *trailers, signed=False):
    """Build an aws-chunked body of one chunk."""
    mark = b";chunk-signature=" + b"0" * 64 if signed else b""
    chunk = b"%x%s\r\n%s\r\n0%s\r\n" % (len(content), mark, content, mark)
    return chunk + b"".join(trailer.encode() + b"\r\n" for trailer in trailers) + b"\r\n"


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(
    ("name", "trailers", "status", "code"),
    [
        ("x-amz-checksum-crc32c", [f"x-amz-checksum-crc32c:{right('crc32c')}"], 200, ""),
        ("x-amz-checksum-crc32c", [f"x-amz-checksum-crc32c:{wrong('crc32c')}"], 400, "BadDigest"),
        ("x-amz-checksum-crc32", ["x-amz-checksum-crc32:AAA"], 400, "InvalidRequest"),
        ("x-amz-checksum-sha256", [], 400, "MalformedTrailerError"),
    ],
)
def test_e1_a_checksum_may_be_a_trailer(send, things, signed, name, trailers, status, code):
    streaming = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" if signed else "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    found, text = send(
        "PUT", f"/{things['$bucket']}/trailer", chunked(BODY, *trailers, signed=signed),
        Authorization=SIGNED, Content_Encoding="aws-chunked", x_amz_content_sha256=streaming,
        x_amz_decoded_content_length=str(len(BODY)), x_amz_trailer=name,
    )  # fmt: skip
    assert found == status
    assert f"<Code>{code}</Code>" in text or not code


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"x-amz-content-sha256": hashlib.sha256(BODY).hexdigest()}, 200, ""),
        ({"x-amz-content-sha256": hashlib.sha256(b"x").hexdigest()}, 400, "XAmzContentSHA256Mismatch"),
        ({"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, 200, ""),
        ({"x-amz-sdk-checksum-algorithm": "CRC32"}, 400, "InvalidRequest"),
        ({"x-amz-sdk-checksum-algorithm": "CRC32", "x-amz-checksum-crc32": right("crc32")}, 200, ""),
        ({"Content-Type": "application/x-www-form-urlencoded", "Content-MD5": right("md5")}, 200, ""),
        ({"Content-Type": "application/x-www-form-urlencoded", "Content-MD5": wrong("md5")}, 400, "BadDigest"),
        # xxHash is not computed here.
        ({"x-amz-checksum-xxhash64": "AAAAAAAAAAA="}, 200, ""),
    ],
)
def test_e1_a_body_is_what_its_headers_say(send, things, headers, status, code):
    found, text = send("PUT", f"/{things['$bucket']}/raw", BODY, Authorization=SIGNED, **headers)
    assert found == status
    assert f"<Code>{code}</Code>" in text or not code


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=edge", "text/plain"]
)
def test_e1_a_body_is_stored_whatever_its_type_is(aws, send, things, kind):
    path = f"/{things['$bucket']}/form"
    assert send("PUT", path, b"a=b&c", Authorization=SIGNED, Content_Type=kind)[0] == 200
    found = aws("s3").get_object(Bucket=things["$bucket"], Key="form")
    assert (found["Body"].read(), found["ContentType"]) == (b"a=b&c", kind)


def test_e1_a_deletion_of_many_must_be_verifiable(send, things):
    body = b"<Delete><Object><Key>none</Key></Object></Delete>"
    path = f"/{things['$bucket']}?delete"
    status, text = send("POST", path, body, Authorization=SIGNED)
    assert (status, "<Code>InvalidRequest</Code>" in text) == (400, True)
    for md5, status, code in ((wrong("md5"), 400, "BadDigest"), (encode(DIGESTS["md5"](body)), 200, "DeleteResult")):
        found, text = send("POST", path, body, Authorization=SIGNED, Content_MD5=md5)
        assert (found, code in text) == (status, True)


# Expiry

NOW = datetime.now(UTC)


def v4(start, seconds):
    date = start if isinstance(start, str) else start.strftime("%Y%m%dT%H%M%SZ")
    return {"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": f"{ACCESS_KEY_ID}/{date[:8]}/us-east-1/s3/aws4_request",
            "X-Amz-Date": date, "X-Amz-Expires": str(seconds), "X-Amz-SignedHeaders": "host", "X-Amz-Signature": "00"}  # fmt: skip


def v2(expires):
    return {"AWSAccessKeyId": ACCESS_KEY_ID, "Signature": "00", "Expires": str(expires)}


EXPIRED = (403, "AccessDenied", "Request has expired")
PARAMETERS = "AuthorizationQueryParametersError"


@pytest.mark.parametrize(
    ("query", "status", "code", "message"),
    [
        (v4(NOW - timedelta(minutes=1), 21_600), 200, "", ""),
        (v4(NOW - timedelta(minutes=1), 604_800), 200, "", ""),
        (v4(NOW + timedelta(minutes=5), 21_600), 200, "", ""),
        (v4(NOW - timedelta(hours=1), 3599), *EXPIRED),
        (v4(NOW - timedelta(days=8), 604_800), *EXPIRED),
        (v4(NOW + timedelta(hours=1), 600), 403, "AccessDenied", "not yet valid"),
        (v4(NOW, 604_801), 400, PARAMETERS, "604800 seconds"),
        (v4(NOW, "9" * 400), 400, PARAMETERS, "number"),
        (v4(NOW, -1), 400, PARAMETERS, "non-negative"),
        (v4(NOW, "soon"), 400, PARAMETERS, "should be a number"),
        (v4(NOW, ""), 400, PARAMETERS, "should be a number"),
        (v4("yesterday", 600), 400, PARAMETERS, "ISO8601"),
        (v2(int(NOW.timestamp()) + 21_600), 200, "", ""),
        (v2(int(NOW.timestamp()) - 1), *EXPIRED),
        (v2("soon"), 403, "AccessDenied", "Invalid date"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_e1_presigned_urls_expire(send, things, method, query, status, code, message):
    key = "presigned" if method == "PUT" else "there"
    found, text = send(method, f"/{things['$bucket']}/{key}?{urlencode(query)}", BODY if method == "PUT" else b"")
    assert found == status
    if method != "HEAD" and code:
        assert f"<Code>{code}</Code>" in text
        assert message in text


def test_e1_an_expired_url_tells_nothing_else(send, things):
    query = urlencode(v4(NOW - timedelta(hours=1), 60))
    assert "Request has expired" in send("GET", f"/{things['$bucket']}/under-disabled?{query}")[1]
    assert "Request has expired" in send("PUT", f"/{things['$bucket']}/k?{query}", BODY, Content_MD5=wrong("md5"))[1]


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_e1_presigned_urls_of_the_sdk_work_and_expire(cloud, send, things, version):
    config = Config(signature_version=version, s3={"addressing_style": "path"})
    session = boto3.Session(ACCESS_KEY_ID, SECRET_ACCESS_KEY, region_name=REGION)
    s3 = session.client("s3", endpoint_url=cloud.status().endpoint, config=config)
    for seconds, status in ((60, 200), (-60, 403 if version == "s3" else 400)):
        parts = urlsplit(
            s3.generate_presigned_url("get_object", {"Bucket": things["$bucket"], "Key": "there"}, seconds)
        )
        assert send("GET", f"{parts.path}?{parts.query}")[0] == status
    s3.close()


def post(policy, content):
    """Build a form upload."""
    fields = {"key": "posted", "policy": base64.b64encode(json.dumps(policy).encode()).decode()}
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    parts.append(
        f'--edge\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n{content}\r\n--edge--\r\n'
    )
    return "".join(parts).encode()


@pytest.mark.parametrize(
    ("expiration", "content", "status", "code"),
    [
        (NOW + timedelta(hours=1), "abc", 204, ""),
        (NOW - timedelta(hours=1), "abc", 403, "AccessDenied"),
        (NOW + timedelta(hours=1), "a", 400, "EntityTooSmall"),
        (NOW + timedelta(hours=1), "abcd", 400, "EntityTooLarge"),
        (None, "abc", 400, "InvalidPolicyDocument"),
    ],
)
def test_e1_post_policies_expire_and_limit_sizes(send, things, expiration, content, status, code):
    policy = {
        "expiration": expiration and expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "conditions": [["content-length-range", 2, 3]],
    }
    body = post(policy, content)
    found, text = send("POST", f"/{things['$bucket']}", body, Content_Type="multipart/form-data; boundary=edge")
    assert found == status
    assert f"<Code>{code}</Code>" in text or not code
