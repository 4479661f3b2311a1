"""Patches of moto: how each is declared, and the only two ways in which one changes a class."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, NoReturn, Protocol, TypedDict, Unpack

from orchestrator.local_cloud.errors import LocalCloudError
from orchestrator.local_cloud.functions.model import InvocationRefusedError, InvocationResult

Original = Callable[..., Any]
"""What a patch replaces, as the first argument of its replacement."""


class Functions(Protocol):
    """Runs functions for moto; ``FunctionRuntime`` does."""

    def invoke(self, name: str, payload: bytes, qualifier: str | None = None) -> InvocationResult:
        """Run a function and wait for its result."""

    def submit(self, name: str, payload: bytes, qualifier: str | None = None) -> str:
        """Put an event into a function's queue; returns the request id."""

    def check(self, name: str, qualifier: str | None = None) -> None:
        """Raise whatever would keep the function from running."""


class NoFunctions:
    """Refuses every call: the process runs no functions."""

    def _refuse(self, name: str, *_args: object, **_kwargs: object) -> NoReturn:
        raise InvocationRefusedError("ServiceException", 501, f"No function runtime runs here for {name}.")

    invoke = submit = check = _refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One thing that moto gets wrong, and its fix.

    Attributes:
        service: the signing name, "ec2".
        subject: the resource or operation that it concerns.
        symptom: what the AWS provider 5.100.0 (or an SDK) shows on stock moto.
        restores: the behaviour of AWS that the patch restores.
        upstream: the nearest issue or pull request of moto ("issues/1"): it reports the symptom or introduced it. None when
            a search of moto's tracker found none.
        apply: changes moto's classes.

    """

    service: str
    subject: str
    symptom: str
    restores: str
    upstream: str | None
    apply: Callable[[Functions], None]


class About(TypedDict):
    """The attributes of a ``Patch`` that only describe it."""

    service: str
    subject: str
    symptom: str
    restores: str
    upstream: str | None


def patch(**about: Unpack[About]) -> Callable[[Callable[[], None]], Patch]:
    """Declare a function that changes moto's classes as a patch."""
    return lambda apply: Patch(**about, apply=lambda _functions: apply())


def runtime_patch(**about: Unpack[About]) -> Callable[[Callable[[Functions], None]], Patch]:
    """Declare a patch through which moto calls functions."""
    return lambda apply: Patch(**about, apply=apply)


def around(owner: Any, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a function that replaces ``owner.name`` and gets the original as its first argument.

    Raises:
        LocalCloudError: the owner has nothing of that name; a silent miss would bring the symptom back.

    """
    original = vars(owner).get(name)
    if original is None:
        raise _misfit(f"{owner.__module__}.{owner.__qualname__} has no {name}.")
    static = isinstance(original, staticmethod)
    call: Any = original.fget if isinstance(original, property) else original.__func__ if static else original

    def replace(replacement: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def replaced(*args: Any, **kwargs: Any) -> Any:
            return replacement(call, *args, **kwargs)

        new: Any = (
            property(replaced) if isinstance(original, property) else staticmethod(replaced) if static else replaced
        )
        setattr(owner, name, new)
        return replaced

    return replace


def add(owner: Any, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a function that becomes ``owner.name``, an operation that moto lacks.

    Raises:
        LocalCloudError: moto has it by now, and its own may be better.

    """
    if hasattr(owner, name):
        raise _misfit(f"{owner.__module__}.{owner.__qualname__} has a {name} of its own by now.")

    def insert(function: Callable[..., Any]) -> Callable[..., Any]:
        setattr(owner, name, function)
        return function

    return insert


def _misfit(detail: str) -> LocalCloudError:
    return LocalCloudError(
        "A patch of the local cloud does not fit the installed moto",
        detail=detail,
        hint="Install the moto version that pyproject.toml asks for.",
    )
