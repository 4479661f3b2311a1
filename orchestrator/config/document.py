"""One file of the live tree after parsing: its blocks sorted by what they are, and everything outside the grammar refused.

A document knows nothing of values or of the unit that reads it, so one document serves every unit that includes it.

sections.py evaluates it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.config.grammar import (
    ATTRIBUTES,
    BLOCKS,
    DOCUMENTATION,
    HARMLESS_ATTRIBUTES,
    HARMLESS_BLOCKS,
    REFUSED_ATTRIBUTES,
    REFUSED_BLOCKS,
    BlockRule,
    Labels,
)
from orchestrator.config.rewriting import expressions
from orchestrator.diagnostics import Collector, Diagnostic, Range, Severity, did_you_mean
from orchestrator.hcl import (
    Attribute,
    Block,
    BlockShape,
    Body,
    Expression,
    File,
)

_LABELLED = {
    Labels.NONE: lambda _names: False,
    Labels.ONE: lambda _names: True,
    # A bare include has its path right there.
    Labels.OPTIONAL: lambda names: "path" not in names,
}


def _shape(rule: BlockRule) -> BlockShape:
    return BlockShape(
        labels=_LABELLED[rule.labels], blocks={name: _shape(inner) for name, inner in rule.blocks.items()}
    )


JSON_BLOCKS: Mapping[str, BlockShape] = {name: _shape(rule) for name, rule in BLOCKS.items()}
"""What is a block in a file that is written as JSON."""

_REPEATABLE = ("include", "generate", "dependency", "feature")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A valid file, not evaluated.

    ``includes``: ``include`` blocks by label, in the order of the file; the label of a bare one is empty. ``behaviour``:
    the blocks that say how the unit is run, by type and label; ``attributes``: those at the top level but ``inputs``.
    ``warnings``: about what is accepted without effect.
    """

    file: File
    includes: Mapping[str, Block]
    locals: Mapping[str, Attribute]
    terraform: Block | None
    remote_state: Block | None
    generate: Mapping[str, Block]
    dependency: Mapping[str, Block]
    dependencies: Block | None
    inputs: Attribute | None
    feature: Mapping[str, Block]
    behaviour: Mapping[tuple[str, str], Block]
    attributes: Mapping[str, Attribute]
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def path(self) -> Path:
        return self.file.source.path

    def expressions(self) -> Iterator[Expression]:
        """Return every expression of the file but the locals and the includes: what may refer to outputs."""
        if self.inputs is not None:
            yield self.inputs.expression
        yield from (attribute.expression for attribute in self.attributes.values())
        for block in (self.terraform, self.remote_state, *self.generate.values(), *self.behaviour.values()):
            if block is not None:
                yield from expressions(block.body)


def read_document(file: File) -> Document:
    """Sort the content of a file by the grammar.

    Raises ConfigurationError: everything in the file that the grammar does not know or refuses.
    """
    collector = Collector()
    _check_attributes(file.body, collector)
    first: dict[str, Block] = {}
    labelled: dict[str, dict[str, Block]] = {name: {} for name in _REPEATABLE}
    behaviour: dict[tuple[str, str], Block] = {}
    warnings = [
        _without_effect(attribute.name, HARMLESS_ATTRIBUTES[attribute.name], attribute.name_range)
        for attribute in file.body.attributes.values()
        if attribute.name in HARMLESS_ATTRIBUTES
    ]
    for block in file.body.blocks:
        if block.type in HARMLESS_BLOCKS:
            warnings.append(_without_effect(block.type, HARMLESS_BLOCKS[block.type], block.type_range))
            continue
        rule = BLOCKS.get(block.type)
        if rule is None:
            collector.add(unknown_block(block))
            continue
        warnings += check_block(block, rule, collector)
        for nested in block.body.blocks:
            if nested.type in rule.blocks:
                name = (nested.type, nested.labels[0] if nested.labels else "")
                if name in behaviour:
                    collector.add(repeated(nested, f'The label "{name[1]}" is taken already.'))
                behaviour[name] = nested
        if block.type == "exclude":
            behaviour[("exclude", "")] = block
        if block.type in _REPEATABLE:
            label = block.labels[0] if block.labels else ""
            if label in labelled[block.type]:
                collector.add(repeated(block, f'The label "{label}" is taken already.' if label else "Label them."))
            labelled[block.type][label] = block
        elif block.type in first:
            collector.add(repeated(block, f"Put everything into one {block.type} block."))
        else:
            first[block.type] = block
    collector.raise_if_any()
    return Document(
        file=file,
        includes=labelled["include"],
        locals=first["locals"].body.attributes if "locals" in first else {},
        terraform=first.get("terraform"),
        remote_state=first.get("remote_state"),
        generate=labelled["generate"],
        dependency=labelled["dependency"],
        dependencies=first.get("dependencies"),
        inputs=file.body.attributes.get("inputs"),
        feature=labelled["feature"],
        behaviour=behaviour,
        attributes={
            name: attribute
            for name, attribute in file.body.attributes.items()
            if name in ATTRIBUTES and name != "inputs"
        },
        warnings=tuple(warnings),
    )


def _check_attributes(body: Body, collector: Collector) -> None:
    for attribute in body.attributes.values():
        if attribute.name in ATTRIBUTES or attribute.name in HARMLESS_ATTRIBUTES:
            continue
        unknown = f'No attribute "{attribute.name}" is known at the top level of a file.'
        hint = did_you_mean(attribute.name, ATTRIBUTES) or DOCUMENTATION
        if attribute.name in BLOCKS:
            unknown = f"{attribute.name} is a block, not an attribute."
            hint = f"Remove the equals sign: {attribute.name} {{ ... }}."
        detail, hint = _refusal("an attribute", attribute.name, REFUSED_ATTRIBUTES, unknown, hint)
        collector.report(attribute.name_range, "Attribute is not supported", detail, hint)


def _refusal(kind: str, name: str, refused: Mapping[str, str], unknown: str, hint: str) -> tuple[str, str]:
    """Return detail and hint about what Terragrunt knows and this program refuses, or nobody knows."""
    if name in refused:
        return f"{name} is {kind} of Terragrunt that platformctl refuses.", refused[name]
    return unknown, hint


def check_block(block: Block, rule: BlockRule, collector: Collector) -> list[Diagnostic]:
    """Report everything in a block that is not supported; return warnings about what has no effect."""
    warnings: list[Diagnostic] = []
    allowed = {Labels.NONE: (0,), Labels.ONE: (1,), Labels.OPTIONAL: (0, 1)}[rule.labels]
    if len(block.labels) not in allowed:
        collector.report(
            block.label_ranges[-1] if block.labels else block.type_range,
            "Wrong number of labels",
            f"A {block.type} block has {rule.labels}; this one has {len(block.labels)}.",
            f'Write {block.type} "name" {{ ... }}.' if rule.labels is Labels.ONE else "",
        )
    for nested in block.body.blocks:
        if nested.type in rule.blocks:
            warnings += check_block(nested, rule.blocks[nested.type], collector)
            continue
        if rule.attributes and nested.type in rule.attributes:
            detail = f"{nested.type} is an attribute of the {block.type} block, not a block."
            hint = f"Add an equals sign: {nested.type} = {{ ... }}."
        else:
            unknown = f'A {block.type} block has no block "{nested.type}" in it.'
            near = did_you_mean(nested.type, rule.attributes or ()) or DOCUMENTATION
            detail, hint = _refusal("a block", nested.type, rule.refused, unknown, near)
        collector.report(nested.type_range, "Block is not supported", detail, hint)
    if rule.attributes is None:
        return warnings
    for attribute in block.body.attributes.values():
        if attribute.name in rule.attributes:
            continue
        if attribute.name in rule.harmless:
            warnings.append(_without_effect(attribute.name, rule.harmless[attribute.name], attribute.name_range))
            continue
        unknown = f'A {block.type} block has no attribute "{attribute.name}".'
        hint = did_you_mean(attribute.name, rule.attributes) or f"It has {', '.join(rule.attributes or rule.blocks)}."
        detail, hint = _refusal("an attribute", attribute.name, rule.refused, unknown, hint)
        collector.report(attribute.name_range, "Attribute is not supported", detail, hint)
    written = block.body.attributes.keys() | {nested.type for nested in block.body.blocks}
    for name, required in rule.attributes.items():
        if required and name not in written:
            label = f' "{block.labels[0]}"' if block.labels else ""
            collector.report(
                block.type_range, "Attribute is missing", f"The {block.type}{label} block needs the attribute {name}."
            )
    return warnings


def _without_effect(name: str, reason: str, place: Range) -> Diagnostic:
    return Diagnostic(
        summary="Setting has no effect",
        detail=f"{name} is accepted and not used.",
        hint=reason,
        range=place,
        severity=Severity.WARNING,
    )


def unknown_block(
    block: Block, known: Iterable[str] = BLOCKS, refused: Mapping[str, str] = REFUSED_BLOCKS
) -> Diagnostic:
    """Return the finding about a block that is not among the known ones."""
    unknown = f'No block "{block.type}" is known at the top level of a file.'
    hint = did_you_mean(block.type, known) or f"The blocks are {', '.join(known)}."
    detail, hint = _refusal("a block", block.type, refused, unknown, hint)
    if block.type in ATTRIBUTES:
        detail = f"{block.type} is an attribute, not a block."
        hint = f"Add an equals sign: {block.type} = {{ ... }}."
    return Diagnostic(summary="Block is not supported", detail=detail, hint=hint, range=block.type_range)


def repeated(block: Block, hint: str) -> Diagnostic:
    """Return the finding about a block that stands in the file already."""
    return Diagnostic(
        summary="Block is repeated",
        detail=f"There is another {block.type} block of this kind in the file.",
        hint=hint,
        range=block.type_range,
    )
