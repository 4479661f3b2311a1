"""Renders found units: as columns, a table, a tree of folders or of dependencies, in DOT, and as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.columns import Columns as SideBySide
from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from orchestrator.commands.find import FoundUnit
from orchestrator.display.tables import Columns


def render_paths(found: Iterable[FoundUnit]) -> Text:
    return Text("\n".join(item.path for item in found))


def render_side_by_side(found: Iterable[FoundUnit], *, is_terminal: bool) -> RenderableType:
    """Render the paths next to each other in a terminal, and one in each line elsewhere."""
    paths = [item.path for item in found]
    return SideBySide(paths, padding=(0, 2), column_first=True) if is_terminal else Text("\n".join(paths))


def render_long(found: Sequence[FoundUnit], *, dependencies: bool) -> Columns:
    """Render type and path of each; with what it depends on, if asked to."""
    rows = [(str(item.kind), item.path, *([", ".join(item.dependencies)] if dependencies else [])) for item in found]
    return Columns(("Type", "Path", *(["Dependencies"] if dependencies else [])), rows)


def render_folders(found: Iterable[FoundUnit]) -> Tree:
    """Render the folders that lead to the units."""
    top = Tree(".")
    branches: dict[tuple[str, ...], Tree] = {(): top}
    for item in found:
        parts = tuple(item.path.split("/"))
        for length in range(1, len(parts) + 1):
            if parts[:length] not in branches:
                branches[parts[:length]] = branches[parts[: length - 1]].add(Text(parts[length - 1]))
    return top


def render_dependents(found: Sequence[FoundUnit]) -> Tree:
    """Render every unit under each one that it depends on; what depends on none that was found stands at the top.

    What depends on a unit is shown where that unit stands first.
    """
    paths = {item.path for item in found}
    dependents: dict[str, list[str]] = {path: [] for path in paths}
    for item in found:
        for target in item.dependencies:
            if target in paths:
                dependents[target].append(item.path)
    top = Tree(".")
    shown: set[str] = set()
    waiting = [(top, item.path) for item in reversed(found) if paths.isdisjoint(item.dependencies)]
    while waiting:
        branch, path = waiting.pop()
        label = Text(path)
        if path in shown and dependents[path]:
            label.append("  as above", style="dim")
        below = branch.add(label)
        if path not in shown:
            shown.add(path)
            waiting.extend((below, name) for name in reversed(dependents[path]))
    return top


def render_found_dot(found: Iterable[FoundUnit]) -> Text:
    """Render the graph in DOT; what a unit depends on stands in it whether it was found or not."""
    found = tuple(found)
    nodes = [f'  "{item.path}";' for item in found]
    edges = [f'  "{item.path}" -> "{target}";' for item in found for target in item.dependencies]
    return Text("\n".join(["digraph {", *nodes, *edges, "}"]))


def found_documents(found: Iterable[FoundUnit], sections: Iterable[str]) -> list[Mapping[str, Any]]:
    """Describe units as plain JSON values: type and path, and the sections that are named."""
    wanted = set(sections)
    documents: list[Mapping[str, Any]] = []
    for item in found:
        rest = {"dependencies": list(item.dependencies), "include": dict(item.includes), "reading": list(item.reads)}
        documents.append(
            {"type": str(item.kind), "path": item.path} | {name: rest[name] for name in rest if name in wanted}
        )
    return documents
