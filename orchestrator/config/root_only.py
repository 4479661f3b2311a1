"""What only a root module may say, found in the files of a unit.

A unit is a root module when it is applied, and a child module in the plan of the stack. What has another verdict there is
lifted to the stack's root module if it can be, and refused otherwise. Terraform's rules:
https://developer.hashicorp.com/terraform/language/block/import and .../language/block/output#ephemeral
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from orchestrator.config.interface import configuration_files, parsed
from orchestrator.diagnostics import ConfigurationError, Diagnostic
from orchestrator.hcl import Block, Literal, load_json, references

_AVAILABLE = frozenset({"var", "each"})


def root_only_findings(unit: str, files: Mapping[str, Path | str]) -> Iterator[Diagnostic]:
    """Yield what the unit's files say that a plan of the stack cannot repeat.

    ``unit``: its name; ``files``: at the top of its module, by name: paths or texts. What does not parse is passed
    over.
    """
    for name in configuration_files(files):
        if name.endswith(".json"):
            if "import" in _json(files[name]):
                yield Diagnostic(
                    summary="Import block in JSON is not supported",
                    detail=f'{name} of unit "{unit}" has an import block, which the plan of the stack has to move.',
                    hint='Write it in a ".tf" file.',
                )
            continue
        try:
            body = parsed(name, files[name])
        except ConfigurationError:
            continue
        for block in body.blocks:
            if block.type == "import":
                yield from _import_findings(unit, block)
            ephemeral = block.body.attributes.get("ephemeral") if block.type == "output" else None
            if ephemeral and isinstance(ephemeral.expression, Literal) and ephemeral.expression.value is True:
                yield Diagnostic(
                    summary="Ephemeral output of a unit",
                    detail=f'The output "{block.labels[0]}" of unit "{unit}" is ephemeral, which Terraform refuses in a'
                    " root module, and a unit's module is one.",
                    hint="Remove ephemeral, or the output.",
                    range=ephemeral.range,
                )


def _import_findings(unit: str, block: Block) -> Iterator[Diagnostic]:
    attributes = block.body.attributes
    if "provider" in attributes:
        yield Diagnostic(
            summary="Import block with a provider is not supported",
            detail=f'An import block of unit "{unit}" names a provider, which the plan of the stack may call otherwise.',
            hint="Remove it: Terraform then uses the provider of the resource.",
            range=attributes["provider"].range,
        )
    for name in ("id", "for_each"):
        for reference in references(attributes[name].expression) if name in attributes else ():
            if reference.path[0] not in _AVAILABLE:
                yield Diagnostic(
                    summary="Import block refers to what the plan of the stack cannot see",
                    detail=f'{name} of an import block of unit "{unit}" refers to {reference.path[0]}.',
                    hint="Use a constant or a variable.",
                    range=reference.range,
                )


def _json(entry: Path | str) -> Mapping[str, object]:
    try:
        document = load_json(entry if isinstance(entry, str) else entry.read_bytes())
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
