"""The values of a unit's variables, from everywhere that Terragrunt and Terraform take them from.

The order is theirs, the last one wins: ``inputs``, variables of the caller's environment, ``env_vars`` of extra arguments,
terraform.tfvars, *.auto.tfvars, and then the arguments ``-var-file`` and ``-var`` as they stand. Terragrunt passes inputs as
TF_VAR_ variables, which never replace those that are set already.
https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from orchestrator.config.arguments import VARIABLE, ExtraArguments, value_sources
from orchestrator.config.contents import Section, Setting
from orchestrator.config.interface import ModuleInterface
from orchestrator.config.surroundings import IGNORE_VARIABLES
from orchestrator.config.variable_files import read_variable_file, read_variable_files
from orchestrator.diagnostics import ConfigurationError, Position, Range, Source, failure
from orchestrator.hcl import Scope, evaluate, parse_text
from orchestrator.hcl.values import Value

_AMBIENT = "environment variable "
_PRIMITIVE = frozenset({"string", "number", "bool"})


def variable_values(
    inputs: Section,
    *,
    env: Mapping[str, str],
    blocks: tuple[ExtraArguments, ...],
    folders: tuple[Path, ...],
    interface: ModuleInterface | None,
    note: Callable[[Path], None],
) -> dict[str, Setting]:
    """Return the value that Terraform would use of each variable.

    ``folders``: of the module and of the unit, the one that wins last. ``interface``: None where it is not known.
    ``note``: is told each file that is read. Raises
    ConfigurationError: a file is missing or cannot be read, or a text is no value of its variable's type.
    """
    values = {name: _converted(name, setting, interface) for name, setting in inputs.items()}
    if interface is not None and not env.get(IGNORE_VARIABLES):
        for name in interface.variables:
            if VARIABLE + name in env:
                given = _given(name, env[VARIABLE + name], _ambient(name), interface)
                # The files of the input that it replaces are those that a warning is about.
                values[name] = replace(given, files=values[name].files) if name in values else given
    for block in blocks:
        if "plan" in block.commands:
            for variable, text in block.environment.items():
                name = variable.removeprefix(VARIABLE)
                if name != variable and (interface is None or name in interface.variables):
                    values[name] = _given(name, text, block.range, interface)
    automatic = {path.name: path for path in _automatic(folders)}
    for path in automatic.values():
        note(path)
    values |= read_variable_files(automatic)
    for place, source in value_sources(blocks, tuple(reversed(folders))):
        if isinstance(source, Path):
            note(source)
            values |= read_variable_file(source)
        else:
            values[source[0]] = _given(*source, place, interface)
    return values


def _automatic(folders: Iterable[Path]) -> Iterable[Path]:
    return (path for folder in folders for path in sorted(folder.glob("*.tfvars*")))


def _given(name: str, text: str, place: Range, interface: ModuleInterface | None) -> Setting:
    return _converted(name, Setting(value=text, range=place), interface)


def _converted(name: str, setting: Setting, interface: ModuleInterface | None) -> Setting:
    """Return a text as Terraform reads that of an environment variable: an expression, unless its type is primitive."""
    variable = interface.variables.get(name) if interface is not None else None
    text = setting.value
    if not isinstance(text, str) or variable is None or variable.type in _PRIMITIVE or variable.type == "any":
        return setting
    try:
        return replace(setting, value=_parsed(text))
    except ConfigurationError as error:
        raise failure(
            setting.range,
            "Text is no value of the variable's type",
            f'The value of "{name}" is a text, and the variable is of type {variable.type}: {error.diagnostics[0].detail}',
            "Write the value as an expression.",
        ) from error


def _parsed(text: str) -> Value:
    attribute = parse_text(f"value = {text}\n", Path("value")).body.attributes["value"]
    return evaluate(attribute.expression, Scope(variables={}, functions={}))


def overrides(setting: Setting) -> bool:
    """Tell whether the value is one of the caller's environment in place of an input."""
    return bool(setting.files) and str(setting.range.source.path).startswith(_AMBIENT)


def _ambient(name: str) -> Range:
    start = Position(1, 1)
    return Range(Source(Path(f"{_AMBIENT}{VARIABLE}{name}"), ""), start, start)
