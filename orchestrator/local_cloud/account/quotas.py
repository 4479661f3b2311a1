"""The quotas of an account, enforced with AWS's own codes, and the Service Quotas API that states and raises them.

Quotas that moto enforces itself are not repeated: AWS Config's recorder, delivery channel and 1,000 rules, and the 10 resource policies of
CloudWatch Logs. ``serial.MOTO`` is held during all of it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from uuid import uuid4
from wsgiref.types import WSGIEnvironment

from orchestrator.local_cloud.account.shape import AccountShape
from orchestrator.local_cloud.backends import backend
from orchestrator.local_cloud.faults import error_response
from orchestrator.local_cloud.identity import ACCOUNT_ID, REGION
from orchestrator.local_cloud.operation import Operation, operation_of
from orchestrator.local_cloud.wsgi import Handler, Response, status_line

_DOCS = "https://docs.aws.amazon.com/"
_UNRESERVED = 100
"""What reservations must leave in an account; all of a limit that is lower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceQuota:
    """One quota of a service.

    Attributes:
        service: its service code in Service Quotas.
        code: its quota code; empty where Service Quotas does not list it.
        default: AWS's default value.
        new: the value in a new account, where it is lower.
        raised: the value in an established account.
        adjustable: whether AWS raises it on request.
        source: the page that states it.

    """

    service: str
    code: str
    name: str
    default: int
    source: str
    new: int | None = None
    raised: int | None = None
    adjustable: bool = True

    def value(self, shape: AccountShape) -> int:
        """Return the value in an account of a shape."""
        if shape is AccountShape.FRESH and self.new is not None:
            return self.new
        if shape is AccountShape.ESTABLISHED and self.raised is not None:
            return self.raised
        return self.default


CONCURRENCY = ServiceQuota(
    service="lambda",
    code="L-B99A9384",
    name="Concurrent executions",
    default=1000,
    new=10,
    raised=10_000,
    source=f"{_DOCS}lambda/latest/dg/gettingstarted-limits.html",
)
ADDRESSES = ServiceQuota(
    service="ec2",
    code="L-0263D0A3",
    name="EC2-VPC Elastic IPs",
    default=5,
    raised=500,
    source=f"{_DOCS}vpc/latest/userguide/amazon-vpc-limits.html",
)
VPCS = ServiceQuota(
    service="vpc",
    code="L-F678F1CE",
    name="VPCs per Region",
    default=5,
    raised=500,
    source=f"{_DOCS}vpc/latest/userguide/amazon-vpc-limits.html",
)
TRAILS = ServiceQuota(
    service="cloudtrail",
    code="",
    name="Trails per Region",
    default=5,
    adjustable=False,
    source=f"{_DOCS}awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html",
)
QUOTAS = (CONCURRENCY, ADDRESSES, VPCS, TRAILS)


@dataclass(slots=True)
class AppliedQuotas:
    """The quotas of one account, and the increases that were granted."""

    shape: AccountShape
    _granted: dict[str, float] = field(default_factory=dict, init=False)

    def value(self, quota: ServiceQuota) -> float:
        """Return the applied value."""
        return self._granted.get(quota.code, quota.value(self.shape))

    def grant(self, quota: ServiceQuota, value: float) -> None:
        """Raise a quota. AWS decides within minutes or days; the local cloud decides at once."""
        self._granted[quota.code] = value

    def reset(self) -> None:
        """Take every increase back."""
        self._granted.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """What a request may not exceed: its refusal, as AWS words it."""

    quota: ServiceQuota
    used: Callable[[str], int]
    code: str
    message: str


def _addresses(region: str) -> int:
    return len(backend("ec2", region).addresses)


def _vpcs(region: str) -> int:
    return len(backend("ec2", region).vpcs)


def _trails(region: str) -> int:
    return len(backend("cloudtrail", region).describe_trails(include_shadow_trails=True))


_LIMITS: Mapping[tuple[str, str], _Limit] = {
    ("ec2", "AllocateAddress"): _Limit(
        quota=ADDRESSES,
        used=_addresses,
        code="AddressLimitExceeded",
        message="The maximum number of addresses has been reached.",
    ),
    ("ec2", "CreateVpc"): _Limit(
        quota=VPCS, used=_vpcs, code="VpcLimitExceeded", message="The maximum number of VPCs has been reached."
    ),
    ("cloudtrail", "CreateTrail"): _Limit(
        quota=TRAILS,
        used=_trails,
        code="MaximumNumberOfTrailsExceededException",
        message=f"User: {ACCOUNT_ID} already has {{limit}} trails in {{region}}.",
    ),
}


def keep_quotas(inner: Handler, quotas: AppliedQuotas) -> Handler:
    """Build the layer that refuses what exceeds a quota and answers for the quotas themselves."""

    def handle(environ: WSGIEnvironment) -> Response:
        operation = operation_of(environ)
        if operation.service == "servicequotas":
            return _service_quotas(operation, _body(environ), quotas)
        if operation.service != "lambda":
            limit = _LIMITS.get((operation.service, operation.action))
            if limit is not None:
                return _within(limit, operation, quotas) or inner(environ)
        elif operation.action == "GetAccountSettings":
            return _json(_account_settings(quotas))
        elif operation.action == "PutFunctionConcurrency":
            return _reservable(environ, operation, quotas) or inner(environ)
        return inner(environ)

    return handle


def _within(limit: _Limit, operation: Operation, quotas: AppliedQuotas) -> Response | None:
    value = quotas.value(limit.quota)
    if limit.used(REGION) < value:
        return None
    message = limit.message.format(limit=int(value), region=REGION)
    return error_response(operation, code=limit.code, status=400, message=message)


def _reserved(but: str = "") -> int:
    functions = backend("lambda").list_functions()
    return sum(int(one.reserved_concurrency or 0) for one in functions if one.function_name != but)


def _reservable(environ: WSGIEnvironment, operation: Operation, quotas: AppliedQuotas) -> Response | None:
    """Refuse a reservation that leaves too little; 100 in general, everything where the limit is lower.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html. With limits of 10 and 50 the message names them as the
    minimum: github.com/aws-samples/one-observability-demo/issues/278, github.com/awslabs/amazon-neptune-tools/issues/324.
    """
    name = (
        unquote(str(environ["PATH_INFO"]).rstrip("/").rsplit("/", 2)[-2]).rpartition(":function:")[2].partition(":")[0]
    )
    wanted = _body(environ).get("ReservedConcurrentExecutions")
    limit = int(quotas.value(CONCURRENCY))
    least = min(_UNRESERVED, limit)
    if not isinstance(wanted, int) or wanted <= 0 or limit - _reserved(but=name) - wanted >= least:
        return None
    return error_response(
        operation,
        code="InvalidParameterValueException",
        status=400,
        message="Specified ReservedConcurrentExecutions for function decreases account's "
        f"UnreservedConcurrentExecution below its minimum value of [{least}].",
    )


def _account_settings(quotas: AppliedQuotas) -> dict[str, Any]:
    functions = list(backend("lambda").list_functions())
    limit = int(quotas.value(CONCURRENCY))
    return {
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800,
            "CodeSizeUnzipped": 262_144_000,
            "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": limit,
            "UnreservedConcurrentExecutions": limit - _reserved(),
        },
        "AccountUsage": {
            "TotalCodeSize": sum(int(one.code_size) for one in functions),
            "FunctionCount": len(functions),
        },
    }


def _service_quotas(operation: Operation, stated: Mapping[str, Any], quotas: AppliedQuotas) -> Response:
    """Answer the Service Quotas API: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/."""
    service, code = stated.get("ServiceCode"), stated.get("QuotaCode")
    chosen = [one for one in QUOTAS if one.code and one.service == service and code in (None, one.code)]
    listing = operation.action in ("ListServiceQuotas", "ListAWSDefaultServiceQuotas")
    if not listing and (code is None or not chosen):
        return error_response(
            operation,
            code="NoSuchResourceException",
            status=400,
            message="The request failed because the specified service does not exist.",
        )
    default = operation.action in ("GetAWSDefaultServiceQuota", "ListAWSDefaultServiceQuotas")
    views = [_view(one, one.default if default else quotas.value(one)) for one in chosen]
    match operation.action:
        case "GetServiceQuota" | "GetAWSDefaultServiceQuota":
            return _json({"Quota": views[0]})
        case "ListServiceQuotas" | "ListAWSDefaultServiceQuotas":
            return _json({"Quotas": views})
        case "RequestServiceQuotaIncrease":
            return _request_increase(operation, chosen[0], float(stated.get("DesiredValue", 0)), quotas)
        case _:
            return error_response(
                operation,
                code="NotImplemented",
                status=501,
                message=f"The local cloud does not implement {operation.label}. It works on AWS only (--target aws).",
            )


def _request_increase(operation: Operation, quota: ServiceQuota, wanted: float, quotas: AppliedQuotas) -> Response:
    if not quota.adjustable or wanted <= quotas.value(quota):
        why = "is not adjustable" if not quota.adjustable else "must be raised above its current value"
        return error_response(
            operation, code="IllegalArgumentException", status=400, message=f"The quota {quota.code} {why}."
        )
    quotas.grant(quota, wanted)
    moment = datetime.now(UTC).timestamp()
    return _json(
        {
            "RequestedQuota": {
                "Id": uuid4().hex,
                "ServiceCode": quota.service,
                "QuotaCode": quota.code,
                "QuotaName": quota.name,
                "DesiredValue": wanted,
                "Status": "APPROVED",
                "Created": moment,
                "LastUpdated": moment,
            }
        }
    )


def _view(quota: ServiceQuota, value: float) -> dict[str, Any]:
    return {
        "ServiceCode": quota.service,
        "QuotaArn": f"arn:aws:servicequotas:{REGION}:{ACCOUNT_ID}:{quota.service}/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": float(value),
        "Unit": "None",
        "Adjustable": quota.adjustable,
        "GlobalQuota": False,
    }


def _body(environ: WSGIEnvironment) -> Mapping[str, Any]:
    """Read a JSON request, and leave it at its start."""
    stream = environ["wsgi.input"]
    text = stream.read()
    stream.seek(0)
    try:
        found = json.loads(text or b"{}")
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}


def _json(content: Mapping[str, Any]) -> Response:
    body = json.dumps(content).encode()
    headers = (("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body))))
    return Response(status=status_line(200), headers=headers, body=body)
