# ruff: noqa: INP001 - a program of the pipeline, not a package
"""Writes the tables of docs/language.md from the registry of the language, orchestrator/config/grammar.py.

Run it after a row of the registry changed: ``python .ci/language_docs.py``. With ``--check`` it writes nothing, prints what
has drifted as a diff, and exits with 1 if anything has.
"""

from collections.abc import Iterator, Mapping

from generated_tables import Tables, run

from orchestrator.config import function_rules, grammar
from orchestrator.config.stack_file import STACK_BLOCKS

LABELS = {grammar.Labels.NONE: "", grammar.Labels.ONE: ' "label"', grammar.Labels.OPTIONAL: ' "label"'}


def blocks() -> Iterator[str]:
    """One row per supported block; required attributes are bold."""
    yield from _blocks("Block", grammar.BLOCKS)


def stack_blocks() -> Iterator[str]:
    """One row per block of a stack file."""
    yield from _blocks("Block of a stack file", STACK_BLOCKS)


def _blocks(what: str, rules: Mapping[str, grammar.BlockRule]) -> Iterator[str]:
    yield f"| {what} | Attributes | Notes |"
    yield "|---|---|---|"
    for name, rule in _all_blocks(rules):
        shown = (
            ", ".join(f"**`{key}`**" if required else f"`{key}`" for key, required in rule.attributes.items())
            if rule.attributes is not None
            else "any"
        )
        yield f"| `{name}{LABELS[rule.labels]}` | {shown} | {rule.notes} |"


def _all_blocks(rules: Mapping[str, grammar.BlockRule]) -> Iterator[tuple[str, grammar.BlockRule]]:
    """The blocks, each with those inside of it behind it."""
    for name, rule in rules.items():
        yield name, rule
        yield from ((f"{name}.{inside}", inner) for inside, inner in rule.blocks.items())


def harmless() -> Iterator[str]:
    """One row per reason for which something is accepted without effect."""
    nested = {f"{block}.{name}": why for block, rule in grammar.BLOCKS.items() for name, why in rule.harmless.items()}
    yield from _by_hint(
        "Block or attribute", {**grammar.HARMLESS_BLOCKS, **grammar.HARMLESS_ATTRIBUTES, **nested}, "Why"
    )


def attributes() -> Iterator[str]:
    """One row per attribute at the top level of a file."""
    yield "| Attribute | Notes |"
    yield "|---|---|"
    yield from (f"| `{name}` | {notes} |" for name, notes in grammar.ATTRIBUTES.items())


def functions() -> Iterator[str]:
    """One row per supported function of Terragrunt."""
    yield "| Function | Returns |"
    yield "|---|---|"
    yield from (f"| `{name}({rule.arguments})` | {rule.returns} |" for name, rule in function_rules.FUNCTIONS.items())


def differences() -> Iterator[str]:
    """One item per difference from Terragrunt."""
    yield from (f"- **{title}.** {reason}" for title, reason in grammar.DIFFERENCES.items())


def refused() -> Iterator[str]:
    """One row per reason for which blocks and attributes are refused."""
    nested = {f"{block}.{name}": hint for block, rule in grammar.BLOCKS.items() for name, hint in rule.refused.items()}
    # Names that are supported elsewhere, or refused there, are not refused as such.
    elsewhere = {name.partition(".")[2] for name in nested} | grammar.BLOCKS.keys()
    top = {**grammar.REFUSED_BLOCKS, **grammar.REFUSED_ATTRIBUTES}
    yield from _by_hint("Block or attribute", {name: top[name] for name in top if name not in elsewhere} | nested)


def refused_files() -> Iterator[str]:
    """One row per reason for which files are refused."""
    yield from _by_hint("File", grammar.REFUSED_FILES)


def refused_stack_blocks() -> Iterator[str]:
    """One row per reason for which attributes and blocks of a stack file's blocks are refused."""
    unit = STACK_BLOCKS["unit"].refused
    own = {f"stack.{name}": hint for name, hint in STACK_BLOCKS["stack"].refused.items() if name not in unit}
    yield from _by_hint("Of a unit or stack block", {**unit, **own})


def _by_hint(what: str, refused: Mapping[str, str], reason: str = "Instead") -> Iterator[str]:
    """One row per hint, in the order of the first name that has it; no table where nothing is refused."""
    names: dict[str, list[str]] = {}
    for name, hint in refused.items():
        names.setdefault(hint, []).append(f"`{name}`")
    if names:
        yield f"| {what} | {reason} |"
        yield "|---|---|"
        yield from (f"| {', '.join(group)} | {hint} |" for hint, group in names.items())


TABLES: Tables = {
    "blocks": blocks,
    "attributes": attributes,
    "functions": functions,
    "differences": differences,
    "harmless": harmless,
    "refused": refused,
    "refused-files": refused_files,
    "stack-blocks": stack_blocks,
    "refused-stack-blocks": refused_stack_blocks,
}


def main(argv: list[str] | None = None) -> int:
    """Write or check the tables; returns the exit code."""
    return run("language_docs", "language.md", TABLES, argv)


if __name__ == "__main__":
    raise SystemExit(main())
