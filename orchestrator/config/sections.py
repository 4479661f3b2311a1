"""The sections of one document, evaluated; every mistake is collected."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from orchestrator.config import settings
from orchestrator.config.contents import Contents, Links, Section, Setting
from orchestrator.config.document import Document
from orchestrator.config.grammar import BLOCKS, DOCUMENTATION, BlockRule
from orchestrator.diagnostics import Collector, ConfigurationError, did_you_mean, failure
from orchestrator.hcl import Block, Expression, ListExpression, Literal, ObjectExpression
from orchestrator.hcl.values import Sensitive, Value, mark

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
        generate=generate_sections(document, evaluate, collector),
        attributes=_section(
            document,
            [(name, attribute.expression) for name, attribute in document.attributes.items() if name not in BLOCKS],
            evaluate,
            collector,
        ),
        blocks={name: body(document, block, evaluate, collector) for name, block in document.behaviour.items()},
    )


def generate_sections(document: Document, evaluate: Evaluate, collector: Collector) -> dict[str, Section]:
    """Return the ``generate`` blocks, and the attribute of that name, by label."""
    found = _attribute(document, "generate", evaluate, collector)
    sections: dict[str, Section] = {}
    for label, setting in (found or {}).items():
        try:
            sections[label] = _opened(label, setting, BLOCKS["generate"])
        except ConfigurationError as error:
            collector.absorb(error)
    sections.update({label: body(document, block, evaluate, collector) for label, block in document.generate.items()})
    return sections


def state_section(document: Document, evaluate: Evaluate, collector: Collector) -> Section | None:
    """Return ``remote_state``, written as a block or as an attribute."""
    if document.remote_state is not None:
        return body(document, document.remote_state, evaluate, collector)
    return _attribute(document, "remote_state", evaluate, collector)


def _attribute(document: Document, name: str, evaluate: Evaluate, collector: Collector) -> Section | None:
    """Return the items of an attribute that stands for a block; None where there is none."""
    attribute = document.attributes.get(name)
    if attribute is None:
        return None
    try:
        setting = Setting(
            value=evaluate(attribute.expression), range=attribute.expression.range, files=frozenset({document.path})
        )
        # Labels are no attributes, and each is checked by itself.
        return None if setting.value is None else _opened(name, setting, None if name == "generate" else BLOCKS[name])
    except ConfigurationError as error:
        collector.absorb(error)
        return None


def _opened(name: str, setting: Setting, rule: BlockRule | None) -> Section:
    """Return the items of an object as a section, with what the rule of a block demands."""
    section = {key: replace(setting, value=value) for key, value in settings.mapping(name, setting).items()}
    known = rule.attributes or {} if rule is not None else {}
    for key, required in known.items():
        if required and key not in section:
            raise failure(setting.range, "Attribute is missing", f"{name} needs the attribute {key}.")
    harmless = rule.harmless if rule is not None else section
    for key in section:
        if key not in known and key not in harmless:
            hint = did_you_mean(key, known) or DOCUMENTATION
            raise failure(setting.range, "Attribute is not supported", f'{name} has no attribute "{key}".', hint)
    return section


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
