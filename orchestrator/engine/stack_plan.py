"""The plan of a whole stack as one Terraform plan, with real unknown values between its units.

One root module calls the module of every unit; where an input comes from another unit's output, the reference between
the two modules stands in its place, so Terraform itself carries changes and "(known after apply)" from unit to unit. The
states of the units are merged in memory under the addresses that their resources have there. The result is a plan to
look at: it is never applied.
"""

import copy
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.config import EvaluatedUnit, module_name
from orchestrator.errors import UsageError
from orchestrator.hcl import parse_text, print_value
from orchestrator.hcl.values import Value
from orchestrator.model.status import Changes

_ACTIONS = {
    ("create",): "create",
    ("update",): "update",
    ("delete",): "delete",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
}
_COUNTS = {
    "create": Changes(add=1),
    "update": Changes(change=1),
    "delete": Changes(destroy=1),
    "replace": Changes(add=1, destroy=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RootModule:
    """The text files of the root module, by name."""

    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeChange:
    """One attribute of a resource that is updated or replaced; values are shown as text, secrets never are."""

    name: str
    before: str
    after: str
    forces_replacement: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """What will happen to one resource instance.

    Attributes:
        address: within its unit, as in the unit's own state.
        action: "create", "update", "delete" or "replace".

    """

    address: str
    action: str
    attributes: tuple[AttributeChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPlan:
    """The planned changes, by unit name; units without changes are there with an empty tuple."""

    units: Mapping[str, tuple[PlannedChange, ...]]

    def changes(self, unit: str | None = None) -> Changes:
        """The counts of one unit, or of all."""
        chosen = self.units.values() if unit is None else [self.units[unit]]
        return sum((_COUNTS[change.action] for changes in chosen for change in changes), Changes())


def root_module(
    units: Sequence[EvaluatedUnit], *, sources: Mapping[str, str], variables: Mapping[str, Iterable[str]]
) -> RootModule:
    """Write the root module of the units.

    Args:
        units: the units, each evaluated with unknown outputs of its dependencies.
        sources: by unit name, the module source to call.
        variables: by unit name, the variables that its module declares; other inputs are left out.

    Raises:
        UsageError: units are configured with different providers.

    """
    files = _provider_files(units)
    blocks = []
    for unit in units:
        declared = set(variables[unit.name])
        inputs: dict[str, Value] = {name: value for name, value in unit.inputs.items() if name in declared}
        lines = [f"  source = {print_value(sources[unit.name])}"]
        lines.extend(f"  {name} = {_indented(print_value(value))}" for name, value in sorted(inputs.items()))
        blocks.append(f'module "{module_name(unit.name)}" {{\n' + "\n".join(lines) + "\n}\n")
    return RootModule(files={"main.tf": "\n".join(blocks), **files})


def merge_states(states: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """One state document of those of the units, by unit name; each resource moves under its unit's module call.

    Works on copies; the documents are left as they are.
    """
    resources = []
    for unit, document in sorted(states.items()):
        prefix = f"module.{module_name(unit)}"
        for original in document.get("resources", []):
            resource = copy.deepcopy(original)
            inner = resource.get("module")
            resource["module"] = f"{prefix}.{inner}" if inner else prefix
            for instance in resource.get("instances", []):
                if "dependencies" in instance:
                    instance["dependencies"] = [f"{prefix}.{address}" for address in instance["dependencies"]]
            resources.append(resource)
    return {
        "version": 4,
        "terraform_version": max(
            (str(item.get("terraform_version", "1.11.0")) for item in states.values()), key=_release, default="1.11.0"
        ),
        "serial": 1,
        # A plan is made against a state of its own: the lineage only has to be there.
        "lineage": "00000000-0000-4000-8000-000000000000",
        "outputs": {},
        "resources": resources,
    }


def read_plan(document: Mapping[str, Any], *, units: Sequence[str]) -> StackPlan:
    """Read ``terraform show -json`` of the plan, unit by unit.

    Source: https://developer.hashicorp.com/terraform/internals/json-format, format version 1.
    """
    by_module = {f"module.{module_name(unit)}": unit for unit in units}
    found: dict[str, list[PlannedChange]] = {unit: [] for unit in units}
    for resource in document.get("resource_changes", []):
        change = resource["change"]
        action = _ACTIONS.get(tuple(change["actions"]))
        if action is None or resource.get("mode") != "managed":
            continue
        module, address = _split(resource["address"])
        attributes = _attribute_changes(change) if action in {"update", "replace"} else ()
        found[by_module[module]].append(PlannedChange(address=address, action=action, attributes=attributes))
    return StackPlan(
        units={unit: tuple(sorted(changes, key=lambda item: item.address)) for unit, changes in found.items()}
    )


def _release(version: str) -> tuple[int, ...]:
    """A version's numbers, to compare by: 1.9 is older than 1.11."""
    return tuple(int(part) for part in re.findall(r"\d+", version.split("-", maxsplit=1)[0]))


def _split(address: str) -> tuple[str, str]:
    """The unit's module call, and the rest. The call's name holds no dot and has no index."""
    module, name, rest = address.split(".", 2)
    return f"{module}.{name}", rest


def _provider_files(units: Sequence[EvaluatedUnit]) -> dict[str, str]:
    expected: tuple[str, dict[str, str]] | None = None
    for unit in units:
        files = {file.path: file.contents for file in unit.generated if _configures_provider(file.path, file.contents)}
        if expected is None:
            expected = (unit.name, files)
        elif files != expected[1]:
            raise UsageError(
                "Units are configured with different providers",
                detail=f'Units "{expected[0]}" and "{unit.name}" generate different provider blocks; '
                "one plan of both would use one of them for all resources.",
                hint="Plan them apart with --only.",
            )
    return expected[1] if expected else {}


def _configures_provider(path: str, contents: str) -> bool:
    if not path.endswith(".tf"):
        return False
    blocks = parse_text(contents, Path(path)).body.blocks
    return any(block.type == "provider" for block in blocks)


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


def _attribute_changes(change: Mapping[str, Any]) -> tuple[AttributeChange, ...]:
    before, after = change.get("before") or {}, change.get("after") or {}
    unknown = change.get("after_unknown") or {}
    hidden_before, hidden_after = change.get("before_sensitive") or {}, change.get("after_sensitive") or {}
    forcing = {str(path[0]) for path in change.get("replace_paths") or [] if path}
    found = []
    for name in sorted({*before, *after, *unknown}):
        pending = _has_mark(unknown.get(name))
        if not pending and before.get(name) == after.get(name):
            continue
        hidden = _is_hidden(hidden_before, name) or _is_hidden(hidden_after, name)
        found.append(
            AttributeChange(
                name=name,
                before="(sensitive)" if hidden else _shown(before.get(name)),
                after="(known after apply)" if pending else "(sensitive)" if hidden else _shown(after.get(name)),
                forces_replacement=name in forcing,
            )
        )
    return tuple(found)


def _is_hidden(marks: Mapping[str, Any] | bool, name: str) -> bool:
    """Whether an attribute, or anything in it, is sensitive: Terraform marks the parts, we hide the whole."""
    return _has_mark(marks if isinstance(marks, bool) else marks.get(name))


def _has_mark(marks: object) -> bool:
    """Whether a tree of marks, in the shape of the value that it describes, marks anything."""
    if isinstance(marks, dict):
        return any(_has_mark(item) for item in marks.values())
    if isinstance(marks, list):
        return any(_has_mark(item) for item in marks)
    return marks is True


def _shown(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
