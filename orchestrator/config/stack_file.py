"""A terragrunt.stack.hcl: the units and nested stacks that it declares, read by its grammar and evaluated.

Nothing is written here. Where a component goes is known before its values are, so that values and autoinclude blocks can
name the folders of the other components: ``unit.<name>.path`` and ``stack.<name>.path``.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from orchestrator.config import settings
from orchestrator.config.autoinclude import AUTOINCLUDE, stack_text, unit_text
from orchestrator.config.contents import Section, Setting
from orchestrator.config.document import check_block, repeated, unknown_block
from orchestrator.config.grammar import (
    AUTOINCLUDE_FILE,
    AUTOINCLUDE_STACK_FILE,
    BLOCKS,
    STACK_FILE,
    STACK_FOLDER,
    BlockRule,
    Labels,
)
from orchestrator.config.stages import EvaluationStage
from orchestrator.diagnostics import Collector, ConfigurationError, Diagnostic, Range, failure
from orchestrator.hcl import Attribute, Block, Body, Expression, File, references
from orchestrator.hcl.values import Value, has_sensitive, unknown_reference

_IDENTIFIER = re.compile(r"[^\W\d][\w-]*")

_EXPERIMENT = "It is an experiment of Terragrunt: write a block for each component, and leave out what is not wanted."
_COMPONENT = BlockRule(
    labels=Labels.ONE,
    attributes={
        "source": True,
        "path": True,
        "values": False,
        "no_dot_terragrunt_stack": False,
        "no_validation": False,
        "update_source_with_cas": False,
        "mutable": False,
    },
    notes=(
        "`source` is a folder with a `terragrunt.hcl`, given as any source of `terraform`, or as the bare name of a folder beside"
        " the stack file. It is copied to `path` below `.terragrunt-stack/`, or with `no_dot_terragrunt_stack = true` beside the"
        " stack file. May hold an `autoinclude` block."
    ),
    refused={"expansion": _EXPERIMENT, "enabled": _EXPERIMENT},
)

STACK_BLOCKS: Mapping[str, BlockRule] = {
    "locals": BlockRule(labels=Labels.NONE, attributes=None, notes="As in a unit."),
    "include": BlockRule(
        labels=Labels.ONE,
        attributes={"path": True},
        notes=(
            "Adds the `unit` and `stack` blocks of another file, which may hold nothing else. They are evaluated as if they stood"
            " in the file that includes them."
        ),
    ),
    "unit": _COMPONENT,
    "stack": replace(
        _COMPONENT,
        notes=(
            "`source` is a folder with a `terragrunt.stack.hcl`. It is copied like a unit, and generated in turn. May hold an"
            " `autoinclude` block."
        ),
    ),
}
"""The registry of stack files, like ``grammar.BLOCKS`` for terragrunt.hcl; a component may also hold an autoinclude block."""

_ELSEWHERE = {
    name: f"It belongs into the terragrunt.hcl of a unit, or into {AUTOINCLUDE}."
    for name in BLOCKS
    if name not in STACK_BLOCKS
}


class ComponentKind(StrEnum):
    """What a block of a stack file declares."""

    UNIT = "unit"
    STACK = "stack"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackDocument:
    """A valid stack file, not evaluated. ``locals``: its body with the locals block alone."""

    file: File
    locals: Body
    includes: tuple[Block, ...]
    components: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackComponent:
    """A unit or a nested stack, evaluated.

    Attributes:
        folder: where it is generated, absolute.
        values: for its terragrunt.values.hcl; None if the block sets none. They may not be secret.
        validated: whether the source must hold the file that its kind needs.
        autoinclude: the text of the file that is merged over it: ``autoinclude_file``.
        block: where it is declared.

    """

    kind: ComponentKind
    name: str
    source: Setting
    path: Setting
    folder: Path
    values: Mapping[str, Value] | None = field(default=None, repr=False)
    validated: bool = True
    in_stack_folder: bool = True
    autoinclude: str | None = None
    block: Block = field(repr=False)

    @property
    def autoinclude_file(self) -> str:
        return AUTOINCLUDE_FILE if self.kind is ComponentKind.UNIT else AUTOINCLUDE_STACK_FILE

    def as_value(self) -> dict[str, Value]:
        """Return the component as ``read_terragrunt_config`` shows it."""
        value: dict[str, Value] = {"name": self.name, "source": self.source.value, "path": self.path.value}
        if self.values is not None:
            value["values"] = dict(self.values)
        return value


Evaluate = Callable[[Expression, EvaluationStage, Mapping[str, Value]], Value]
"""Evaluates an expression of a stack file, at a stage, with names of its own beside locals and values."""


def read_stack_file(file: File) -> StackDocument:
    """Sort the content of a stack file by the grammar.

    Raises ConfigurationError: everything in the file that the grammar does not know or refuses.
    """
    collector = Collector()
    for attribute in file.body.attributes.values():
        collector.report(
            attribute.name_range,
            "Attribute is not supported",
            f'A {STACK_FILE} holds blocks only, so "{attribute.name}" cannot stand here.',
            "Put it into the locals block, or into the values of a component.",
        )
    found: dict[str, list[Block]] = {name: [] for name in STACK_BLOCKS}
    for block in file.body.blocks:
        rule = STACK_BLOCKS.get(block.type)
        if rule is None:
            collector.add(unknown_block(block, STACK_BLOCKS, _ELSEWHERE))
            continue
        check_block(_without_autoinclude(block), rule, collector)
        if any(other.labels == block.labels for other in found[block.type]):
            collector.add(
                repeated(block, f'The name "{block.labels[0]}" is taken already.' if block.labels else "Join them.")
            )
        found[block.type].append(block)
    for attribute in (item for block in found["locals"] for item in block.body.attributes.values()):
        for reference in references(attribute.expression):
            if reference.path[0] == "include":
                collector.report(
                    reference.range,
                    "Reference is not available here",
                    "An included stack file adds its unit and stack blocks to this one, and shows nothing else.",
                    "Use read_terragrunt_config for locals of another file.",
                )
    collector.raise_if_any()
    return StackDocument(
        file=file,
        locals=replace(file.body, attributes={}, blocks=tuple(found["locals"])),
        includes=tuple(found["include"]),
        components=tuple(sorted((*found["unit"], *found["stack"]), key=lambda block: block.range.start)),
    )


def stack_components(
    document: StackDocument, evaluate: Evaluate, read: Callable[[Path], StackDocument], collector: Collector
) -> list[StackComponent]:
    """Evaluate the components of a stack file, those of included files among them, in their order.

    ``read``: reads an included file. Those with mistakes are left out, with the findings in the collector.
    """
    home = document.file.source.path.parent
    placed: list[tuple[Block, StackComponent]] = []
    blocks = [*_included(document, evaluate, read, collector), *document.components]
    for block in _overridden(blocks, home / AUTOINCLUDE_STACK_FILE, read, collector):
        try:
            placed.append((block, _placed(block, home, evaluate)))
        except ConfigurationError as error:
            collector.absorb(error)
    components = [component for _, component in placed]
    for finding in _conflicts(components):
        collector.add(finding)
    names: dict[str, Value] = {
        kind: {item.name: {"path": item.folder.as_posix()} for item in components if item.kind is kind}
        for kind in ComponentKind
    }
    finished = []
    for block, component in placed:
        try:
            finished.append(_finished(block, component, evaluate, names))
        except ConfigurationError as error:
            collector.absorb(error)
    if not document.components and not document.includes:
        top = document.file.body.range
        collector.report(
            Range(top.source, top.start, top.start),
            "Stack without components",
            f"{document.file.source.path} declares no unit and no stack.",
            'Add unit "name" { source = "..." }, or delete the file.',
        )
    return finished


def _included(
    document: StackDocument, evaluate: Evaluate, read: Callable[[Path], StackDocument], collector: Collector
) -> Iterator[Block]:
    """Yield the components of the included files; they are evaluated as if they stood in the file that includes them."""
    for block in document.includes:
        try:
            section = _section(block, evaluate, EvaluationStage.STACK, {})
            path = Path(os.path.normpath(document.file.source.path.parent / settings.text(section, "path")))
            if not path.is_file():
                raise failure(section["path"].range, "Included file not found", f"There is no file {path}.")
            included = read(path)
            for other in (*included.includes, *included.locals.blocks):
                raise failure(
                    other.type_range,
                    f"{other.type.capitalize()} in an included stack file",
                    f"{path} is included by {document.file.source.path}, so it may hold unit and stack blocks only.",
                    "Its expressions see the locals and values of the file that includes it: write it there.",
                )
            yield from included.components
        except ConfigurationError as error:
            collector.absorb(error)


def _overridden(
    blocks: list[Block], beside: Path, read: Callable[[Path], StackDocument], collector: Collector
) -> list[Block]:
    """Return the blocks of a stack with those of its autoinclude file in the place of those of the same name, or behind all."""
    if not beside.is_file():
        return blocks
    try:
        over = {(block.type, block.labels): block for block in read(beside).components}
    except ConfigurationError as error:
        collector.absorb(error)
        return blocks
    kept = [over.pop((block.type, block.labels), block) for block in blocks]
    return [*kept, *over.values()]


def _placed(block: Block, home: Path, evaluate: Evaluate) -> StackComponent:
    """Return a component with its source and folder; its values are evaluated later."""
    kind = ComponentKind(block.type)
    known = {name: item for name, item in block.body.attributes.items() if name != "values"}
    section = _section(block, evaluate, EvaluationStage.STACK, {}, known)
    for name in ("source", "path"):
        if not settings.text(section, name).strip():
            raise failure(section[name].range, "Value is empty", f'{name} of {kind} "{block.labels[0]}" is empty.')
    path = settings.text(section, "path")
    inside = os.path.normpath(path)
    if os.path.isabs(path) or inside in {".", ".."} or inside.startswith("../"):  # noqa: PTH117 - the text is checked
        raise failure(
            section["path"].range,
            "Path outside of the stack",
            f'path of {kind} "{block.labels[0]}" is "{path}".',
            f'Write a folder below {STACK_FOLDER}, without ..: path = "{block.labels[0]}".',
        )
    in_stack_folder = not settings.boolean(section, "no_dot_terragrunt_stack", default=False)
    return StackComponent(
        kind=kind,
        name=block.labels[0],
        source=section["source"],
        path=section["path"],
        folder=home / STACK_FOLDER / inside if in_stack_folder else home / inside,
        validated=not settings.boolean(section, "no_validation", default=False),
        in_stack_folder=in_stack_folder,
        block=block,
    )


def _finished(
    block: Block, component: StackComponent, evaluate: Evaluate, names: Mapping[str, Value]
) -> StackComponent:
    """Return a component with its values and the text of its autoinclude block."""
    values: dict[str, Value] | None = None
    attribute = block.body.attributes.get("values")
    if attribute is not None:
        section = _section(block, evaluate, EvaluationStage.COMPONENT, names, {"values": attribute})
        whole = section["values"]
        if has_sensitive(whole.value):
            raise failure(
                whole.range,
                "Secret among the values",
                f'values of {component.kind} "{component.name}" are written to a file, and one of them is sensitive.',
                "Read the secret in the unit, or in its module.",
            )
        if whole.value is not None:
            values = settings.mapping("values", whole)
            for name in values:
                if not _IDENTIFIER.fullmatch(name):
                    raise failure(
                        whole.range,
                        "Value without a name",
                        f'values.<name> could not refer to "{name}".',
                        "A name has letters, digits, underscores and hyphens, and begins with a letter or underscore.",
                    )
    return replace(component, values=values, autoinclude=_autoinclude(block, component, evaluate, names))


def _autoinclude(block: Block, component: StackComponent, evaluate: Evaluate, names: Mapping[str, Value]) -> str | None:
    found = [nested for nested in block.body.blocks if nested.type == AUTOINCLUDE]
    if not found:
        return None
    if len(found) > 1:
        raise failure(found[1].type_range, "Block is repeated", f"A {component.kind} has one {AUTOINCLUDE} block.")

    def value(expression: Expression) -> Value:
        if component.kind is ComponentKind.STACK:
            return evaluate(expression, EvaluationStage.COMPONENT, names)
        outputs = {**names, "dependency": unknown_reference("dependency")}
        return evaluate(expression, EvaluationStage.AUTOINCLUDE, outputs)

    if component.kind is ComponentKind.UNIT:
        return unit_text(found[0].body, component.folder, value)
    return stack_text(found[0].body, value, _check_component)


def _check_component(block: Block, collector: Collector) -> None:
    rule = STACK_BLOCKS.get(block.type) if block.type in set(ComponentKind) else None
    if rule is None:
        collector.report(
            block.type_range,
            "Block is not supported",
            f"{AUTOINCLUDE} of a stack cannot hold a {block.type} block.",
            "It holds unit and stack blocks; a dependency stands in the autoinclude of a unit.",
        )
    else:
        check_block(_without_autoinclude(block), rule, collector)


def _conflicts(components: Iterable[StackComponent]) -> Iterator[Diagnostic]:
    names: dict[tuple[ComponentKind, str], StackComponent] = {}
    folders: dict[Path, StackComponent] = {}
    for item in components:
        if names.setdefault((item.kind, item.name), item) is not item:
            yield Diagnostic(
                summary="Block is repeated",
                detail=f'The stack has two {item.kind}s of the name "{item.name}"; one comes from an included file.',
                hint="Rename one of them.",
                range=item.block.type_range,
            )
        for folder, other in folders.items():
            if folder == item.folder or folder in item.folder.parents or item.folder in folder.parents:
                yield Diagnostic(
                    summary="Components share a folder",
                    detail=f'{other.kind} "{other.name}" and {item.kind} "{item.name}" would both be generated into '
                    f"{max(folder, item.folder, key=lambda path: len(path.parts))}.",
                    hint="Give them different paths, neither inside the other.",
                    range=item.path.range,
                )
                break
        folders.setdefault(item.folder, item)


def _section(
    block: Block,
    evaluate: Evaluate,
    stage: EvaluationStage,
    names: Mapping[str, Value],
    attributes: Mapping[str, Attribute] | None = None,
) -> Section:
    collector = Collector()
    section: dict[str, Setting] = {}
    for name, attribute in (block.body.attributes if attributes is None else attributes).items():
        place = attribute.expression.range
        try:
            section[name] = Setting(value=evaluate(attribute.expression, stage, names), range=place)
        except ConfigurationError as error:
            collector.absorb(error)
    collector.raise_if_any()
    return section


def _without_autoinclude(block: Block) -> Block:
    rest = tuple(nested for nested in block.body.blocks if nested.type != AUTOINCLUDE)
    return replace(block, body=replace(block.body, blocks=rest))
