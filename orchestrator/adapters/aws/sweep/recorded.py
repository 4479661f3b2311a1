"""What the states of a deployment record, in the inventory's words, and what exists beside it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.adapters.aws.inventory import list_resources
from orchestrator.adapters.aws.inventory.resource import ClientFactory, Resource
from orchestrator.adapters.aws.sweep.children import children
from orchestrator.adapters.aws.sweep.kinds import KINDS, Attributes, Key, kinds_of
from orchestrator.adapters.aws.sweep.removals import REMOVALS

# Kinds that AWS makes in the course of its work, and leaves behind when their owner has gone.
_LEFT_BY_AWS = frozenset({("ec2", "network-interface"), ("logs", "log-group")})
_RULES = ("aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Unrecorded:
    """A thing of the deployment that exists and that no state knows.

    Attributes:
        service, type, identifier, name: as in the inventory.

    """

    service: str
    type: str
    identifier: str
    name: str = ""

    @property
    def command(self) -> str:
        """How to remove it by hand, with the AWS CLI."""
        return REMOVALS[self.service, self.type].command(self.identifier)

    def __str__(self) -> str:
        name = f" ({self.name})" if self.name and self.name not in self.identifier else ""
        return f"{self.service} {self.type} {self.identifier}{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the states say exists.

    Attributes:
        keys: of every managed instance whose type is known here.
        texts: every text in the attributes of instances of other types: what one of them may mean is left alone.
        inline: security groups and route tables whose rules and routes are, or may be, part of their own configuration.

    """

    keys: frozenset[Key]
    texts: frozenset[str]
    inline: frozenset[str] = field(default=frozenset())

    def holds(self, thing: Resource) -> bool:
        """Whether a state records the thing."""
        # The inventory has a queue's address, whose host depends on who asks.
        identifier = thing.name if thing.service == "sqs" else thing.identifier
        return (thing.service, thing.type, identifier) in self.keys or thing.identifier in self.texts

    def is_inline(self, thing: Resource) -> bool:
        """Whether the thing is a route of a table that may configure its routes itself."""
        return (thing.service, thing.type) == ("ec2", "route") and thing.identifier.split()[0] in self.inline

    def holds_owner(self, owner: str) -> bool:
        """Whether anything of this identifier is recorded."""
        return any(identifier == owner for _, _, identifier in self.keys) or owner in self.texts


def recorded(states: Iterable[Mapping[str, Any]]) -> Recorded:
    """Read state documents of format 4; deposed and tainted instances count like any other."""
    keys: set[Key] = set()
    texts: set[str] = set()
    instances = [found for document in states for found in _instances(document)]
    for kind, attributes in instances:
        if kind not in KINDS:
            texts.update(_texts(attributes))
        elif (key := KINDS[kind].key(attributes)) is not None:
            keys.add(key)
    return Recorded(keys=frozenset(keys), texts=frozenset(texts), inline=frozenset(_inline(instances)))


def unrecorded(
    client: ClientFactory,
    suffix: str,
    states: Iterable[Mapping[str, Any]],
    *,
    types: Collection[str] | None = None,
) -> tuple[Unrecorded, ...]:
    """What exists of a deployment and is in none of its states, sorted.

    Only kinds that the modules can have made are looked at: a backup that somebody made by hand is nobody's leftover. What AWS makes
    by itself for a recorded thing belongs to that thing.

    Args:
        client: gives a boto3 client of a service.
        suffix: of the deployment.
        states: the state documents of all its units; one that is missing here makes its resources look unrecorded.
        types: the Terraform types whose things are looked for; all when None.

    Raises:
        PlatformctlError: a service could not be asked.

    """
    known = recorded(states)
    found = list_resources(client, suffix)
    parents = [
        thing
        for thing in found
        if known.holds(thing) and not (thing.type == "security-group" and thing.identifier in known.inline)
    ]
    candidates = [*found, *children(client, parents, suffix)]
    wanted = None if types is None else kinds_of(types)
    return tuple(sorted(_without_record(candidates, known, wanted)))


def _without_record(
    things: Iterable[Resource], known: Recorded, wanted: Collection[tuple[str, str]] | None
) -> Iterator[Unrecorded]:
    for thing in things:
        kind = (thing.service, thing.type)
        if kind not in REMOVALS or known.holds(thing) or known.is_inline(thing):
            continue
        if thing.made_for and (kind not in _LEFT_BY_AWS or known.holds_owner(thing.made_for)):
            continue
        # A network interface goes with its network.
        if wanted is None or kind in wanted or (kind == ("ec2", "network-interface") and ("ec2", "vpc") in wanted):
            yield Unrecorded(service=thing.service, type=thing.type, identifier=thing.identifier, name=thing.name)


def _instances(document: Mapping[str, Any]) -> Iterator[tuple[str, Attributes]]:
    for resource in document.get("resources", ()):
        if resource["mode"] == "managed":
            for instance in resource["instances"]:
                yield resource["type"], instance.get("attributes") or {}


def _inline(instances: Collection[tuple[str, Attributes]]) -> Iterator[str]:
    """Security groups and route tables that have rules or routes and no resource of their own for any of them."""
    tables = {attributes.get("route_table_id") for kind, attributes in instances if kind == "aws_route"}
    groups = {attributes.get("security_group_id") for kind, attributes in instances if kind in _RULES}
    for kind, attributes in instances:
        own = str(attributes.get("id") or "")
        match kind:
            case "aws_default_route_table" | "aws_default_security_group":
                yield own
            case "aws_route_table" if attributes.get("route") and own not in tables:
                yield own
            case "aws_security_group" if (attributes.get("ingress") or attributes.get("egress")) and own not in groups:
                yield own
            # The older resources of rules: which rule is whose cannot be told.
            case "aws_security_group_rule":
                yield str(attributes.get("security_group_id"))


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
