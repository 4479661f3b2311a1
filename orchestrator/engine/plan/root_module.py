"""Writes the root module of a whole stack: one module call per unit, connected where one reads another's outputs.

Provider configurations that depend on nothing are the root module's: one of them is its own, each other one gets an alias that
is passed to its units. Any other configuration stays in its unit.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.config import EvaluatedUnit, module_name
from orchestrator.engine.plan.rendering import Rendering
from orchestrator.hcl import Body, parse_expression, print_expression, print_value, references
from orchestrator.hcl.values import Sensitive, SetValue, Unknown, Value, has_sensitive, is_wholly_known

_ANY = re.compile(r"\bany\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class RootModule:
    """The root module of a stack.

    Attributes:
        files: the text files, by name.
        outputs: by the name of an output, the unit and the output of the unit that it shows.
        aliases: by unit name, the alias of its provider configuration; without the units that use the root module's own.
        keeping: the units that configure their providers themselves.
        handed: the units that get a secret in a variable that is not declared sensitive.

    """

    files: Mapping[str, str]
    outputs: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    keeping: frozenset[str] = frozenset()
    handed: frozenset[str] = frozenset()

    @property
    def providers(self) -> int:
        return 1 + len(set(self.aliases.values())) + len(self.keeping)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Providers:
    text: str
    # By unit: the local names of the providers that are passed to its module, and their alias.
    passed: Mapping[str, tuple[tuple[str, ...], str]]


def root_module(
    units: Sequence[EvaluatedUnit],
    renderings: Mapping[str, Rendering],
    *,
    inputs: Mapping[str, Mapping[str, Value]],
    recorded: Mapping[str, Iterable[str]],
) -> RootModule:
    """Write the root module of the units.

    Each output of a unit is an output there: compared with the states, it shows what changes, and Terraform judges it
    as in the unit's own apply.

    Raises ConfigurationError if a unit says what only a root module may, and it cannot be lifted.

    Args:
        units: the units, each evaluated with unknown outputs of its dependencies.
        renderings: by unit name.
        inputs: by unit name, the values of the variables that its module declares.
        recorded: by unit name, the outputs in its state.

    """
    providers = _providers(renderings)
    outputs = _outputs(renderings, recorded)
    blocks = []
    for unit in units:
        rendering, module = renderings[unit.name], module_name(unit.name)
        lines = [f"  source = {print_value(f'./{rendering.at}')}"]
        if unit.name in providers.passed:
            names, alias = providers.passed[unit.name]
            given = ", ".join(f"{name} = {name}.{alias}" if alias else f"{name} = {name}" for name in names)
            lines.append(f"  providers = {{ {given} }}")
        variables = rendering.composition.interface.variables
        lines.extend(
            f"  {name} = {_indented(_argument(value, variables[name].type))}"
            for name, value in sorted(inputs[unit.name].items())
        )
        blocks.append(f'module "{module}" {{\n' + "\n".join(lines) + "\n}\n")
        blocks.append(rendering.imports(module, inputs[unit.name]))
    handed = _handed_secrets(units, renderings, inputs)
    for name, (unit_name, output) in outputs.items():
        declared = renderings[unit_name].composition.interface.outputs
        if output in declared:
            sensitive = "  sensitive = true\n" if declared[output] or unit_name in handed else ""
            blocks.append(f'output "{name}" {{\n{sensitive}  value = module.{module_name(unit_name)}.{output}\n}}\n')
    files = {"main.tf": "\n".join(block for block in blocks if block)}
    if providers.text:
        files["providers.tf"] = providers.text
    return RootModule(
        files=files,
        outputs=outputs,
        aliases={name: alias for name, (_, alias) in providers.passed.items() if alias},
        handed=frozenset(handed),
        keeping=frozenset(name for name, rendering in renderings.items() if rendering.keeps_providers),
    )


def _argument(value: Value, type_constraint: str) -> str:
    """Write the value of a variable as the unit's own apply gets it: through JSON, which knows no sets and no types.

    A type constraint makes it what it is to be; ``any`` keeps it as it comes.
    """
    return _as_json(value) if _ANY.search(type_constraint) else print_value(value)


def _as_json(value: Value) -> str:
    match value:
        case Unknown():
            return f"jsondecode(jsonencode({print_value(value)}))"
        case Sensitive():
            return f"sensitive({_as_json(value.value)})"
        case dict():
            return "{\n" + "".join(f"  {print_value(name)} = {_as_json(item)}\n" for name, item in value.items()) + "}"
        case list() | SetValue():
            return f"[{', '.join(map(_as_json, value))}]"
    return print_value(value)


def _handed_secrets(
    units: Sequence[EvaluatedUnit], renderings: Mapping[str, Rendering], inputs: Mapping[str, Mapping[str, Value]]
) -> set[str]:
    """Return the units that get a secret in a variable that is not declared sensitive.

    In the plan of the stack the value stays secret; the unit's own apply does not know that it is one, and lets it through
    to plain outputs. So must the root module, which would refuse them otherwise.
    """
    found: set[str] = set()
    secret = {
        (module_name(unit), output)
        for unit, rendering in renderings.items()
        for output, sensitive in rendering.composition.interface.outputs.items()
        if sensitive
    }
    for unit in units:
        variables = renderings[unit.name].composition.interface.variables
        plain = [value for name, value in inputs[unit.name].items() if not variables[name].sensitive]
        if any(has_sensitive(value) or _reads(value, secret) for value in plain):
            found.add(unit.name)
            secret |= {
                (module_name(unit.name), output) for output in renderings[unit.name].composition.interface.outputs
            }
    return found


def _reads(value: Value, secret: Collection[tuple[str, str]]) -> bool:
    """Whether an unknown value refers to one of these outputs of modules."""
    if is_wholly_known(value):
        return False
    paths = [reference.path for reference in references(parse_expression(print_value(value), Path("inputs")))]
    return any(
        path[0] == "module" and path[1:2] == (module,) and path[2:3] in ((), (output,))
        for path in paths
        for module, output in secret
    )


def _outputs(renderings: Mapping[str, Rendering], recorded: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, str]]:
    """Name the outputs of all units: those that are declared, and those that a state still has."""
    found: dict[str, tuple[str, str]] = {}
    for unit, rendering in renderings.items():
        for output in sorted({*rendering.composition.interface.outputs, *recorded.get(unit, ())}):
            name = f"{module_name(unit)}__{output}"
            while name in found:
                name += "_"
            found[name] = (unit, output)
    return found


def _providers(renderings: Mapping[str, Rendering]) -> _Providers:
    """Return the provider blocks of the root module."""
    by_unit = {
        name: tuple(sorted((block.labels[0], _text(block.body, indent="  ")) for block in rendering.providers))
        for name, rendering in renderings.items()
        if not rendering.keeps_providers
    }
    counted = Counter(by_unit.values())
    if not counted:
        return _Providers(text="", passed={})
    # A unit without a provider block has an empty configuration, which nothing can be passed to. Of equally frequent ones
    # the first: Counter keeps the order of insertion.
    common = () if () in counted else counted.most_common(1)[0][0]
    blocks = [f'provider "{name}" {{\n{body}}}\n' for name, body in common]
    passed: dict[str, tuple[tuple[str, ...], str]] = {}
    others = [configuration for configuration in counted if configuration != common]
    for number, configuration in enumerate(others, start=2):
        alias = f"configuration{number}"
        blocks.extend(f'provider "{name}" {{\n  alias = "{alias}"\n{body}}}\n' for name, body in configuration)
        names = tuple(name for name, _ in configuration)
        passed |= {unit: (names, alias) for unit, found in by_unit.items() if found == configuration}
    # What a module passes on has to be passed to it; the configuration that Terraform assumes is an empty one.
    on = {unit: found for unit in by_unit if not by_unit[unit] and (found := renderings[unit].passes)}
    blocks.extend(f'provider "{name}" {{}}\n' for name in sorted({name for names in on.values() for name in names}))
    passed |= {unit: (names, "") for unit, names in on.items()}
    return _Providers(text="\n".join(blocks), passed=passed)


def _text(body: Body, *, indent: str) -> str:
    lines = [
        f"{indent}{name} = {print_expression(item.expression)}\n" for name, item in sorted(body.attributes.items())
    ]
    for block in body.blocks:
        labels = "".join(f' "{label}"' for label in block.labels)
        lines.append(f"{indent}{block.type}{labels} {{\n{_text(block.body, indent=f'{indent}  ')}{indent}}}\n")
    return "".join(lines)


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")
