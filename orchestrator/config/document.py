"""One file of the live tree after parsing: its blocks sorted by what they are, and everything outside the grammar refused.

A document knows nothing of values or of the unit that reads it, so one document serves every unit that includes it.

Its sections are evaluated before anything is merged; every mistake is collected.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path

from orchestrator.config import settings
from orchestrator.config.contents import Contents, Links, Section, Setting
from orchestrator.config.grammar import (
    ATTRIBUTES,
    BLOCKS,
    DOCUMENTATION,
    REFUSED_ATTRIBUTES,
    REFUSED_BLOCKS,
    REFUSED_FUNCTIONS,
    BlockRule,
    Labels,
)
from orchestrator.diagnostics import Collector, ConfigurationError, Diagnostic, did_you_mean
from orchestrator.hcl import (
    Attribute,
    Block,
    BlockShape,
    Body,
    Expression,
    File,
    FunctionCall,
    ListExpression,
    Literal,
    ObjectExpression,
)
from orchestrator.hcl.values import Sensitive, Value, mark

_LABELLED = {
    Labels.NONE: lambda _names: False,
    Labels.ONE: lambda _names: True,
    # A bare include has its path right there.
    Labels.OPTIONAL: lambda names: "path" not in names,
}
JSON_BLOCKS: Mapping[str, BlockShape] = {
    name: BlockShape(labels=_LABELLED[rule.labels], blocks={}) for name, rule in BLOCKS.items()
}
"""What is a block in a file that is written as JSON."""

_REPEATABLE = frozenset({"include", "generate", "dependency"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A valid file, not evaluated.

    ``includes``: ``include`` blocks by label, in the order of the file; the label of a bare one is empty.
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

    @property
    def path(self) -> Path:
        return self.file.source.path

    def expressions(self) -> Iterator[Expression]:
        """Return every expression of the file but the locals and the includes: what may refer to outputs."""
        if self.inputs is not None:
            yield self.inputs.expression
        for block in (self.terraform, self.remote_state, *self.generate.values()):
            if block is not None:
                yield from (attribute.expression for attribute in block.body.attributes.values())


def read_document(file: File) -> Document:
    """Sort the content of a file by the grammar.

    Raises ConfigurationError: everything in the file that the grammar does not know or refuses.
    """
    collector = Collector()
    _check_attributes(file.body, collector)
    first: dict[str, Block] = {}
    labelled: dict[str, dict[str, Block]] = {"include": {}, "generate": {}, "dependency": {}}
    for block in file.body.blocks:
        rule = BLOCKS.get(block.type)
        if rule is None:
            collector.add(unknown_block(block))
            continue
        check_block(block, rule, collector)
        if block.type in _REPEATABLE:
            label = block.labels[0] if block.labels else ""
            if label in labelled[block.type]:
                collector.add(repeated(block, f'The label "{label}" is taken already.' if label else "Label them."))
            labelled[block.type][label] = block
        elif block.type in first:
            collector.add(repeated(block, f"Put everything into one {block.type} block."))
        else:
            first[block.type] = block
    check_calls(file.body, collector)
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
    )


def _check_attributes(body: Body, collector: Collector) -> None:
    for attribute in body.attributes.values():
        if attribute.name in ATTRIBUTES:
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


def check_block(block: Block, rule: BlockRule, collector: Collector) -> None:
    """Report what the rule of a block does not allow."""
    allowed = {Labels.NONE: (0,), Labels.ONE: (1,), Labels.OPTIONAL: (0, 1)}[rule.labels]
    if len(block.labels) not in allowed:
        collector.report(
            block.label_ranges[-1] if block.labels else block.type_range,
            "Wrong number of labels",
            f"A {block.type} block has {rule.labels}; this one has {len(block.labels)}.",
            f'Write {block.type} "name" {{ ... }}.' if rule.labels is Labels.ONE else "",
        )
    for nested in block.body.blocks:
        if rule.attributes and nested.type in rule.attributes:
            detail = f"{nested.type} is an attribute of the {block.type} block, not a block."
            hint = f"Add an equals sign: {nested.type} = {{ ... }}."
        else:
            unknown = f'A {block.type} block has no block "{nested.type}" in it.'
            near = did_you_mean(nested.type, rule.attributes or ()) or DOCUMENTATION
            detail, hint = _refusal("a block", nested.type, rule.refused, unknown, near)
        collector.report(nested.type_range, "Block is not supported", detail, hint)
    if rule.attributes is None:
        return
    for attribute in block.body.attributes.values():
        if attribute.name in rule.attributes:
            continue
        unknown = f'A {block.type} block has no attribute "{attribute.name}".'
        hint = did_you_mean(attribute.name, rule.attributes) or f"It has {', '.join(rule.attributes)}."
        detail, hint = _refusal("an attribute", attribute.name, rule.refused, unknown, hint)
        collector.report(attribute.name_range, "Attribute is not supported", detail, hint)
    written = block.body.attributes.keys() | {nested.type for nested in block.body.blocks}
    for name, required in rule.attributes.items():
        if required and name not in written:
            label = f' "{block.labels[0]}"' if block.labels else ""
            collector.report(
                block.type_range, "Attribute is missing", f"The {block.type}{label} block needs the attribute {name}."
            )


def check_calls(body: Body, collector: Collector) -> None:
    """Report the calls of functions that are refused."""
    for call in _calls(body):
        if call.name in REFUSED_FUNCTIONS:
            collector.report(
                call.name_range,
                "Function is not supported",
                f"{call.name} is a function of Terragrunt that platformctl refuses.",
                REFUSED_FUNCTIONS[call.name],
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


def _calls(node: object) -> Iterator[FunctionCall]:
    """Return every function call below a node of the syntax tree, however deep."""
    left = [node]
    while left:
        match left.pop():
            case Body() as body:
                left += (*body.attributes.values(), *body.blocks)
            case Block() as block:
                left.append(block.body)
            case tuple() as parts:
                left += parts
            case part if is_dataclass(part):
                if isinstance(part, FunctionCall):
                    yield part
                left += (getattr(part, item.name) for item in fields(part) if item.name not in _LEAVES)


# Fields of syntax nodes that hold no nodes; the value of a Literal never contains a call.
_LEAVES = frozenset({"range", "name_range", "name", "value_name", "key_name", "operator", "full", "group"})


Evaluate = Callable[[Expression], Value]


def own_links(document: Document, evaluate: Evaluate, collector: Collector) -> Links:
    """Return the ``dependency`` and ``dependencies`` blocks of a document."""
    return Links(
        dependency={label: body(document, block, evaluate, collector) for label, block in document.dependency.items()},
        paths=_paths(document, evaluate, collector),
    )


def own_contents(document: Document, evaluate: Evaluate, state: Section | None, collector: Collector) -> Contents:
    """Return everything of a document but includes, locals and links."""
    return Contents(
        terraform=body(document, document.terraform, evaluate, collector) if document.terraform else {},
        inputs=_inputs(document, evaluate, collector),
        remote_state=state,
        generate={label: body(document, block, evaluate, collector) for label, block in document.generate.items()},
    )


def body(document: Document, block: Block, evaluate: Evaluate, collector: Collector) -> Section:
    """Return the attributes of a block; those that fail are left out, with their findings in the collector."""
    named = [(attribute.name, attribute.expression) for attribute in block.body.attributes.values()]
    return _section(document, named, evaluate, collector)


def _section(
    document: Document, named: Iterable[tuple[str, Expression]], evaluate: Evaluate, collector: Collector
) -> Section:
    section: dict[str, Setting] = {}
    files = frozenset({document.path})
    for name, expression in named:
        try:
            section[name] = Setting(value=evaluate(expression), range=expression.range, files=files)
        except ConfigurationError as error:
            collector.absorb(error)
    return section


def _inputs(document: Document, evaluate: Evaluate, collector: Collector) -> Section | None:
    attribute = document.inputs
    if attribute is None:
        return None
    named = _written_out(attribute.expression)
    if named is not None:
        # Item by item, so that every error is found and each input has its own place.
        return _section(document, named, evaluate, collector)
    section = _section(document, [(attribute.name, attribute.expression)], evaluate, collector)
    if not section:
        return None
    whole = section[attribute.name]
    secret = isinstance(whole.value, Sensitive)
    bare = whole.value.value if isinstance(whole.value, Sensitive) else whole.value
    try:
        values = settings.mapping(attribute.name, replace(whole, value=bare))
    except ConfigurationError as error:
        collector.absorb(error)
        return None
    return {name: replace(whole, value=mark(value) if secret else value) for name, value in values.items()}


def _paths(document: Document, evaluate: Evaluate, collector: Collector) -> tuple[Setting, ...]:
    """Return the entries of ``dependencies.paths``, each with its own place where the list is written out."""
    block = document.dependencies
    if block is None:
        return ()
    section = body(document, block, evaluate, collector)
    try:
        paths = settings.strings(section, "paths")
    except ConfigurationError as error:
        collector.absorb(error)
        return ()
    if not paths:
        return ()
    whole = section["paths"]
    expression = block.body.attributes["paths"].expression
    written = expression.items if isinstance(expression, ListExpression) else ()
    places = [item.range for item in written] if len(written) == len(paths) else [whole.range] * len(paths)
    return tuple(replace(whole, value=path, range=place) for path, place in zip(paths, places, strict=True))


def _written_out(expression: Expression) -> list[tuple[str, Expression]] | None:
    """Return the items of an object whose keys are plain, distinct strings; None for anything else."""
    if not isinstance(expression, ObjectExpression):
        return None
    named = [(item.key.value, item.value) for item in expression.items if isinstance(item.key, Literal)]
    texts = [(name, value) for name, value in named if isinstance(name, str)]
    return texts if len({name for name, _ in texts}) == len(expression.items) else None
