"""Sources in a catalogue that are written relative to the catalogue itself.

With ``update_source_with_cas = true`` a relative ``source`` is meant from the folder that the file comes from, and not from
the one that it is generated into. Terragrunt rewrites it to an address in its content store; here it becomes the path of the
folder in the catalogue, or in the downloaded copy of it.
"""

from collections.abc import Iterator
from pathlib import Path

from orchestrator.config.source import LocalSource, parse_source
from orchestrator.diagnostics import Position, Range, failure
from orchestrator.hcl import Block, Body, Literal, parse_text, print_value

FLAG = "update_source_with_cas"


def with_own_sources(text: str, path: Path, root: Path | None) -> str:
    """Return the text of a file of a catalogue with the paths of its flagged sources, and without the flags.

    ``root``: the folder that a flagged source may not leave: what stands before ``//`` where the file comes from. Raises
    ConfigurationError: the file does not parse; a flagged source is not written out, or leaves the root.
    """
    edits: list[tuple[Range, str]] = []
    for block in _flagged(parse_text(text, path).body):
        flag, source = block.body.attributes[FLAG], block.body.attributes.get("source")
        if source is None:
            continue
        place, expression = source.expression.range, source.expression
        if not isinstance(expression, Literal) or not isinstance(expression.value, str):
            raise failure(
                place,
                "Source is not written out",
                f"{FLAG} needs a source that is plain text, without variables and functions.",
                f"Write the path from {path.parent}, or remove {FLAG}.",
            )
        found = parse_source(expression.value, home=path.parent, place=place)
        if not isinstance(found, LocalSource):
            continue
        if root is not None and not found.folder.is_relative_to(root):
            raise failure(
                place,
                "Source outside of the catalogue",
                f'"{expression.value}" leads to {found.folder}, out of {root}.',
                f"With {FLAG} a source stays in the folder or repository that the file comes from.",
            )
        folder = f"{found.root}//{found.subdirectory}" if found.subdirectory else str(found.root)
        edits += [(place, print_value(folder)), (flag.range, "")]
    return _edited(text, edits)


def _flagged(body: Body) -> Iterator[Block]:
    for block in body.blocks:
        flag = block.body.attributes.get(FLAG)
        if flag is not None and isinstance(flag.expression, Literal) and flag.expression.value is True:
            yield block
        yield from _flagged(block.body)


def _edited(text: str, edits: list[tuple[Range, str]]) -> str:
    lines = text.removeprefix("\ufeff").split("\n")
    for place, new in sorted(edits, key=lambda edit: edit[0].start, reverse=True):
        start, end = place.start, place.end
        after = _rest(lines, end)
        lines[start.line - 1 : end.line] = [lines[start.line - 1][: start.column - 1] + new + after]
    return "\n".join(lines)


def _rest(lines: list[str], position: Position) -> str:
    return lines[position.line - 1][position.column - 1 :]
