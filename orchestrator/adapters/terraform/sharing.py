"""Decides which units may share a provider process: a rule about configuration text, checked, not assumed."""

from collections.abc import Iterable, Iterator, Mapping

from orchestrator.adapters.terraform.lock import LockedProvider
from orchestrator.config import Composition, parsed
from orchestrator.engine.plan import has_references
from orchestrator.errors import UsageError
from orchestrator.hcl import Body, Expression, Scope, evaluate, print_expression
from orchestrator.model.versions import satisfies


def provider_configuration(composition: Composition) -> str | None:
    """Return the text of the unit's only provider block, which is the key of the process that it may share.

    None when the unit needs a provider of its own: it configures none or several, uses an alias, computes a value (which
    may differ between units under the same text), or its module passes aliases on or calls modules.
    """
    if any(name.endswith(".tf.json") for name in composition.files):
        # Terraform's other syntax may hold anything that is checked below.
        return None
    bodies = _bodies(composition)
    blocks = [block for body in bodies for block in body.blocks]
    providers = [block.body for block in blocks if block.type == "provider"]
    if len(providers) != 1 or "alias" in providers[0].attributes or has_references(providers[0]):
        return None
    if any(block.type == "module" for block in blocks):
        return None
    if any("configuration_aliases" in print_expression(required) for _, required in _required(bodies)):
        return None
    return _text(providers[0])


def check_constraints(unit: str, composition: Composition, locked: Iterable[LockedProvider]) -> None:
    """Check the module's version constraints, which Terraform does not do for a provider that it is attached to.

    A provider that is not locked is left to Terraform's init. Raises UsageError: the locked version does not meet the
    constraint.
    """
    by_source = {entry.source: entry for entry in locked}
    for _, source, constraint in _requirements(_bodies(composition)):
        entry = by_source.get(source)
        if entry is not None and not satisfies(entry.version, constraint):
            raise UsageError(
                "The locked provider does not meet a module's constraint",
                detail=f'The module of unit "{unit}" requires {source} {constraint}; locked is {entry.version}.',
                hint="Change the constraint or the lock file, live/.terraform.lock.hcl.",
            )


def needs_more(compositions: Iterable[Composition], locked: Iterable[LockedProvider]) -> bool:
    """Tell whether modules require a provider that is not locked, so that init has to choose its version.

    Modules that others call are not looked at; where there is no lock file at all, init chooses for them, too.
    """
    sources = {entry.source for entry in locked}
    return not sources or any(
        source not in sources
        for composition in compositions
        for _, source, _ in _requirements(_bodies(composition))
        if not source.startswith("terraform.io/")
    )


def _bodies(composition: Composition) -> tuple[Body, ...]:
    files = composition.files
    return tuple(parsed(name, files[name]) for name in sorted(files) if name.endswith(".tf"))


def _requirements(bodies: Iterable[Body]) -> Iterator[tuple[str, str, str]]:
    """Yield the name, source and version constraint of each required provider."""
    scope = Scope(variables={}, functions={})
    for name, expression in _required(bodies):
        if "configuration_aliases" in print_expression(expression):
            continue
        value = evaluate(expression, scope)
        if isinstance(value, str):
            # The form of Terraform 0.12: a constraint alone.
            yield name, f"hashicorp/{name}", value
        elif isinstance(value, Mapping):
            yield name, str(value.get("source") or f"hashicorp/{name}"), str(value.get("version") or "")


def _required(bodies: Iterable[Body]) -> Iterator[tuple[str, Expression]]:
    for body in bodies:
        for terraform in (block for block in body.blocks if block.type == "terraform"):
            for block in (inner for inner in terraform.body.blocks if inner.type == "required_providers"):
                yield from ((name, attribute.expression) for name, attribute in block.body.attributes.items())


def _text(body: Body) -> str:
    """Return a body as canonical text, so that two spellings of the same configuration are the same key."""
    lines = [f"{name} = {print_expression(item.expression)}" for name, item in sorted(body.attributes.items())]
    lines.extend(f"{block.type} {' '.join(block.labels)} {{\n{_text(block.body)}\n}}" for block in body.blocks)
    return "\n".join(lines)
