"""What the runtime knows about a function, a call and its result. No moto, no processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_SYNCHRONOUS = 6_291_556
MAX_ASYNCHRONOUS = 262_144
MAX_TAIL = 4096
MAX_ENVIRONMENT = 4096

Status = Literal["success", "error", "timeout"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What the surroundings add to every function: variables, which its own replace, and hosts.

    ``hosts`` says where "name:port", or a name with any port, is really reached. TLS still verifies the name.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    hosts: Mapping[str, tuple[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Credentials of an execution role, for one session."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionVersion:
    """One version of a function, as it is deployed.

    The ARN has no qualifier; the version is "$LATEST" or a number; ``code`` is a zip archive. Times are in seconds.
    ``memory_mb`` limits the resident memory of each process. ``system_log_level`` matters in JSON format only. Without
    reserved concurrency it shares that of the account. ``dead_letter_arn`` is empty without a target.
    """

    arn: str
    name: str
    version: str
    handler: str
    runtime: str
    role_arn: str
    region: str
    environment: Mapping[str, str]
    timeout: int
    memory_mb: int
    code: bytes = field(repr=False)
    code_sha256: str
    log_group: str
    log_format: str
    application_log_level: str
    system_log_level: str
    reserved_concurrency: int | None
    retries: int
    maximum_event_age: int
    dead_letter_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutcome:
    """How a call of the handler ended, seen from its process's parent.

    ``payload`` is the JSON of the handler's answer or error, ``lines`` what the function wrote, with Unix times in
    milliseconds. The duration excludes the start of the process; the memory is its peak. A process that is not alive
    takes no more events.
    """

    status: Status
    payload: bytes
    error_type: str
    lines: tuple[tuple[int, str], ...]
    duration_ms: float
    memory_mb: int
    alive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationResult:
    """The answer to a synchronous invocation.

    ``payload`` is the JSON of the handler or of its error; ``function_error`` is "Unhandled" or empty, as in
    X-Amz-Function-Error; ``log_tail`` is the last 4 KiB that the call logged.
    """

    payload: bytes
    function_error: str
    log_tail: bytes
    request_id: str
    version: str


class InvocationRefusedError(Exception):
    """Lambda refused to run the function, with an error code and an HTTP status."""

    def __init__(self, code: str, status: int, message: str) -> None:
        super().__init__(message)
        self.code, self.status, self.message = code, status, message

    @property
    def throttled(self) -> bool:
        return self.status == HTTPStatus.TOO_MANY_REQUESTS


def not_found(arn: str) -> InvocationRefusedError:
    """Build the refusal of a function, version or alias that does not exist."""
    return InvocationRefusedError("ResourceNotFoundException", 404, f"Function not found: {arn}")


def throttled() -> InvocationRefusedError:
    """Build the refusal of a call beyond the function's reserved concurrency."""
    return InvocationRefusedError("TooManyRequestsException", 429, "Rate Exceeded.")
