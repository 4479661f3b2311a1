"""The errors of AWS that pass by themselves, in one table; what fails for nothing else is worth another attempt.

The provider and its SDK repeat most calls on their own. What gets here has outlasted that, or is nothing that they
repeat. Each entry names where AWS says so. An error that is in no entry is never repeated: it would only be slower to
fail.
"""

import re
from dataclasses import dataclass

_SDK = "https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html"
_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency"
_KMS_KEY_POLICY = "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html"
_KMS_CONSISTENCY = "https://docs.aws.amazon.com/kms/latest/developerguide/programming-eventual-consistency.html"
_EC2 = "https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"
_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transient:
    """One kind of error that passes.

    Attributes:
        what: the error, for the table in docs/running.md.
        codes: the services' error codes, as they stand before the colon of an error; none when there is no answer.
        message: a regular expression for the message, where the code alone says too little.
        why: why it passes.
        source: where AWS says so.
        only_destroy: whether it passes only while things are taken down.

    """

    what: str
    codes: tuple[str, ...] = ()
    message: str = ""
    why: str
    source: str
    only_destroy: bool = False

    def matches(self, error: str) -> bool:
        if self.codes and not re.search(rf"\b(?:{'|'.join(self.codes)})\s*:", error):
            return False
        return re.search(self.message, error, re.IGNORECASE) is not None


TRANSIENT = (
    Transient(
        what="throttling, in all its spellings",
        codes=(
            "BandwidthLimitExceeded",
            "EC2ThrottledException",
            "KMSThrottling(?:Exception)?",
            "KmsThrottled",
            "PriorRequestNotComplete",
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "RequestThrottled(?:Exception)?",
            "SlowDown",
            "Throttled(?:Exception)?",
            "Throttling(?:Exception)?",
            "TooManyRequestsException",
            "TransactionInProgressException",
        ),
        why="the account asked faster than the service answers",
        source=_SDK,
    ),
    Transient(
        what="`RequestTimeout`",
        codes=("RequestTimeout(?:Exception)?",),
        why="the connection was too slow for one request",
        source=_SDK,
    ),
    Transient(
        what="no answer: connection reset, timed out, or closed",
        message=r"connection reset by peer|TLS handshake timeout|i/o timeout|unexpected EOF|connection timed out"
        r"|server closed idle connection|http2: client connection lost",
        why="the connection broke",
        source=_SDK,
    ),
    Transient(
        what="HTTP status 500, 502, 503, 504",
        message=r"https response error StatusCode: 50[0234]\b",
        why="the service has a fault of its own",
        source=_SDK,
    ),
    Transient(
        what="KMS: `KMSInternalException`, `DependencyTimeoutException`, `KeyUnavailableException`",
        codes=("DependencyTimeoutException", "KMSInternalException", "KeyUnavailableException"),
        why="the key's service has a fault of its own",
        source=_KMS_KEY_POLICY,
    ),
    Transient(
        what="`ConcurrentModification`, `ConcurrentAccess`",
        codes=("ConcurrentModification(?:Exception)?", "ConcurrentAccess(?:Exception)?"),
        why="two requests changed the same thing at once",
        source="https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html",
    ),
    Transient(
        what="API Gateway: `ConflictException`, concurrent modification",
        codes=("ConflictException",),
        message=r"concurrent modification",
        why="two requests changed the same API at once",
        source="https://docs.aws.amazon.com/apigateway/latest/api/API_CreateResource.html",
    ),
    Transient(
        what="S3: `OperationAborted`, conflicting conditional operation",
        codes=("OperationAborted",),
        message=r"conflicting (?:conditional )?operation",
        why="another request works on the bucket",
        source=_S3,
    ),
    Transient(
        what="a role cannot be assumed by the service that gets it, or lacks a permission that it needs there",
        codes=("InvalidParameterValueException", "InvalidParameterValue", "ValidationException"),
        message=r"cannot be assumed by|cannot assume (?:the |this )?(?:provided )?(?:execution )?role"
        r"|unable to assume (?:the |this )?(?:provided )?role|(?:execution )?role does not have permissions to call",
        why="a new role or its policy is not known everywhere yet",
        source=_IAM,
    ),
    Transient(
        what="`MalformedPolicy`, `MalformedPolicyDocument`: invalid principal",
        codes=("MalformedPolicyDocument(?:Exception)?", "MalformedPolicy"),
        message=r"invalid principal",
        why="a policy names a role that is not known everywhere yet",
        source=_KMS_KEY_POLICY,
    ),
    Transient(
        what="a service that may not use a KMS key",
        codes=("InvalidParameterException", "InvalidParameterValueException", "InvalidParameterValue"),
        message=r"KMS key does not exist or is not allowed to be used|KMS key (?:is invalid|cannot be used)",
        why="a new key or its policy is not known everywhere yet",
        source=_KMS_CONSISTENCY,
    ),
    Transient(
        what="`KMSInvalidState`, unless the key is switched off or being deleted",
        codes=("KMSInvalidState(?:Exception)?", "KmsInvalidState"),
        # A key that is being deleted or is switched off stays so.
        message=r"\A(?!(?s:.*)(?:pending|disabled))",
        why="a new key is not usable everywhere yet",
        source=_KMS_CONSISTENCY,
    ),
    Transient(
        what="KMS: `NotFoundException`",
        codes=("NotFoundException",),
        message=r"\b(?:key|alias) '?arn:aws[\w-]*:kms:",
        why="a new key is not known everywhere yet",
        source=_KMS_CONSISTENCY,
    ),
    Transient(
        what="Lambda: `ResourceConflictException`, an update is in progress",
        codes=("ResourceConflictException",),
        message=r"(?:update|operation) is in progress|cannot be performed at this time|function is currently in",
        why="the function is still being made or changed",
        source="https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html",
    ),
    Transient(
        what="EC2: `Invalid...ID.NotFound`",
        codes=(r"Invalid\w+(?:ID|Id)\.NotFound", r"InvalidGroup\.NotFound"),
        why="what was made a moment ago is not known everywhere yet",
        source=_EC2,
    ),
    Transient(
        what="EC2: `DependencyViolation`, while things are destroyed",
        codes=("DependencyViolation",),
        only_destroy=True,
        why="a function's network interfaces are given back up to 20 minutes after it",
        source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
    ),
    Transient(
        what="RDS: `InvalidDBClusterStateFault`, `InvalidDBInstanceState`",
        codes=("InvalidDBClusterStateFault", "InvalidDBInstanceState(?:Fault)?"),
        why="the database is still at another change",
        source="https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html",
    ),
    Transient(
        what="DynamoDB: `ResourceInUseException`, the table is being changed",
        codes=("ResourceInUseException",),
        message=r"being (?:created|updated|deleted)",
        why="the table is still at another change",
        source="https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html",
    ),
    Transient(
        what="DynamoDB: `ContinuousBackupsUnavailableException`",
        codes=("ContinuousBackupsUnavailableException",),
        why="backups of a new table are being switched on",
        source="https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateContinuousBackups.html",
    ),
    Transient(
        what="SQS: `QueueDeletedRecently`",
        codes=(r"(?:AWS\.SimpleQueueService\.)?QueueDeletedRecently",),
        why="a queue's name is free again 60 seconds after it was deleted",
        source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
    ),
    Transient(
        what="WAF: `WAFUnavailableEntityException`",
        codes=("WAFUnavailableEntityException",),
        why="what was made a moment ago is not known to the firewall yet",
        source="https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html",
    ),
)

# Whoever holds a state's lock is at work: Terraform has waited for it, and a person has to decide. And a state that could
# not be written is not to be worked on a second time. Their texts may hold the code of an S3 error from above.
_NEVER = re.compile(
    r"state lock|locking state|(?:sav|persist)(?:e|ing)? (?:the )?(?:current )?state|errored\.tfstate", re.IGNORECASE
)


def transient(error: str, *, destroy: bool) -> Transient | None:
    """The entry of the table that an error of Terraform's belongs to, or None when it is not known to pass.

    Args:
        error: its whole text.
        destroy: whether things were being taken down.

    """
    if _NEVER.search(error):
        return None
    for entry in TRANSIENT:
        if (destroy or not entry.only_destroy) and entry.matches(error):
            return entry
    return None
