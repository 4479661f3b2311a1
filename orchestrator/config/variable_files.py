"""Files of variable values beside a unit or in its module, which Terraform loads by itself.

Their values win over ``inputs``, which Terragrunt passes as environment variables. Order and names:
https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from orchestrator.config.contents import Setting
from orchestrator.diagnostics import Position, Range, Source, failure
from orchestrator.hcl import Scope, evaluate, from_json_value, load_json, parse_file
from orchestrator.hcl.scope import FunctionError

_FIRST = ("terraform.tfvars", "terraform.tfvars.json")
_AUTOMATIC = (".auto.tfvars", ".auto.tfvars.json")


def variable_files(names: Iterable[str]) -> list[str]:
    """Return the names of the files that Terraform loads, the one that wins last."""
    found = set(names)
    return [
        *(name for name in _FIRST if name in found),
        *sorted(name for name in found if name.endswith(_AUTOMATIC)),
    ]


def read_variable_files(files: Mapping[str, Path]) -> dict[str, Setting]:
    """Read the values of all files that Terraform would load.

    Raises ConfigurationError if a file does not parse, or a value is not constant.
    """
    found: dict[str, Setting] = {}
    for name in variable_files(files):
        found |= read_variable_file(files[name])
    return found


def read_variable_file(path: Path) -> dict[str, Setting]:
    """Read the values of one file; raises as ``read_variable_files`` does."""
    return _read_json(path) if path.name.endswith(".json") else _read_hcl(path)


def _read_hcl(path: Path) -> dict[str, Setting]:
    body = parse_file(path).body
    if body.blocks:
        raise failure(
            body.blocks[0].type_range,
            "Block in a file of variables",
            f"{path.name} gives variables values; it holds no blocks.",
            'Write name = value; declare variables in a ".tf" file.',
        )
    scope = Scope(variables={}, functions={})
    return {
        name: Setting(
            value=evaluate(attribute.expression, scope), range=attribute.expression.range, files=frozenset({path})
        )
        for name, attribute in body.attributes.items()
    }


def _read_json(path: Path) -> dict[str, Setting]:
    source = Source(path, path.read_text(encoding="utf-8", errors="replace"))
    place = Range(source, Position(1, 1), Position(1, 1))
    try:
        document = load_json(source.text)
        if not isinstance(document, dict):
            raise ValueError("it is no object")  # noqa: TRY301, TRY004 - reported like what is no JSON
        return {
            name: Setting(value=from_json_value(value), range=place, files=frozenset({path}))
            for name, value in document.items()
        }
    except (ValueError, FunctionError) as error:
        raise failure(place, "File of variables cannot be read", f"{path.name} is not valid JSON: {error}.") from error
