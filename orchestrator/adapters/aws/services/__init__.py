"""Every AWS resource type that platformctl lists, recognises in states and deletes: one file per service, one row per type.

A file of this folder is found by itself; docs/contributing/aws-resource-type.md shows how to add one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules

from orchestrator.adapters.aws.rows import Again, Removal, Row, Service, TerraformType


def _services() -> Iterator[Service]:
    for name in sorted(module.name for module in iter_modules(__path__)):
        service: Service = import_module(f"{__name__}.{name}").SERVICE
        yield service


SERVICES: Mapping[str, Service] = {service.name: service for service in _services()}
ROWS: Mapping[tuple[str, str], Row] = {
    (service.name, row.type): row for service in SERVICES.values() for row in service.rows
}
"""By service and type."""


def _terraform_types() -> Iterator[TerraformType]:
    for (service, kind), row in ROWS.items():
        yield from (replace(made, service=service, type=kind) for made in row.made_by)
    for found in SERVICES.values():
        yield from (TerraformType(name=name, again=Again.SAME) for name in found.settings)


TERRAFORM_TYPES: Mapping[str, TerraformType] = {made.name: made for made in _terraform_types()}


def types_made_by(names: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Return service and type of everything that may exist when these Terraform types were created."""
    made = {(found.service, found.type) for name in names if (found := TERRAFORM_TYPES.get(name)) and found.service}
    brought = {(service, kind) for (service, kind), row in ROWS.items() if (service, row.swept_with) in made}
    return frozenset(made | brought)


def removal(service: str, kind: str) -> Removal:
    found = ROWS[service, kind].removal
    assert found is not None
    return found


def command(service: str, kind: str, identifier: str) -> str:
    """Return the command of the AWS CLI that deletes a resource."""
    found = removal(service, kind)
    return f"aws {SERVICES[service].cli or service} {found.command.format(*found.split(identifier))}"
