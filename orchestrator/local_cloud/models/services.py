"""How each service refuses a request that its model forbids: one row per service, with where that is seen or documented.

What a model says is the same for all services; the code, and sometimes the sentence, is each service's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """The error codes of a service for requests that its model forbids.

    Attributes:
        source: where the codes are documented or seen.
        invalid: of a value that breaks a constraint.
        missing: of a required member that is missing; empty where it is the one above.
        unknown: of a member that the model lacks; empty where the service skips such members, as most do.
        unreadable: of a request whose form or types are wrong.
        shapes: codes for values of single shapes.

    """

    source: str
    invalid: str
    unreadable: str
    missing: str = ""
    unknown: str = ""
    shapes: Mapping[str, str] = field(default_factory=dict)


def _coral(source: str, invalid: str = "ValidationException") -> Refusals:
    """Build the row of a service that speaks JSON; most of them share a framework and its codes."""
    return Refusals(source=source, invalid=invalid, unreadable="SerializationException")


def _query(source: str, invalid: str = "ValidationError", missing: str = "") -> Refusals:
    return Refusals(source=source, invalid=invalid, missing=missing, unreadable="MalformedInput")


_DOCS = "https://docs.aws.amazon.com"
_ISSUES = "https://github.com"
_COMMON = _coral(f"{_DOCS}/kms/latest/APIReference/CommonErrors.html")

BY_SERVICE: Mapping[str, Refusals] = {
    "acm": _coral(f"{_DOCS}/acm/latest/APIReference/CommonErrors.html"),
    "apigateway": Refusals(
        source=f"{_ISSUES}/aws/aws-cli/issues/1605", invalid="BadRequestException", unreadable="SerializationException"
    ),
    "cloudformation": _query(f"{_DOCS}/AWSCloudFormation/latest/APIReference/CommonErrors.html"),
    "cloudfront": Refusals(
        source=f"{_DOCS}/cloudfront/latest/APIReference/CommonErrors.html",
        invalid="InvalidArgument",
        unknown="MalformedXML",
        unreadable="MalformedXML",
    ),
    "dynamodb": _coral(f"{_DOCS}/amazondynamodb/latest/developerguide/Programming.Errors.html"),
    "ec2": Refusals(
        source=f"{_DOCS}/AWSEC2/latest/APIReference/errors-overview.html",
        invalid="InvalidParameterValue",
        missing="MissingParameter",
        unknown="UnknownParameter",
        unreadable="InvalidParameterValue",
    ),
    "ecs": _coral(f"{_DOCS}/AmazonECS/latest/APIReference/CommonErrors.html", "InvalidParameterException"),
    "elasticloadbalancing": _query(f"{_DOCS}/elasticloadbalancing/latest/APIReference/CommonErrors.html"),
    "iam": _query(f"{_DOCS}/IAM/latest/APIReference/CommonErrors.html"),
    "lambda": _coral(f"{_ISSUES}/aarondfrancis/sidecar/issues/147"),
    "logs": _coral(
        f"{_ISSUES}/fluent-plugins-nursery/fluent-plugin-cloudwatch-logs/issues/223", "InvalidParameterException"
    ),
    "monitoring": _query(f"{_DOCS}/AmazonCloudWatch/latest/APIReference/CommonErrors.html"),
    "rds": _query(
        f"{_DOCS}/AmazonRDS/latest/APIReference/CommonErrors.html", "InvalidParameterValue", "MissingParameter"
    ),
    "route53": Refusals(
        source=f"{_DOCS}/Route53/latest/APIReference/API_CreateHostedZone.html",
        invalid="InvalidInput",
        unknown="InvalidInput",
        unreadable="InvalidInput",
    ),
    "s3": Refusals(
        source=f"{_DOCS}/AmazonS3/latest/API/ErrorResponses.html",
        invalid="InvalidArgument",
        unknown="MalformedXML",
        unreadable="MalformedXML",
        shapes={
            "BucketLocationConstraint": "InvalidLocationConstraint",
            "ChecksumAlgorithm": "InvalidRequest",
            "ServerSideEncryption": "InvalidEncryptionAlgorithmError",
            "StorageClass": "InvalidStorageClass",
        },
    ),
    "s3control": Refusals(
        source=f"{_DOCS}/AmazonS3/latest/API/ErrorResponses.html",
        invalid="InvalidRequest",
        unknown="MalformedXML",
        unreadable="MalformedXML",
    ),
    "sns": _query(f"{_DOCS}/sns/latest/api/CommonErrors.html", "InvalidParameter"),
    "sqs": Refusals(
        source=f"{_DOCS}/AWSSimpleQueueService/latest/APIReference/CommonErrors.html",
        invalid="InvalidParameterValue",
        missing="MissingParameter",
        unreadable="SerializationException",
        shapes={"QueueAttributeName": "InvalidAttributeName"},
    ),
    "sts": _query(f"{_DOCS}/STS/latest/APIReference/CommonErrors.html"),
}
"""By the name in the signature; a service without a row answers as most services of its protocol do."""

_BY_PROTOCOL: Mapping[str, Refusals] = {
    "query": BY_SERVICE["iam"],
    "ec2": BY_SERVICE["ec2"],
    "rest-xml": BY_SERVICE["s3control"],
}


def refusals_of(service: str, protocol: str) -> Refusals:
    """Return a service's row, or that of its protocol."""
    return BY_SERVICE.get(service) or _BY_PROTOCOL.get(protocol, _COMMON)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelException:
    """One constraint that botocore publishes and AWS does not enforce."""

    service: str
    shape: str
    source: str


EXCEPTIONS = (
    # ARNs of buckets have neither region nor account, and the Terraform provider tags buckets by them.
    ModelException(service="s3control", shape="S3ResourceArn", source=f"{_ISSUES}/getmoto/moto/pull/9504"),
)
