"""Renders tables and lists: deployments, packages, outputs, findings, the graph of units."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from orchestrator.commands.operators import Findings
from orchestrator.engine.environments import Environment, LastRun
from orchestrator.hcl import dump_json
from orchestrator.model.graph import Graph

_GAP = 2
_NARROWEST_LAST = 8
"""Cells that the last column needs at least; without them the rows become blocks of lines."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A table.

    In a terminal the last column is folded to fit; where that is not enough, each row becomes a block of lines. Elsewhere
    every row is one line, however long. ``right`` names the right-aligned columns.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[str] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        widths = [max(map(cell_len, column)) for column in zip(self.headings, *self.rows, strict=True)]
        others = sum(widths[:-1]) + _GAP * (len(widths) - 1)
        if not console.is_terminal or others + widths[-1] <= options.max_width:
            head, *lines = (self._line(row, widths) for row in [self.headings, *self.rows])
            yield Text("\n").join([Text(head, style="bold"), *map(Text, lines)])
        elif others + min(widths[-1], _NARROWEST_LAST) <= options.max_width:
            yield self._folded()
        else:
            yield Text("\n".join(self._blocks()))

    def _line(self, row: Iterable[str], widths: Sequence[int]) -> str:
        cells = []
        for heading, cell, width in zip(self.headings, row, widths, strict=True):
            filler = " " * (width - cell_len(cell))
            cells.append(filler + cell if heading in self.right else cell + filler)
        return (" " * _GAP).join(cells).rstrip()

    def _folded(self) -> Table:
        table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
        for heading in self.headings:
            justify = "right" if heading in self.right else "left"
            table.add_column(heading, justify=justify, overflow="fold", no_wrap=heading != self.headings[-1])  # type: ignore[arg-type]
        for row in self.rows:
            table.add_row(*map(Text, row))
        return table

    def _blocks(self) -> Iterator[str]:
        for first, *rest in self.rows:
            yield first
            yield from (f"  {heading}: {cell}" for heading, cell in zip(self.headings[1:], rest, strict=True) if cell)


_HEADINGS = ("SUFFIX", "ENV", "AGE", "RESOURCES", "TIME TO LIVE", "LAST RUN")
_RESULTS = {0: "ok", 130: "interrupted"}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def render_environments(found: Sequence[Environment], now: datetime) -> RenderableType:
    """Render the deployments of one target, and below them the orphans, which cost money and which ``up`` does not touch."""
    rows = [
        (
            item.suffix,
            item.environment or "?",
            span(now - item.created) if item.created else "?",
            str(sum(item.resources.values())),
            time_to_live(item.expires, now),
            _last_run(item.last_run, now),
        )
        for item in found
    ]
    parts: list[RenderableType] = [Columns(_HEADINGS, rows, right=("RESOURCES",))]
    notes = [note for item in found for note in _notes(item)]
    if notes:
        parts.append(Text("\n" + "\n".join(notes)))
    return Group(*parts)


def time_to_live(expires: datetime | None, now: datetime) -> str:
    """Return a time to live for people: "3h", "expired 2h ago", or "none"."""
    if expires is None:
        return "none"
    return span(expires - now) if expires > now else f"expired {span(now - expires)} ago"


def span(length: timedelta) -> str:
    """Return a duration in its largest whole unit: "59s", "3h", "12d"; "0s" when the clock went back."""
    seconds = max(int(length.total_seconds()), 0)
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _last_run(run: LastRun | None, now: datetime) -> str:
    if run is None:
        return "none recorded"
    return (
        f"{run.command} {_RESULTS.get(run.exit_code, 'failed')}, {span(now - datetime.fromisoformat(run.finished))} ago"
    )


def _notes(item: Environment) -> list[str]:
    notes = []
    if item.orphans:
        many = len(item.orphans) > 1
        resources = sum(item.resources[name] for name in item.orphans)
        notes.append(
            f"{item.suffix}: {', '.join(item.orphans)} {'are' if many else 'is'} not in live/{item.environment}, but "
            f"{'have states' if many else 'has a state'} with {resources} resource{'s' if resources != 1 else ''}."
        )
    if item.environment is None:
        notes.append(f"{item.suffix}: has states but is not registered; up --suffix {item.suffix} registers it.")
    return notes


def render_packages(rows: Iterable[tuple[str, int, str, bool]]) -> Columns:
    """Render packages: function, size in bytes, SHA-256 in hexadecimal, and whether it was built just now."""
    cells = [
        (function, f"{size / 1024 / 1024:.1f} MB", sha256[:12], "built" if built else "unchanged")
        for function, size, sha256, built in rows
    ]
    return Columns(("function", "size", "sha256", ""), cells, right=("size",))


def render_outputs(units: Mapping[str, Mapping[str, Any]]) -> Text:
    """Render outputs by unit; what is no text is JSON."""
    lines: list[Text] = []
    for unit, values in units.items():
        lines.append(Text(unit, style="bold"))
        for name, value in values.items():
            shown = value if isinstance(value, str) else dump_json(value, indent=0, sort_keys=True)
            lines.append(Text(f"  {name} = {shown}"))
    return Text("\n").join(lines)


def render_highlights(rows: Sequence[tuple[str, str]]) -> Text:
    width = max((len(label) for label, _ in rows), default=0)
    return Text("\n").join(Text.assemble((f"{label:<{width}}  ", "bold"), text) for label, text in rows)


def describe_findings(found: Findings) -> Iterator[str]:
    """Describe what was found: a heading and a line for each."""
    sections: tuple[tuple[str, Sequence[object]], ...] = (
        (
            "Terraform processes that go on without their platformctl; they finish by themselves",
            [f'unit "{child.unit}": process {child.pid}, {child.command}' for child in found.working],
        ),
        ("Locks of processes that have ended", found.left_behind),
        ("Locks whose holder may be alive", found.foreign),
        ("In the cloud, and in no state", found.unrecorded),
    )
    for heading, items in sections:
        if items:
            yield f"{heading}: {len(items)}"
            yield from (f"  {item}" for item in items)


def render_tree(environment: str, graph: Graph) -> Tree:
    """Put units under what they depend on; one with several dependencies stands under the last of them to be applied."""
    position = {name: number for number, name in enumerate(graph.order())}
    tree = Tree(Text(environment, style="bold"))
    branches: dict[str, Tree] = {}
    for name in graph.order():
        needs = graph.dependencies[name]
        parent = max(needs, key=position.__getitem__, default=None)
        also = [need for need in needs if need != parent]
        label = Text(name)
        if also:
            label.append(f"  also after {', '.join(also)}", style="dim")
        branches[name] = (branches[parent] if parent is not None else tree).add(label)
    return tree


def render_dot(graph: Graph) -> Text:
    nodes = [f'  "{name}";' for name in sorted(graph.dependencies)]
    edges = [f'  "{name}" -> "{target}";' for name in sorted(graph.dependencies) for target in graph.dependencies[name]]
    return Text("\n".join(["digraph {", *nodes, *edges, "}"]))


def graph_document(environment: str, graph: Graph) -> dict[str, Any]:
    """Describe the graph as plain JSON values, units in dependency order."""
    units = [{"name": name, "dependencies": list(graph.dependencies[name])} for name in graph.order()]
    return {"environment": environment, "units": units}
