"""The list of patches, and the one way in which a patch replaces something of moto's."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from orchestrator.local_cloud.errors import LocalCloudError


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One thing that moto gets wrong, and its cure.

    Attributes:
        service: the signing name, "ec2".
        subject: the resource or operation that it is about.
        symptom: what the AWS provider 5.100.0 (or an SDK) shows on stock moto.
        restores: the behaviour of AWS that is restored.
        apply: changes moto's classes.

    """

    service: str
    subject: str
    symptom: str
    restores: str
    apply: Callable[[], None]


PATCHES: list[Patch] = []
_APPLIED: list[Patch] = []


def patch(
    *, service: str, subject: str, symptom: str, restores: str
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Registers a function that changes moto's classes."""

    def register(apply: Callable[[], None]) -> Callable[[], None]:
        PATCHES.append(Patch(service=service, subject=subject, symptom=symptom, restores=restores, apply=apply))
        return apply

    return register


def apply_patches() -> None:
    """Applies every patch, once in the life of the process, before the first request.

    Services call each other inside moto (DynamoDB makes a key in KMS), so that no patch can wait for its service's first request.

    Raises:
        LocalCloudError: moto no longer has what a patch replaces.

    """
    for item in PATCHES:
        if item not in _APPLIED:
            _APPLIED.append(item)
            item.apply()


def around(owner: Any, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorates a function that replaces ``owner.name`` and gets the original as its first argument.

    Raises:
        LocalCloudError: the owner has nothing of that name; a silent miss would bring the symptom back.

    """
    original = vars(owner).get(name)
    if original is None:
        raise LocalCloudError(
            "A patch of the local cloud does not fit the installed moto",
            detail=f"{owner.__module__}.{owner.__qualname__} has no {name}.",
            hint="Install the moto version that pyproject.toml asks for.",
        )
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
    """Decorates a function that becomes ``owner.name``, an operation which moto lacks.

    Raises:
        LocalCloudError: moto has it by now; its own may be better.

    """
    if hasattr(owner, name):
        raise LocalCloudError(
            "A patch of the local cloud does not fit the installed moto",
            detail=f"{owner.__module__}.{owner.__qualname__} has a {name} of its own by now.",
            hint="Install the moto version that pyproject.toml asks for.",
        )

    def insert(function: Callable[..., Any]) -> Callable[..., Any]:
        setattr(owner, name, function)
        return function

    return insert
