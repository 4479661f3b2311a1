"""The transient errors that AWS documents, in one table; only these are retried.

The provider and its SDK retry most calls themselves. What arrives here has outlasted that, or is something that they do not retry.
"""

import re
from dataclasses import dataclass

_DOCS = "https://docs.aws.amazon.com/"
_SDK = "sdkref/latest/guide/feature-retry-behavior.html"
_KMS = "kms/latest/developerguide/programming-eventual-consistency.html"
_KMS_API = "kms/latest/APIReference/API_CreateKey.html"


@dataclass(frozen=True, slots=True)
class Transient:
    """One kind of transient error.

    Attributes:
        what: the error, for the table in docs/running.md.
        why: it passes.
        page: of AWS's documentation that says so.
        codes: a regular expression for the service's error code, which precedes the colon of an error; empty when there is no answer.
        message: a regular expression for the message, when the code alone says too little.
        only_destroy: whether it passes only during a destroy.

    """

    what: str
    why: str
    page: str
    codes: str = ""
    message: str = ""
    only_destroy: bool = False

    @property
    def source(self) -> str:
        return _DOCS + self.page

    def matches(self, error: str) -> bool:
        if self.codes and not re.search(rf"\b(?:{self.codes})\s*:", error):
            return False
        return re.search(self.message, error, re.IGNORECASE) is not None


TRANSIENT = (
    Transient(
        "throttling, in all its spellings",
        "the account called faster than the service answers",
        _SDK,
        r"BandwidthLimitExceeded|EC2ThrottledException|KMSThrottling(?:Exception)?|KmsThrottled|PriorRequestNotComplete"
        r"|ProvisionedThroughputExceededException|RequestLimitExceeded|RequestThrottled(?:Exception)?|SlowDown"
        r"|Throttled(?:Exception)?|Throttling(?:Exception)?|TooManyRequestsException|TransactionInProgressException",
    ),
    Transient("`RequestTimeout`", "the connection was too slow for one request", _SDK, r"RequestTimeout(?:Exception)?"),
    Transient(
        "no answer: connection reset, timed out, or closed",
        "the connection broke",
        _SDK,
        message=r"connection reset by peer|TLS handshake timeout|i/o timeout|unexpected EOF|connection timed out"
        r"|server closed idle connection|http2: client connection lost",
    ),
    Transient(
        "HTTP status 500, 502, 503, 504",
        "the service has an internal error",
        _SDK,
        message=r"https response error StatusCode: 50[0234]\b",
    ),
    Transient(
        "KMS: `KMSInternalException`, `DependencyTimeoutException`, `KeyUnavailableException`",
        "the service has an internal error",
        _KMS_API,
        "DependencyTimeoutException|KMSInternalException|KeyUnavailableException",
    ),
    Transient(
        "`ConcurrentModification`, `ConcurrentAccess`",
        "two requests changed the same resource at once",
        "IAM/latest/APIReference/API_AttachRolePolicy.html",
        "(?:ConcurrentModification|ConcurrentAccess)(?:Exception)?",
    ),
    Transient(
        "API Gateway: `ConflictException`, concurrent modification",
        "two requests changed the same API at once",
        "apigateway/latest/api/API_CreateResource.html",
        "ConflictException",
        "concurrent modification",
    ),
    Transient(
        "S3: `OperationAborted`, conflicting conditional operation",
        "another request is changing the bucket",
        "AmazonS3/latest/API/ErrorResponses.html",
        "OperationAborted",
        r"conflicting (?:conditional )?operation",
    ),
    Transient(
        "a service cannot assume a role, or the role lacks a permission that the service needs",
        "a new role or its policy has not propagated",
        "IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency",
        "InvalidParameterValueException|InvalidParameterValue|ValidationException",
        r"cannot be assumed by|cannot assume (?:the |this )?(?:provided )?(?:execution )?role"
        r"|unable to assume (?:the |this )?(?:provided )?role|(?:execution )?role does not have permissions to call",
    ),
    Transient(
        "`MalformedPolicy`, `MalformedPolicyDocument`: invalid principal",
        "a policy names a role that has not propagated",
        _KMS_API,
        "MalformedPolicyDocument(?:Exception)?|MalformedPolicy",
        "invalid principal",
    ),
    Transient(
        "a service may not use a KMS key",
        "a new key or its policy has not propagated",
        _KMS,
        "InvalidParameterException|InvalidParameterValueException|InvalidParameterValue",
        r"KMS key does not exist or is not allowed to be used|KMS key (?:is invalid|cannot be used)",
    ),
    Transient(
        "`KMSInvalidState`, unless the key is disabled or being deleted",
        "a new key is not usable everywhere yet",
        _KMS,
        "KMSInvalidState(?:Exception)?|KmsInvalidState",
        r"\A(?!(?s:.*)(?:pending|disabled))",
    ),
    Transient(
        "KMS: `NotFoundException`",
        "a new key has not propagated",
        _KMS,
        "NotFoundException",
        r"\b(?:key|alias) '?arn:aws[\w-]*:kms:",
    ),
    Transient(
        "Lambda: `ResourceConflictException`, an update is in progress",
        "the function is still being created or updated",
        "lambda/latest/dg/functions-states.html",
        "ResourceConflictException",
        r"(?:update|operation) is in progress|cannot be performed at this time|function is currently in",
    ),
    Transient(
        "EC2: `Invalid...ID.NotFound`",
        "a new resource has not propagated",
        "ec2/latest/devguide/eventual-consistency.html",
        r"Invalid\w+(?:ID|Id)\.NotFound|InvalidGroup\.NotFound",
    ),
    Transient(
        "EC2: `DependencyViolation`, during a destroy",
        "Lambda releases the network interfaces of a function up to 20 minutes after the function",
        "lambda/latest/dg/configuration-vpc.html",
        "DependencyViolation",
        only_destroy=True,
    ),
    Transient(
        "RDS: `InvalidDBClusterStateFault`, `InvalidDBInstanceState`",
        "another change of the database is in progress",
        "AmazonRDS/latest/APIReference/API_ModifyDBCluster.html",
        "InvalidDBClusterStateFault|InvalidDBInstanceState(?:Fault)?",
    ),
    Transient(
        "DynamoDB: `ResourceInUseException`, the table is being changed",
        "another change of the table is in progress",
        "amazondynamodb/latest/APIReference/API_UpdateTable.html",
        "ResourceInUseException",
        r"being (?:created|updated|deleted)",
    ),
    Transient(
        "DynamoDB: `ContinuousBackupsUnavailableException`",
        "backups of a new table are being enabled",
        "amazondynamodb/latest/APIReference/API_UpdateContinuousBackups.html",
        "ContinuousBackupsUnavailableException",
    ),
    Transient(
        "SQS: `QueueDeletedRecently`",
        "the name of a queue is free again 60 seconds after its deletion",
        "AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
        r"(?:AWS\.SimpleQueueService\.)?QueueDeletedRecently",
    ),
    Transient(
        "WAF: `WAFUnavailableEntityException`",
        "a new resource has not propagated",
        "waf/latest/APIReference/API_AssociateWebACL.html",
        "WAFUnavailableEntityException",
    ),
)

# Terraform has waited for the holder of a state's lock, so a person has to decide; and a state that could not be written must not be
# worked on again. These texts may contain the code of an S3 error from above.
_NEVER = re.compile(
    r"state lock|locking state|(?:sav|persist)(?:e|ing)? (?:the )?(?:current )?state|errored\.tfstate", re.IGNORECASE
)


def transient(error: str, *, destroy: bool) -> Transient | None:
    """Return the entry of the table that the whole text of a Terraform error matches; None when it is not known to pass."""
    if _NEVER.search(error):
        return None
    matching = (entry for entry in TRANSIENT if (destroy or not entry.only_destroy) and entry.matches(error))
    return next(matching, None)
