"""The parts of a row: how one type of AWS resource is listed, recognised in a state, and deleted, and whose it is."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias, TypeVar

from botocore import xform_name

T = TypeVar("T")

ClientFactory: TypeAlias = Callable[[str], Any]
"""Returns a boto3 client of a service: ``lambda service: session.client(service, region_name=...)``."""


class Found(NamedTuple):
    """A resource that exists; ``AwsResource`` explains the fields."""

    identifier: str
    name: str = ""
    made_for: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceListing:
    """One run through the rows of a service.

    Attributes:
        clients: boto3 clients by service; they may be used from several threads.
        suffix: of the deployment whose resources are wanted; None for the whole account.
        parents: the identifiers of the parents, for a row with ``below``.

    """

    service: str
    clients: Mapping[str, Any]
    suffix: str | None
    parents: tuple[str, ...] = ()
    _memo: dict[object, Any] = field(default_factory=dict, repr=False)

    @property
    def client(self) -> Any:
        return self.clients[self.service]

    def pages(self, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
        """Yield every item that an operation of the service lists."""
        return pages(self.client, operation, key, **arguments)

    def owns(self, *names: str, tags: Mapping[str, str] | None = None) -> bool:
        """Return whether a resource is wanted: see ``belongs_to``."""
        return self.suffix is None or belongs_to(self.suffix, *names, tags=tags)

    def once(self, read: Callable[["ServiceListing"], T]) -> T:
        """Return what ``read`` returns for these parents, calling it only for the first row that needs it."""
        key = (read, self.parents)
        if key not in self._memo:
            self._memo[key] = read(self)
        found: T = self._memo[key]
        return found

    def below(self, parents: Iterable[str]) -> "ServiceListing":
        """Return the listing of the children of these parents."""
        return replace(self, parents=tuple(sorted(parents)))


Lister: TypeAlias = Callable[[ServiceListing], Iterator[Found]]


def listed(
    words: str,
    *,
    name: Callable[[str], str] | None = None,
    tags: str = "",
    unless: Callable[[Any], bool] = lambda _item: False,
    **arguments: Any,
) -> Lister:
    """Return a lister for an operation that lists resources with their names.

    Args:
        words: the operation of the boto3 client, the key of the list in its response, and the fields with the identifier and
            the name. Without the last, the identifier is the name; without both, the list holds plain strings.
        name: derives the name from the identifier.
        tags: the field with the tags, as a mapping.
        unless: tells which items are not the account's to delete.
        arguments: of the operation.

    """
    operation, key, *fields = words.split()

    def lister(listing: ServiceListing) -> Iterator[Found]:
        for item in listing.pages(operation, key, **arguments):
            if unless(item):
                continue
            identifier = str(item[fields[0]] if fields else item)
            title = name(identifier) if name else item.get(fields[1], "") if fields[1:] else identifier
            if listing.owns(title, tags=item.get(tags) if tags else None):
                yield Found(identifier, title)

    return lister


def pages(client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
    """Yield every item that an operation lists, whether or not boto3 has a paginator for it."""
    if client.can_paginate(operation):
        for page in client.get_paginator(operation).paginate(**arguments):
            yield from page.get(key, ())
        return
    token: dict[str, str] = {}
    while True:
        page = getattr(client, operation)(**arguments, **token)
        yield from page.get(key, ())
        # Operations without a paginator have one name for it in the request and in the response.
        token = {name: page[name] for name in ("NextToken", "nextToken", "NextMarker") if page.get(name)}
        if not token:
            return


def belongs_to(suffix: str, *names: str, tags: Mapping[str, str] | None = None) -> bool:
    """Return whether a resource belongs to the deployment of the suffix, by its tags and the names of it and its parents.

    The tag "Suffix" takes precedence: "queue-ingest-a-b" ends in "b", too. But a tag that agrees with no name proves nothing, and a
    false positive is better than a leak.
    """
    tagged = (tags or {}).get("Suffix", "")
    if tagged == suffix:
        return True
    if tagged and any(ends_in(name, tagged) for name in names):
        return False
    return any(ends_in(name, suffix) for name in names)


def ends_in(name: str, suffix: str) -> bool:
    """Return whether a name carries the suffix: "-ab" does not end in "b"."""
    return name == suffix or name.endswith(f"-{suffix}")


def tags_of(pairs: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """Return the tags of any service: most write Key and Value, KMS writes TagKey and TagValue."""
    return {
        pair.get("Key", pair.get("TagKey", "")): pair.get("Value", pair.get("TagValue", "")) for pair in pairs or ()
    }


def last_part(arn: str) -> str:
    """Return the name at the end of an ARN or a URL."""
    return arn.replace("/", ":").rsplit(":", 1)[-1]


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
