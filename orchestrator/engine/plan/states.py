"""Merges the states of the units, in memory, into the state of the stack's root module."""

import copy
from collections.abc import Collection, Mapping
from typing import Any

from orchestrator.config import module_name
from orchestrator.model.versions import release

_BUILTIN = 'provider["terraform.io/builtin/'


def merge_states(
    states: Mapping[str, Mapping[str, Any]],
    *,
    outputs: Mapping[str, tuple[str, str]] | None = None,
    aliases: Mapping[str, str] | None = None,
    keeping: Collection[str] = (),
    handed: Collection[str] = (),
) -> dict[str, Any]:
    """Merge state documents, by unit name, into one; each resource moves under its unit's module call.

    Works on copies. The other arguments are those of ``RootModule``.
    """
    resources = []
    for unit, document in sorted(states.items()):
        prefix = f"module.{module_name(unit)}"
        for original in document.get("resources", []):
            resource = copy.deepcopy(original)
            inner = resource.get("module")
            resource["module"] = f"{prefix}.{inner}" if inner else prefix
            resource["provider"] = _provider(
                resource.get("provider", ""), prefix, alias=(aliases or {}).get(unit), keeps=unit in keeping
            )
            for instance in resource.get("instances", []):
                if "dependencies" in instance:
                    instance["dependencies"] = [f"{prefix}.{address}" for address in instance["dependencies"]]
            resources.append(resource)
    return {
        "version": 4,
        "terraform_version": max(
            (str(item.get("terraform_version", "1.11.0")) for item in states.values()), key=release, default="1.11.0"
        ),
        "serial": 1,
        # Terraform requires a lineage; this state is never written back.
        "lineage": "00000000-0000-4000-8000-000000000000",
        "outputs": {
            # The root module has to call all outputs of such a unit secrets; that alone is no change.
            name: states[unit]["outputs"][output] | ({"sensitive": True} if unit in handed else {})
            for name, (unit, output) in (outputs or {}).items()
            if output in states.get(unit, {}).get("outputs", {})
        },
        "resources": resources,
    }


def _provider(address: str, prefix: str, *, alias: str | None, keeps: bool) -> str:
    """Return the address of a resource's provider configuration in the root module."""
    # Terraform's own provider, of terraform_data, has no configuration that could be handed to a unit.
    if address.startswith(_BUILTIN):
        return address
    if address.startswith("module."):
        return f"{prefix}.{address}"
    if keeps:
        return f"{prefix}.{address}"
    return f"{address}.{alias}" if alias else address
