"""The parts of a row: how one type of AWS resource is listed, recognised in a state, and deleted."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from botocore import xform_name

from orchestrator.adapters.aws.listing import Lister

Attributes: TypeAlias = Mapping[str, Any]
Instance: TypeAlias = tuple[str, Attributes]
"""Terraform type and attributes of a resource instance in a state."""
Key: TypeAlias = tuple[str, str, str]
"""Service, type and identifier of a resource."""
Identify: TypeAlias = Callable[[Attributes], str]
"""Derives an identifier from the attributes in a state; "" when they lack it."""


class Again(StrEnum):
    """The effect of creating a resource when an unrecorded one like it exists."""

    REFUSED = "refused"
    """AWS answers that it exists, and the unit fails."""
    DOUBLED = "doubled"
    """Two exist afterwards, and only one of them is in a state."""
    SAME = "same"
    """The second creation overwrites the first, or finds what AWS created itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerraformType:
    """A Terraform resource type.

    ``service``: of the AWS resource; empty for a setting of another resource, which is deleted with that. ``type``: of
    the AWS resource, as its row calls it.
    """

    name: str
    again: Again
    service: str = ""
    type: str = ""
    identify: Identify = lambda _attributes: ""

    def key(self, attributes: Attributes) -> Key | None:
        """Return the key of a recorded instance; None when it has no resource of its own."""
        identifier = self.identify(attributes) if self.service else ""
        return (self.service, self.type, identifier) if identifier else None


@dataclass(frozen=True, slots=True)
class Removal:
    """How a resource is deleted.

    Attributes:
        turn: lower numbers are deleted first, across all services.
        remove: takes the client and the parts of the identifier; raises ClientError or StillInUseError.
        command: of the AWS CLI, without "aws" and the service; {0} is the first part of the identifier.
        parts: their number; a child's identifier begins with that of its parent.

    """

    turn: int
    remove: Callable[..., Any]
    command: str
    parts: int = 1

    def split(self, identifier: str) -> list[str]:
        """Return the parts of an identifier; only the last may contain spaces."""
        return identifier.split(" ", self.parts - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One type of AWS resource.

    Attributes:
        type: in AWS's words: "security-group".
        lister: yields what exists of it; for a child, below the parents of the listing.
        removal: None when it is only listed.
        made_by: the Terraform types that create it; none when it is only listed.
        below: the type of the parent of a child, which AWS lists only for its parent. The inventory leaves children out.
        inline: yields the parents that may configure such children themselves, from all recorded instances.
        by_name: whether states identify it by its name.
        outlives_owner: whether it may stay after the resource that AWS created it for.
        swept_with: for what no Terraform type makes: the type that brings it.

    """

    type: str
    lister: Lister
    removal: Removal | None = None
    made_by: tuple[TerraformType, ...] = ()
    below: str = ""
    inline: Callable[[Collection[Instance]], Iterator[str]] = lambda _instances: iter(())
    by_name: bool = False
    outlives_owner: bool = False
    swept_with: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service, by boto3's name, and its rows.

    ``settings``: Terraform types that only configure a resource of the service, and are deleted with it; ``cli``: the
    AWS CLI's name for the service, when it differs.
    """

    name: str
    rows: tuple[Row, ...]
    settings: tuple[str, ...] = ()
    cli: str = ""


class StillInUseError(Exception):
    """Another service still uses the resource and will release it in time."""


def row(kind: str, lister: Lister, removal: Removal | None = None, *made_by: TerraformType, **options: Any) -> Row:
    """Return a row; ``options`` are its further fields."""
    return Row(type=kind, lister=lister, removal=removal, made_by=made_by, **options)


def refused(words: str, identify: Identify | None = None) -> TerraformType:
    """Return a Terraform type whose second creation AWS refuses.

    ``words``: its name, and the attributes that identify an instance, joined with spaces; "id" when there are none.
    ``identify``: used instead of the attributes.
    """
    return _made(words, Again.REFUSED, identify)


def doubled(words: str, identify: Identify | None = None) -> TerraformType:
    """Return a Terraform type of which a second creation makes two; arguments as for ``refused``."""
    return _made(words, Again.DOUBLED, identify)


def same(words: str, identify: Identify | None = None) -> TerraformType:
    """Return a Terraform type whose second creation overwrites the first; arguments as for ``refused``."""
    return _made(words, Again.SAME, identify)


def _made(words: str, again: Again, identify: Identify | None) -> TerraformType:
    name, *names = words.split()

    def joined(attributes: Attributes) -> str:
        values = [str(attributes.get(attribute) or "") for attribute in names or ("id",)]
        return " ".join(values) if all(values) else ""

    return TerraformType(name=name, again=again, identify=identify or joined)


def delete(turn: int, words: str, *, before: Callable[..., Any] | None = None, **fixed: Any) -> Removal:
    """Return the removal by one operation, from which the command of the AWS CLI follows.

    ``words``: the operation of the boto3 client, and the parameters that take the parts of the identifier; one with
    "[]" at its end takes a list. ``before``: takes the client and the parts, and detaches what would prevent the
    deletion.
    """
    operation, *parameters = words.split()
    names = [name.removesuffix("[]") for name in parameters]

    def remove(client: Any, *parts: str) -> None:
        if before is not None:
            before(client, *parts)
        values = [[part] if name.endswith("[]") else part for name, part in zip(parameters, parts, strict=True)]
        answer = getattr(client, operation)(**dict(zip(names, values, strict=True)), **fixed)
        # EC2's operations on lists report failures instead of raising them.
        for failure in answer.get("Unsuccessful", ()):
            if "NotFound" not in failure["Error"]["Code"]:
                raise StillInUseError(failure["Error"]["Message"])

    command = [
        operation.replace("_", "-"),
        *(f"--{xform_name(name, '-')} {{{number}}}" for number, name in enumerate(names)),
        *(f"--{xform_name(name, '-')}" + ("" if value is True else f" {value}") for name, value in fixed.items()),
    ]
    return Removal(turn, remove, " ".join(command), parts=len(names))
