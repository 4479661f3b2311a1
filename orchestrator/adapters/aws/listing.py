"""How the rows of a service list what exists, and whose a resource is."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias, TypeVar

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
