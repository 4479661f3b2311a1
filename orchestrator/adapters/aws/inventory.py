"""Lists what exists in an account and region by asking the services, not any state file.

It proves that a destroy left nothing (requirements A2, B12). What every fresh account has is left out: the default VPC and its
parts, keys, aliases and policies that AWS manages, default parameter groups, the default event bus, service-linked roles. So an
empty list means: as good as new. A service that does not answer is an error, never an empty list.
"""

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.listing import ClientFactory, ServiceListing
from orchestrator.adapters.aws.rows import Instance, Row
from orchestrator.adapters.aws.services import SERVICES
from orchestrator.errors import PlatformctlError

# Each service throttles its own requests, so services are listed in parallel; more threads gain nothing.
_THREADS = 8


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class AwsResource:
    """A resource that exists.

    Attributes:
        service: the name of its boto3 client: "ec2".
        type: in AWS's words: "security-group".
        identifier: its id, or its name where that is unique; that of a child follows its parent's, after a space.
        name: its tag "Name", or its own name.
        made_for: the identifier of the resource that AWS created it for; empty when somebody asked for it.

    """

    service: str
    type: str
    identifier: str
    name: str = ""
    made_for: str = field(default="", compare=False)


def list_resources(
    client: ClientFactory, suffix: str | None = None, *, services: Collection[str] | None = None
) -> list[AwsResource]:
    """List everything in the account and region that belongs to a deployment, of the services that the platform uses.

    Raises PlatformctlError if a service did not answer, so nothing is proved.

    Args:
        client: returns a boto3 client for a service; called in this thread only, once per service.
        suffix: of the deployment: the resource's name ends in "-<suffix>", or it carries the tag "Suffix", or it is
            part of such a resource. None lists the whole account.
        services: those that are asked; None for all.

    """
    clients = {service: client(service) for service in SERVICES}
    listings = [
        ServiceListing(service=service, clients=clients, suffix=suffix)
        for service in SERVICES
        if services is None or service in services
    ]
    with ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="inventory") as pool:
        answers = list(pool.map(_list_service, listings))
    failures = [answer for answer in answers if isinstance(answer, str)]
    if failures:
        raise _unanswered(failures)
    return sorted({resource for answer in answers if not isinstance(answer, str) for resource in answer})


def list_children(
    client: ClientFactory, parents: Collection[AwsResource], suffix: str, instances: Collection[Instance]
) -> Iterator[AwsResource]:
    """List the children of recorded resources: what AWS lists only for its parent, and would not create twice.

    A rule of a security group, a route, a permission of a function, a method of an API: a killed Terraform may have
    created one whose parent is in a state. The next ``up`` would be refused, or would create a second one. ``parents``:
    what the states record. ``instances``: all recorded resource instances; a parent that may configure its children
    itself is skipped. Raises PlatformctlError if a service did not answer.
    """
    for service, description in SERVICES.items():
        listing = None
        for row in (row for row in description.rows if row.below):
            inline = set(row.inline(instances))
            identifiers = {
                parent.identifier
                for parent in parents
                if (parent.service, parent.type) == (service, row.below) and parent.identifier not in inline
            }
            if identifiers:
                listing = listing or ServiceListing(service=service, clients={service: client(service)}, suffix=suffix)
                try:
                    yield from _resources(service, row, listing.below(identifiers))
                except (BotoCoreError, ClientError) as error:
                    raise _unanswered([f"{service}: {error}"]) from error


def _list_service(listing: ServiceListing) -> list[AwsResource] | str:
    """Return what a service lists, or why it does not."""
    try:
        return [
            resource
            for row in SERVICES[listing.service].rows
            if not row.below
            for resource in _resources(listing.service, row, listing)
        ]
    except (BotoCoreError, ClientError) as error:
        return f"{listing.service}: {error}"


def _resources(service: str, row: Row, listing: ServiceListing) -> Iterator[AwsResource]:
    for found in row.lister(listing):
        yield AwsResource(service=service, type=row.type, **found._asdict())


def _unanswered(failures: Sequence[str]) -> PlatformctlError:
    return PlatformctlError(
        "Listing what exists in the cloud failed",
        detail="\n".join(failures),
        hint="Without it nobody can tell what is left. Listing needs the permissions of a deployer: docs/deployment.md.",
    )
