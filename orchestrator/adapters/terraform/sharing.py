"""Decides which units may share a provider process: a rule about configuration text, checked, not assumed."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from orchestrator.adapters.terraform.lock import LockedProvider, satisfies
from orchestrator.config import EvaluatedUnit
from orchestrator.engine.plan.root_module import has_references
from orchestrator.errors import UsageError
from orchestrator.hcl import Body, Expression, Scope, evaluate, parse_file, parse_text, print_expression


def provider_configuration(unit: EvaluatedUnit, module: Path) -> str | None:
    """Return the text of the unit's only provider block, which is the key of the process that it may share.

    None when the unit needs a provider of its own: it configures none or several, uses an alias, computes a value (which
    may differ between units under the same text), or its module passes aliases on or calls modules.
    """
    names = [file.path for file in unit.generated] + [file.name for file in module.glob("*.tf.json")]
    if any(name.endswith(".tf.json") for name in names):
        # Terraform's other syntax may hold anything that is checked below.
        return None
    bodies = [parse_text(file.contents, Path(file.path)).body for file in unit.generated if file.path.endswith(".tf")]
    bodies.extend(_module_bodies(module))
    blocks = [block for body in bodies for block in body.blocks]
    providers = [block.body for block in blocks if block.type == "provider"]
    if len(providers) != 1 or "alias" in providers[0].attributes or has_references(providers[0]):
        return None
    if any(block.type == "module" for block in blocks):
        return None
    if any("configuration_aliases" in print_expression(required) for _, required in _required(bodies)):
        return None
    return _text(providers[0])


def check_constraints(unit: EvaluatedUnit, module: Path, locked: LockedProvider) -> None:
    """Check the module's version constraints, which Terraform does not do for a provider that it is attached to.

    Raises:
        UsageError: the locked version does not meet the constraint, or the module needs a provider that is not locked.

    """
    for name, source, constraint in _requirements(_module_bodies(module)):
        if source != locked.source:
            raise UsageError(
                "A provider is not locked",
                detail=f'The module of unit "{unit.name}" requires {source} ({name}); only {locked.source} is locked.',
                hint="Do without it, or lock it in live/.terraform.lock.hcl.",
            )
        if not satisfies(locked.version, constraint):
            raise UsageError(
                "The locked provider does not meet a module's constraint",
                detail=f'The module of unit "{unit.name}" requires {source} {constraint}; locked is {locked.version}.',
                hint="Change the constraint or the lock file, live/.terraform.lock.hcl.",
            )


def _module_bodies(module: Path) -> tuple[Body, ...]:
    return tuple(_parsed(file, file.stat().st_mtime_ns if file.exists() else 0) for file in sorted(module.glob("*.tf")))


@lru_cache(maxsize=2048)
def _parsed(file: Path, _modified: int) -> Body:
    """Parse a file; a program that uses platformctl as a library may change it between two calls."""
    return parse_file(file).body


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
