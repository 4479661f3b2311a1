"""Rules about requests: how each is declared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

DOCS = "https://docs.aws.amazon.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRequest:
    """A request that satisfies the model of its operation, with its parameters by the names of the model."""

    operation: str
    region: str
    parameters: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.parameters.get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One documented limit.

    Attributes:
        service: the name in signatures.
        operations: whose requests it concerns.
        forbids: what is refused, in a few words.
        code: of the error.
        source: where AWS documents it.
        status: of the response.
        breach: returns the message for a request that breaks the limit, or None. ``serial.MOTO`` is held where the operation does not
            run functions.

    """

    service: str
    operations: tuple[str, ...]
    forbids: str
    code: str
    source: str
    status: int
    breach: Callable[[CheckedRequest], str | None]


def limit(
    service: str, *operations: str, forbids: str, code: str, source: str, status: int = 400
) -> Callable[[Callable[[CheckedRequest], str | None]], Limit]:
    """Declare a function that returns the message for a request that breaks a limit."""
    return lambda breach: Limit(
        service=service,
        operations=operations,
        forbids=forbids,
        code=code,
        source=f"{DOCS}/{source}",
        status=status,
        breach=breach,
    )
