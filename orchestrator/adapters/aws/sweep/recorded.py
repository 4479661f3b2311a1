"""What the states of a deployment record, and what exists beside it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.adapters.aws.inventory import AwsResource, list_children, list_resources
from orchestrator.adapters.aws.listing import ClientFactory
from orchestrator.adapters.aws.rows import Instance, Key
from orchestrator.adapters.aws.services import ROWS, TERRAFORM_TYPES, command, types_made_by


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Unrecorded:
    """A resource of the deployment that exists and is in no state; the fields are those of the inventory."""

    service: str
    type: str
    identifier: str
    name: str = ""

    @property
    def command(self) -> str:
        """The command of the AWS CLI that deletes it."""
        return command(self.service, self.type, self.identifier)

    def __str__(self) -> str:
        name = f" ({self.name})" if self.name and self.name not in self.identifier else ""
        return f"{self.service} {self.type} {self.identifier}{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the states record.

    Attributes:
        instances: all managed instances; deposed and tainted ones count like any other.
        keys: those of known types.
        texts: every string in the attributes of instances of other types: a resource that one of them may mean is left alone.

    """

    instances: tuple[Instance, ...]
    keys: frozenset[Key]
    texts: frozenset[str]

    def holds(self, resource: AwsResource) -> bool:
        """Return whether a state records the resource."""
        kind = (resource.service, resource.type)
        identifier = resource.name if ROWS[kind].by_name else resource.identifier
        return (*kind, identifier) in self.keys or resource.identifier in self.texts

    def holds_owner(self, owner: str) -> bool:
        """Return whether a state records anything with this identifier."""
        return any(identifier == owner for _, _, identifier in self.keys) or owner in self.texts


def recorded(states: Iterable[Mapping[str, Any]]) -> Recorded:
    """Read state documents of format version 4."""
    instances = tuple(found for document in states for found in _instances(document))
    known = [(TERRAFORM_TYPES[kind], attributes) for kind, attributes in instances if kind in TERRAFORM_TYPES]
    unknown = [attributes for kind, attributes in instances if kind not in TERRAFORM_TYPES]
    return Recorded(
        instances=instances,
        keys=frozenset(key for made, attributes in known if (key := made.key(attributes)) is not None),
        texts=frozenset(_texts(unknown)),
    )


def unrecorded(
    client: ClientFactory, suffix: str, states: Iterable[Mapping[str, Any]], *, types: Collection[str] | None = None
) -> tuple[Unrecorded, ...]:
    """Find what exists of a deployment and is in none of its states, sorted.

    Only resource types that the modules can have created are considered: a backup that somebody took by hand is not a leftover.
    What AWS creates for a recorded resource belongs to it.

    Args:
        client: returns a boto3 client for a service.
        suffix: of the deployment.
        states: the state documents of all its units; a missing one makes its resources look unrecorded.
        types: the Terraform types whose resources are wanted; None for all.

    Raises:
        PlatformctlError: a service did not answer.

    """
    known = recorded(states)
    found = list_resources(client, suffix)
    parents = [resource for resource in found if known.holds(resource)]
    candidates = [*found, *list_children(client, parents, suffix, known.instances)]
    return tuple(sorted(missing(candidates, known, None if types is None else types_made_by(types))))


def missing(
    resources: Iterable[AwsResource], known: Recorded, wanted: Collection[tuple[str, str]] | None
) -> Iterator[Unrecorded]:
    """Yield those of the resources that no state records; ``wanted`` limits their services and types."""
    for resource in resources:
        kind = (resource.service, resource.type)
        row = ROWS[kind]
        if row.removal is None or known.holds(resource) or (wanted is not None and kind not in wanted):
            continue
        if resource.made_for and (not row.outlives_owner or known.holds_owner(resource.made_for)):
            continue
        yield Unrecorded(service=kind[0], type=kind[1], identifier=resource.identifier, name=resource.name)


def _instances(document: Mapping[str, Any]) -> Iterator[Instance]:
    for resource in document.get("resources", ()):
        if resource["mode"] == "managed":
            for instance in resource["instances"]:
                yield resource["type"], instance.get("attributes") or {}


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from _texts(list(value.values()))
        case list():
            for item in value:
                yield from _texts(item)
