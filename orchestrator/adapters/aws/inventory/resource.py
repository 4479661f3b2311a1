"""What a lister yields, whose it is, and how a service's answers are paged."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ClientFactory = Callable[[str], Any]
"""Gives a boto3 client of a service: ``lambda service: session.client(service, region_name=...)``."""

Clients = Mapping[str, Any]
"""The clients of one listing, by service; they may be used from several threads."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Resource:
    """One thing that exists.

    Attributes:
        service: the client's name, "ec2".
        type: what it is, in AWS's words: "security-group".
        identifier: its id, or its name where that is unique.
        name: the name that people gave it: its Name tag, or its own name.
        made_for: the identifier of what AWS made it for by itself; empty where somebody asked for it.

    """

    service: str
    type: str
    identifier: str
    name: str = ""
    made_for: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The deployment whose things are looked for; with the suffix None the whole account."""

    suffix: str | None

    def owns(self, *names: str, tags: Mapping[str, str] | None = None) -> bool:
        """Whether a thing with these names, its own or those of what it belongs to, is the deployment's.

        The tag "Suffix" decides before the name: "queue-ingest-a-b" ends in the suffix of deployment "b", too. But a tag that no name
        agrees with proves nothing, and what may be left over is rather reported than missed.
        """
        if self.suffix is None:
            return True
        tagged = (tags or {}).get("Suffix", "")
        if tagged == self.suffix:
            return True
        if tagged and any(ends_in(name, tagged) for name in names):
            return False
        return any(ends_in(name, self.suffix) for name in names)


Lister = Callable[[Clients, Owner], Iterator[Resource]]
"""Asks one service what there is of the owner's."""


def ends_in(name: str, suffix: str) -> bool:
    """Whether the name is one of the deployment of that suffix: "-ab" is not "-b"."""
    return name == suffix or name.endswith(f"-{suffix}")


def tags_of(pairs: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """Tags of any service: most write Key and Value, KMS writes TagKey and TagValue."""
    return {
        pair.get("Key", pair.get("TagKey", "")): pair.get("Value", pair.get("TagValue", "")) for pair in pairs or ()
    }


def pages(client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
    """Every item of an operation that boto3 has a paginator for."""
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page.get(key, ())


def token_pages(operation: Callable[..., Any], key: str, *, token: str, **arguments: Any) -> Iterator[Any]:
    """Every item of an operation that boto3 has no paginator for; ``token`` is the same in the question and in the answer."""
    page = operation(**arguments)
    yield from page.get(key, ())
    while page.get(token):
        page = operation(**arguments, **{token: page[token]})
        yield from page.get(key, ())


def last_part(arn: str) -> str:
    """The name at the end of an ARN or a URL."""
    return arn.replace("/", ":").rsplit(":", 1)[-1]
