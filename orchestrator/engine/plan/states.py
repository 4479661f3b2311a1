"""Merges the states of the units, in memory, into the state of the stack's root module."""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.config import module_name
from orchestrator.hcl import from_json_value
from orchestrator.hcl.functions.encoding import json_text
from orchestrator.model.versions import release

_BUILTIN = 'provider["terraform.io/builtin/'


def merge_states(
    states: Mapping[str, Mapping[str, Any]],
    *,
    aliases: Mapping[str, str] | None = None,
    outputs: Mapping[str, Iterable[str]] | None = None,
) -> dict[str, Any]:
    """Merge state documents, by unit name, into one; each resource moves under its unit's module call.

    Works on copies. ``aliases`` and ``outputs`` have, by unit name, the alias of its provider configuration in the root module
    and the outputs that its module declares.
    """
    resources = []
    for unit, document in sorted(states.items()):
        prefix = f"module.{module_name(unit)}"
        alias = (aliases or {}).get(unit)
        for original in document.get("resources", []):
            resource = copy.deepcopy(original)
            inner = resource.get("module")
            resource["module"] = f"{prefix}.{inner}" if inner else prefix
            provider = resource.get("provider", "")
            # Terraform's own provider, of terraform_data, has no configuration that could be handed to a unit.
            if alias and provider.startswith("provider[") and not provider.startswith(_BUILTIN):
                resource["provider"] = f"{provider}.{alias}"
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
            module_name(unit): {"value": _as_json(states[unit], names), "type": "string", "sensitive": True}
            for unit, names in sorted((outputs or {}).items())
            if unit in states
        },
        "resources": resources,
    }


def _as_json(state: Mapping[str, Any], names: Iterable[str]) -> str:
    """Return the value of the unit's output in the root module; Terraform keeps no output that is null."""
    known = state.get("outputs", {})
    # An output that the module no longer declares will be removed; it makes the texts differ.
    values = {name: known[name]["value"] if name in known else None for name in sorted({*names, *known})}
    return json_text(from_json_value(values))
