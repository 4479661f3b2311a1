# ruff: noqa: INP001 - a program of the pipeline, not a package
"""Write the input and output tables of modules/*/README.md from the variables and outputs that the modules declare.

Run it after a variable or an output changed: ``python .ci/module_docs.py``. With ``--check`` it writes nothing, prints
what has drifted as a diff, and exits with 1 if anything has. What stands between the markers belongs to this program;
everything around them is written by hand. Types and defaults are quoted from the source, comments included, so a
reader sees what the module's author wrote.
"""

import argparse
import difflib
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import hcl2
from lark import Token, Tree

Node = Tree[Token]

BEGIN = "<!-- BEGIN TABLES: written by .ci/module_docs.py, do not edit -->"
END = "<!-- END TABLES -->"
MODULES = Path(__file__).resolve().parent.parent / "modules"

LONGEST_CELL = 60
"""Characters of source that fit into a table cell; longer source is shown below the table."""


class DocumentationError(Exception):
    """A module or its README cannot be documented; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A ``variable`` or ``output`` block: its label and the source text of its attributes, by name."""

    name: str
    attributes: dict[str, str]

    @property
    def description(self) -> str:
        """Return the description as a reader sees it; empty without one."""
        return str(json.loads(self.attributes.get("description", '""')))


def main(argv: list[str] | None = None) -> int:
    """Write or check the tables of every module; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write the input and output tables of the modules' READMEs.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail with a diff when a table has drifted")
    parser.add_argument(
        "--modules", type=Path, default=MODULES, help="the folder of the modules (default: %(default)s)"
    )
    options = parser.parse_args(argv)
    drifted = False
    try:
        for module in sorted(path.parent for path in options.modules.glob("*/variables.tf")):
            readme = module / "README.md"
            before = _read(readme)
            after = with_tables(before, tables(module), readme)
            if before == after:
                continue
            drifted = True
            if options.check:
                name = f"{module.name}/README.md"
                lines = difflib.unified_diff(
                    before.splitlines(), after.splitlines(), name, f"{name} (generated)", lineterm=""
                )
                sys.stdout.write("\n".join(lines) + "\n")
            else:
                readme.write_text(after, encoding="utf-8")
                sys.stdout.write(f"wrote {readme}\n")
    except DocumentationError as error:
        sys.stderr.write(f"module_docs: {error}\n")
        return 2
    if drifted and options.check:
        sys.stderr.write("module_docs: tables have drifted; run python .ci/module_docs.py\n")
        return 1
    return 0


def tables(module: Path) -> str:
    """Generate the text between the markers for one module folder.

    Raises:
        DocumentationError: a declaration has no description, or a file cannot be parsed.

    """
    inputs, outputs = declarations(module / "variables.tf", "variable"), declarations(module / "outputs.tf", "output")
    return "\n".join([*_inputs(inputs), "", *_outputs(outputs)])


def declarations(path: Path, kind: str) -> list[Declaration]:
    """Find the blocks of a kind in a file, by name.

    Raises:
        DocumentationError: a declaration has no description, or the file cannot be parsed.

    """
    source = _read(path)
    try:
        tree = hcl2.parses_to_tree(source)
    except Exception as error:
        raise DocumentationError(f"{path} cannot be parsed: {error}") from error
    found = sorted(_blocks(tree, source, kind), key=lambda declaration: declaration.name)
    for declaration in found:
        if not declaration.description:
            raise DocumentationError(f'{path}: {kind} "{declaration.name}" has no description.')
    return found


def with_tables(readme: str, generated: str, path: Path) -> str:
    """Insert the generated text between the markers of a README.

    Raises:
        DocumentationError: the markers are missing, repeated or in the wrong order.

    """
    if readme.count(BEGIN) != 1 or readme.count(END) != 1 or readme.index(BEGIN) > readme.index(END):
        raise DocumentationError(f"{path} must hold these two lines once each, in this order: {BEGIN} and {END}")
    head, rest = readme.split(BEGIN)
    return f"{head}{BEGIN}\n\n{generated}\n\n{END}{rest.split(END)[1]}"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise DocumentationError(f"{path} is missing: every module has one.") from error


def _blocks(tree: Node, source: str, kind: str) -> Iterator[Declaration]:
    for body in _children(tree, "body"):
        for block in _children(body, "block"):
            labels = [_text(label, source).strip('"') for label in block.children if isinstance(label, Tree)]
            if labels[0] == kind:
                yield Declaration(name=labels[1], attributes=dict(_attributes(block, source)))


def _attributes(block: Node, source: str) -> Iterator[tuple[str, str]]:
    for body in _children(block, "body"):
        for attribute in _children(body, "attribute"):
            name, value = attribute.children[0], attribute.children[-1]
            yield _text(name, source), _text(value, source)


def _children(node: Node, data: str) -> Iterator[Node]:
    return (child for child in node.children if isinstance(child, Tree) and child.data == data)


def _text(node: Node | Token, source: str) -> str:
    meta = node.meta if isinstance(node, Tree) else node
    assert meta.start_pos is not None
    return source[meta.start_pos : meta.end_pos]


def _inputs(variables: Iterable[Declaration]) -> Iterator[str]:
    variables = list(variables)
    yield from ("## Inputs", "", "| Name | Description | Type | Default |", "|---|---|---|---|")
    for variable in variables:
        default = variable.attributes.get("default")
        cells = (
            f"`{variable.name}`",
            variable.description,
            _cell(variable, "type"),
            "required" if default is None else _cell(variable, "default"),
        )
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    for variable in variables:
        shown = [name for name in ("type", "default") if _is_long(variable.attributes.get(name, ""))]
        if shown:
            yield from ("", f"### {variable.name}", "", "```hcl")
            yield from (f"{name} = {_outdented(variable.attributes[name])}" for name in shown)
            yield "```"


def _outputs(outputs: Iterable[Declaration]) -> Iterator[str]:
    yield from ("## Outputs", "", "| Name | Description |", "|---|---|")
    for output in outputs:
        description = output.description.replace("|", "\\|")
        yield f"| `{output.name}` | {description} |"


def _cell(variable: Declaration, attribute: str) -> str:
    text = variable.attributes.get(attribute, "any")
    return f"[see below](#{variable.name})" if _is_long(text) else f"`{text}`"


def _is_long(text: str) -> bool:
    return len(text) > LONGEST_CELL or "\n" in text


def _outdented(text: str) -> str:
    """Remove the block's indentation from every line but the first, which has none."""
    first, *rest = text.split("\n")
    return "\n".join([first, *dedent("\n".join(rest)).split("\n")]) if rest else first


if __name__ == "__main__":
    raise SystemExit(main())
