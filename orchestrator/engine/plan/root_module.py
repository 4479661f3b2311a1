"""Writes the root module of a whole stack: one module call per unit, connected where one reads another's outputs.

Units with different provider configurations are planned together: the most frequent one is the root module's own, each
other one gets an alias that is passed to its units.

The states of the units are merged, in memory, into the state of this module.
"""

import copy
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.config import EvaluatedUnit, module_name
from orchestrator.errors import UsageError
from orchestrator.hcl import Block, Body, from_json_value, parse_text, print_expression, print_value, references
from orchestrator.hcl.functions.encoding import json_text
from orchestrator.hcl.values import Value
from orchestrator.model.versions import release


@dataclass(frozen=True, slots=True, kw_only=True)
class RootModule:
    """The root module of a stack.

    ``files``: the text files, by name. ``aliases``: by unit name, the alias of its provider configuration; without the
    units that use the root module's own.
    """

    files: Mapping[str, str]
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def providers(self) -> int:
        return 1 + len(set(self.aliases.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Providers:
    files: Mapping[str, str]
    # By unit: the local names of the providers that are passed to its module, and their alias.
    passed: Mapping[str, tuple[tuple[str, ...], str]]


def root_module(
    units: Sequence[EvaluatedUnit],
    *,
    sources: Mapping[str, str],
    variables: Mapping[str, Iterable[str]],
    outputs: Mapping[str, Iterable[str]] | None = None,
) -> RootModule:
    """Write the root module of the units.

    Each unit has one output there, its outputs as JSON; compared with the states, it shows whether they change.

    Raises UsageError: a unit's provider configuration cannot be passed to a module.

    Args:
        units: the units, each evaluated with unknown outputs of its dependencies.
        sources: by unit name, the module source to call.
        variables: by unit name, the variables that its module declares; other inputs are left out.
        outputs: by unit name, the outputs that its module declares.

    """
    providers = _providers(units)
    blocks = []
    for unit in units:
        declared = set(variables[unit.name])
        inputs: dict[str, Value] = {name: value for name, value in unit.inputs.items() if name in declared}
        lines = [f"  source = {print_value(sources[unit.name])}"]
        if unit.name in providers.passed:
            names, alias = providers.passed[unit.name]
            lines.append(f"  providers = {{ {', '.join(f'{name} = {name}.{alias}' for name in names)} }}")
        lines.extend(f"  {name} = {_indented(print_value(value))}" for name, value in sorted(inputs.items()))
        blocks.append(f'module "{module_name(unit.name)}" {{\n' + "\n".join(lines) + "\n}\n")
        if outputs is not None:
            blocks.append(_output(unit.name, outputs[unit.name]))
    return RootModule(
        files={"main.tf": "\n".join(blocks), **providers.files},
        aliases={name: alias for name, (_, alias) in providers.passed.items()},
    )


def _output(unit: str, names: Iterable[str]) -> str:
    module = module_name(unit)
    values = ", ".join(f"{print_value(name)} = module.{module}.{name}" for name in sorted(names))
    # Sensitive, because some of it may be; nobody else reads this output.
    return f'output "{module}" {{\n  sensitive = true\n  value = jsonencode({{ {values} }})\n}}\n'


def _providers(units: Sequence[EvaluatedUnit]) -> _Providers:
    """Return the files with the provider blocks of all units."""
    by_unit = {unit.name: _provider_files(unit) for unit in units}
    counted = Counter(tuple(sorted(files.items())) for files in by_unit.values())
    if len(counted) <= 1:
        return _Providers(files=next(iter(by_unit.values()), {}), passed={})
    # Of equally frequent ones the first: Counter keeps the order of insertion.
    common = counted.most_common(1)[0][0]
    files = dict(common)
    passed: dict[str, tuple[tuple[str, ...], str]] = {}
    others = [configuration for configuration in counted if configuration != common]
    for number, configuration in enumerate(others, start=2):
        alias = f"configuration{number}"
        names = [name for name, found in by_unit.items() if tuple(sorted(found.items())) == configuration]
        blocks = _blocks_to_pass(names[0], configuration)
        files[f"provider_{alias}.tf"] = "".join(_aliased(block, alias) for block in blocks)
        passed |= dict.fromkeys(names, (tuple(block.labels[0] for block in blocks), alias))
    return _Providers(files=files, passed=passed)


def _provider_files(unit: EvaluatedUnit) -> dict[str, str]:
    return {file.path: file.contents for file in unit.generated if _configures_provider(file.path, file.contents)}


def _configures_provider(path: str, contents: str) -> bool:
    if not path.endswith(".tf"):
        return False
    blocks = parse_text(contents, Path(path)).body.blocks
    return any(block.type == "provider" for block in blocks)


def _blocks_to_pass(unit: str, configuration: Iterable[tuple[str, str]]) -> list[Block]:
    blocks = [block for path, contents in configuration for block in parse_text(contents, Path(path)).body.blocks]
    providers = [block for block in blocks if block.type == "provider"]
    apart = "" if providers else "it configures no provider, while others do"
    if len({block.labels for block in providers}) != len(providers):
        apart = "it configures a provider more than once"
    if any("alias" in block.body.attributes for block in providers):
        apart = "it gives it an alias"
    for block in blocks:
        if block.type not in {"provider", "terraform"}:
            apart = f'the file that configures its provider has a "{block.type}" block, too'
        elif block.type == "provider" and has_references(block.body):
            apart = f'its provider "{block.labels[0]}" refers to other objects'
    if apart:
        raise UsageError(
            "A unit's provider cannot be planned beside the others'",
            detail=f'Unit "{unit}" has a provider configuration of its own, and {apart}; it cannot be passed to a module.',
            hint=f"Plan it apart with --only {unit}.",
        )
    return providers


def has_references(body: Body) -> bool:
    """Whether any value in a body, at any depth, refers to another object."""
    return any(references(item.expression) for item in body.attributes.values()) or any(
        has_references(block.body) for block in body.blocks
    )


def _aliased(block: Block, alias: str) -> str:
    return f'provider "{block.labels[0]}" {{\n  alias = "{alias}"\n{_text(block.body, indent="  ")}}}\n'


def _text(body: Body, *, indent: str) -> str:
    lines = [f"{indent}{name} = {print_expression(item.expression)}\n" for name, item in body.attributes.items()]
    for block in body.blocks:
        labels = "".join(f' "{label}"' for label in block.labels)
        lines.append(f"{indent}{block.type}{labels} {{\n{_text(block.body, indent=f'{indent}  ')}{indent}}}\n")
    return "".join(lines)


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


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
