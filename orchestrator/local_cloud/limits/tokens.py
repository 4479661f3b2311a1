"""Tokens with which a client makes a call idempotent: the same call gets its first answer, another call with the token is refused."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from orchestrator.local_cloud.limits.registry import DOCS
from orchestrator.local_cloud.wsgi import Response

_ENTRIES = 4096
_OK = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRule:
    """How a service treats a token that comes again with other parameters."""

    parameter: str
    code: str
    message: str
    source: str


TOKENS: Mapping[str, TokenRule] = {
    "ec2": TokenRule(
        parameter="ClientToken",
        code="IdempotentParameterMismatch",
        message="The request uses the same client token as a previous, but non-identical request.",
        source=f"{DOCS}/ec2/latest/devguide/ec2-api-idempotency.html",
    ),
    "dynamodb": TokenRule(
        parameter="ClientRequestToken",
        code="IdempotentParameterMismatchException",
        message="The idempotent token of this request was used with a different payload.",
        source=f"{DOCS}/amazondynamodb/latest/APIReference/API_TransactWriteItems.html",
    ),
}
"""By the name in signatures. Secrets Manager treats its tokens by itself."""

Key = tuple[str, ...]


@dataclass(slots=True)
class TokenMemory:
    """The most recent calls with a token, and their answers."""

    _kept: OrderedDict[Key, tuple[Mapping[str, Any], Response]] = field(default_factory=OrderedDict, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def first(self, key: Key) -> tuple[Mapping[str, Any], Response] | None:
        """Return the parameters and the answer of the first call with this token."""
        with self._lock:
            return self._kept.get(key)

    def keep(self, key: Key, parameters: Mapping[str, Any], response: Response) -> None:
        """Remember a call that succeeded; others may be repeated with the same token."""
        if response.code in _OK:
            with self._lock:
                self._kept[key] = parameters, response
                if len(self._kept) > _ENTRIES:
                    self._kept.popitem(last=False)

    def forget(self) -> None:
        """Forget all calls, as an empty account does."""
        with self._lock:
            self._kept.clear()
