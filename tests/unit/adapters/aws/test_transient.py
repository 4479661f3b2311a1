"""Which errors of AWS pass by themselves: the provider's own texts against the table (C5)."""

import re
from pathlib import Path

import pytest

from orchestrator.adapters.aws.transient import TRANSIENT, transient


def error(operation, answer, *, status=400):
    """As the provider prints an error of its SDK: "<code>: <message>"."""
    return (
        f"aws_x.this: creating X (this)\noperation error {operation}, https response error StatusCode: {status}, "
        f"RequestID: 3f2a, api error {answer}\nat main.tf:3"
    )


PASSING = [
    error("EC2: CreateSubnet", "RequestLimitExceeded: Request limit exceeded.", status=503),
    error("IAM: GetRole", "Throttling: Rate exceeded"),
    "creating Lambda Function\noperation error Lambda: CreateFunction, TooManyRequestsException: Rate exceeded",
    "creating Lambda Function\nInvalidParameterValueException: The role defined for the function cannot be assumed by Lambda.",
    error(
        "Lambda: CreateFunction",
        "InvalidParameterValueException: The provided execution role does not have permissions to call CreateNetworkInterface on EC2",
    ),
    error(
        "KMS: PutKeyPolicy",
        "MalformedPolicyDocumentException: Policy contains a statement with one or more invalid principals.",
    ),
    error("S3: PutBucketPolicy", "MalformedPolicy: Invalid principal in policy"),
    error(
        "CloudWatch Logs: CreateLogGroup",
        "InvalidParameterException: The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:us-east-1:1:log-group:x'",
    ),
    error("KMS: Encrypt", "KMSInvalidStateException: arn:aws:kms:us-east-1:1:key/x is creating."),
    error("KMS: DescribeKey", "NotFoundException: Key 'arn:aws:kms:us-east-1:1:key/x' does not exist"),
    error("IAM: AttachRolePolicy", "ConcurrentModification: multiple requests", status=409),
    error("API Gateway: PutMethod", "ConflictException: Unable to complete operation due to concurrent modification."),
    error(
        "S3: PutBucketPolicy",
        "OperationAborted: A conflicting conditional operation is currently in progress against this resource. Please try again.",
        status=409,
    ),
    error("RDS: ModifyDBCluster", "InvalidDBClusterStateFault: DBCluster is not in available state"),
    error("RDS: DeleteDBInstance", "InvalidDBInstanceState: Instance x is already being modified."),
    error(
        "DynamoDB: UpdateTable",
        "ResourceInUseException: Attempt to change a resource which is still in use: Table is being updated: x",
    ),
    error("DynamoDB: UpdateContinuousBackups", "ContinuousBackupsUnavailableException: Backups are being enabled"),
    error("EC2: CreateRoute", "InvalidRouteTableID.NotFound: The routeTable ID 'rtb-1' does not exist"),
    error("SQS: CreateQueue", "AWS.SimpleQueueService.QueueDeletedRecently: You must wait 60 seconds"),
    error(
        "Lambda: PublishVersion", "ResourceConflictException: An update is in progress for resource: arn:aws:lambda:x"
    ),
    error("S3: PutObject", "RequestTimeout: Your socket connection to the server was not read from"),
    error("SNS: CreateTopic", "InternalError: We encountered an internal error.", status=500),
    'operation error S3: HeadBucket, https response error StatusCode: 0, RequestID: , request send failed, Get "https://x": read tcp 10.0.0.1:5->3.5.1.1:443: read: connection reset by peer',
]

LASTING = [
    error("EC2: CreateVpc", "VpcLimitExceeded: The maximum number of VPCs has been reached."),
    error("IAM: CreateRole", "LimitExceeded: Cannot exceed quota for RolesPerAccount: 1000"),
    error("EC2: CreateVpc", "UnauthorizedOperation: You are not authorized to perform this operation.", status=403),
    error("Lambda: CreateFunction", "ResourceConflictException: Function already exist: ingest-pr42", status=409),
    error(
        "Lambda: CreateFunction", "InvalidParameterValueException: Unzipped size must be smaller than 262144000 bytes"
    ),
    error("S3: CreateBucket", "BucketAlreadyExists: The requested bucket name is not available.", status=409),
    error("DynamoDB: CreateTable", "ResourceInUseException: Table already exists: sessions-pr42"),
    error("KMS: Encrypt", "KMSInvalidStateException: arn:aws:kms:us-east-1:1:key/x is pending deletion."),
    error("KMS: Encrypt", "KMSInvalidStateException: arn:aws:kms:us-east-1:1:key/x is disabled."),
    error("IAM: CreatePolicy", "MalformedPolicyDocument: Syntax errors in policy."),
    error("API Gateway: CreateX", "ConflictException: Stage already exists"),
    error("EC2: DeleteSubnet", "DependencyViolation: The subnet 'subnet-1' has dependencies and cannot be deleted."),
    error("Config: X", "NotImplemented: The local cloud does not know it.", status=501),
    "waiting for X to become available\ntimeout while waiting for state to become 'available'",
    "Invalid value for variable\nThe suffix SlowDown is malformed",
]

LOCKED = (
    "Error acquiring the state lock\nError message: operation error S3: PutObject, https response error StatusCode: {status}, "
    "RequestID: x, HostID: y, api error {code}: At least one of the pre-conditions you specified did not hold\nLock Info:\n  ID: 5"
)


@pytest.mark.parametrize("text", PASSING)
def test_c5_what_is_known_to_pass(text):
    for destroy in (False, True):
        assert transient(text, destroy=destroy) is not None


@pytest.mark.parametrize("text", LASTING)
def test_c5_what_is_not_known_to_pass_is_not_repeated(text):
    assert transient(text, destroy=False) is None


def test_c5_dependencies_pass_only_while_things_are_taken_down():
    text = error("EC2: DeleteSubnet", "DependencyViolation: The subnet 'subnet-1' has dependencies.")
    assert transient(text, destroy=True).only_destroy
    assert transient(text, destroy=False) is None


@pytest.mark.parametrize(
    "text",
    [
        LOCKED.format(status=412, code="PreconditionFailed"),
        LOCKED.format(status=409, code="OperationAborted"),
        LOCKED.format(status=503, code="SlowDown"),
        "Error releasing the state lock\nSlowDown: Please reduce your request rate",
        "Failed to persist state to backend\nSlowDown: Please reduce your request rate",
        "Failed to save state\nError saving state: connection reset by peer",
    ],
)
def test_c5_neither_a_lock_nor_a_state_that_was_not_written_is_something_that_passes(text):
    for destroy in (False, True):
        assert transient(text, destroy=destroy) is None


def test_every_entry_says_why_and_where_aws_says_so_and_is_proven_here():
    known = [*PASSING, LASTING[11]]
    for entry in TRANSIENT:
        assert entry.codes or entry.message
        assert entry.what
        assert entry.why
        assert re.fullmatch(r"https://docs\.aws\.amazon\.com/\S+", entry.source)
    found = {transient(text, destroy=True) for text in known}
    unproven = [entry for entry in TRANSIENT if entry not in found]
    assert [entry.codes for entry in unproven] == [
        "DependencyTimeoutException|KMSInternalException|KeyUnavailableException",
        "WAFUnavailableEntityException",
    ], "an entry without an example of its error"


def test_the_documented_table_is_the_one_in_the_code():
    text = (Path(__file__).parents[4] / "docs" / "running.md").read_text(encoding="utf-8")
    _, table = text.split("| error | passes, because |\n|---|---|\n")
    rows = table.split("\n\n")[0].splitlines()
    assert rows == [f"| {entry.what} | {entry.why} ([AWS]({entry.source})) |" for entry in TRANSIENT]
