"""Which units may share a provider process: a rule about configuration text, checked, not assumed."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from orchestrator.adapters.terraform.lock import LockedProvider, satisfies
from orchestrator.config import EvaluatedUnit
from orchestrator.errors import UsageError
from orchestrator.hcl import Body, Scope, evaluate, parse_file, parse_text, print_expression, references


def provider_configuration(unit: EvaluatedUnit, module: Path) -> str | None:
    """The text of the unit's only provider block, which is the key of the process that it may share.

    None when the unit must have a provider of its own: it configures none or several, uses an alias, or its module
    hands aliases around or calls modules of its own (which may do either).
    """
    names = [file.path for file in unit.generated] + [file.name for file in module.glob("*.tf.json")]
    if any(name.endswith(".tf.json") for name in names):
        # Terraform's other syntax may hold anything that is looked for below.
        return None
    bodies = [parse_text(file.contents, Path(file.path)).body for file in unit.generated if file.path.endswith(".tf")]
    bodies.extend(_module_bodies(module))
    blocks = [block for body in bodies for block in body.blocks]
    providers = [block for block in blocks if block.type == "provider"]
    if len(providers) != 1 or "alias" in providers[0].body.attributes:
        return None
    if any(block.type == "module" for block in blocks) or any(
        "configuration_aliases" in text for text in _required(bodies)
    ):
        return None
    if _has_references(providers[0].body):
        # What Terraform computes may differ from unit to unit under the same text.
        return None
    return _text(providers[0].body)


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


@lru_cache(maxsize=256)
def _module_bodies(module: Path) -> tuple[Body, ...]:
    return tuple(parse_file(file).body for file in sorted(module.glob("*.tf")))


def _requirements(bodies: Iterable[Body]) -> list[tuple[str, str, str]]:
    found = []
    scope = Scope(variables={}, functions={})
    for body in bodies:
        for terraform in (block for block in body.blocks if block.type == "terraform"):
            for block in (inner for inner in terraform.body.blocks if inner.type == "required_providers"):
                for name, attribute in block.body.attributes.items():
                    if "configuration_aliases" in print_expression(attribute.expression):
                        continue
                    value = evaluate(attribute.expression, scope)
                    if isinstance(value, str):
                        # The form of Terraform 0.12: a constraint alone.
                        found.append((name, f"hashicorp/{name}", value))
                    elif isinstance(value, Mapping):
                        source = str(value.get("source") or f"hashicorp/{name}")
                        found.append((name, source, str(value.get("version") or "")))
    return found


def _required(bodies: Iterable[Body]) -> list[str]:
    return [
        print_expression(attribute.expression)
        for body in bodies
        for terraform in body.blocks
        if terraform.type == "terraform"
        for block in terraform.body.blocks
        if block.type == "required_providers"
        for attribute in block.body.attributes.values()
    ]


def _has_references(body: Body) -> bool:
    return any(references(item.expression) for item in body.attributes.values()) or any(
        _has_references(block.body) for block in body.blocks
    )


def _text(body: Body) -> str:
    """A body as canonical text, so that two spellings of the same configuration are the same key."""
    lines = [f"{name} = {print_expression(item.expression)}" for name, item in sorted(body.attributes.items())]
    lines.extend(f"{block.type} {' '.join(block.labels)} {{\n{_text(block.body)}\n}}" for block in body.blocks)
    return "\n".join(lines)
