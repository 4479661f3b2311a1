"""Units and their dependency graph: acyclic, with a deterministic order."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.diagnostics import Collector, Diagnostic, Range, did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """An edge of the graph: the unit that declares it needs ``target`` to be applied first.

    ``name``: the label of the ``dependency`` block; empty for an entry of ``dependencies.paths``. ``reads_outputs``:
    whether outputs of the target are used; false for an order-only edge.
    """

    target: str
    name: str = ""
    range: Range | None = field(default=None, compare=False)
    reads_outputs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit of the stack.

    ``name``: its folder relative to the environment's folder, with forward slashes: "vpc", "data/aurora"; ``folder``:
    where its terragrunt.hcl lies, absolute.
    """

    name: str
    folder: Path
    dependencies: tuple[Dependency, ...] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """Units and their edges, both directions, names sorted. Build it with ``Graph.of``."""

    units: Mapping[str, Unit]
    dependencies: Mapping[str, tuple[str, ...]]
    dependents: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, units: Iterable[Unit]) -> "Graph":
        """Build the graph.

        Raises ConfigurationError if a dependency points at no unit, or the dependencies form a cycle. Names every such
        edge, and one cycle.
        """
        by_name = {unit.name: unit for unit in sorted(units, key=lambda unit: unit.name)}
        collector = Collector()
        for unit in by_name.values():
            for edge in unit.dependencies:
                if edge.target not in by_name:
                    collector.add(_missing_target(unit, edge, by_name))
        collector.raise_if_any()
        dependencies = {
            name: tuple(sorted({edge.target for edge in unit.dependencies})) for name, unit in by_name.items()
        }
        dependents: dict[str, list[str]] = {name: [] for name in by_name}
        for name, targets in dependencies.items():
            for target in targets:
                dependents[target].append(name)
        graph = cls(by_name, dependencies, {name: tuple(sorted(found)) for name, found in dependents.items()})
        cycle = graph._find_cycle()
        if cycle:
            collector.add(_cycle_found(by_name, cycle))
            collector.raise_if_any()
        return graph

    def order(self) -> tuple[str, ...]:
        """Return every unit after all that it depends on; ties by name."""
        remaining = {name: set(targets) for name, targets in self.dependencies.items()}
        ready = sorted(name for name, targets in remaining.items() if not targets)
        ordered: list[str] = []
        while ready:
            name = ready.pop(0)
            ordered.append(name)
            freed = []
            for dependent in self.dependents[name]:
                remaining[dependent].discard(name)
                if not remaining[dependent]:
                    freed.append(dependent)
            ready = sorted([*ready, *freed])
        return tuple(ordered)

    def restricted(self, names: Collection[str]) -> "Graph":
        """Return the graph of some of the units, with the edges between them."""
        return Graph(
            {name: unit for name, unit in self.units.items() if name in names},
            *(
                {name: tuple(end for end in ends if end in names) for name, ends in edges.items() if name in names}
                for edges in (self.dependencies, self.dependents)
            ),
        )

    def downstream(self, names: Iterable[str]) -> frozenset[str]:
        """Return the units and everything that depends on them, directly or not."""
        return self._closure(names, self.dependents)

    @staticmethod
    def _closure(names: Iterable[str], edges: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
        seen: set[str] = set()
        stack = list(names)
        while stack:
            name = stack.pop()
            if name not in seen:
                seen.add(name)
                stack.extend(edges[name])
        return frozenset(seen)

    def _find_cycle(self) -> tuple[str, ...]:
        """Return one cycle, starting with its alphabetically first name; empty when there is none."""
        left = set(self.units) - set(self.order())
        # Units that merely depend on the cycle are left over too; only those inside it reach themselves.
        inside = sorted(name for name in left if name in self._closure(self.dependencies[name], self.dependencies))
        if not inside:
            return ()
        # Breadth first from the first name gives a shortest cycle through it.
        start = inside[0]
        came_from: dict[str, str] = {}
        queue = [start]
        for name in queue:
            for target in self.dependencies[name]:
                if target == start:
                    path = [name]
                    while path[-1] != start:
                        path.append(came_from[path[-1]])
                    return tuple(reversed(path))
                if target in inside and target not in came_from:
                    came_from[target] = name
                    queue.append(target)
        message = "a unit inside a cycle reaches itself"
        raise AssertionError(message)


def _missing_target(unit: Unit, edge: Dependency, known: Mapping[str, Unit]) -> Diagnostic:
    block = f'dependency "{edge.name}"' if edge.name else "dependencies"
    return Diagnostic(
        summary="Dependency on a unit that does not exist",
        detail=f'The {block} block of unit "{unit.name}" points to "{edge.target}", where there is no terragrunt.hcl.',
        hint=did_you_mean(edge.target, known) or f"Units of this environment: {', '.join(known)}.",
        range=edge.range,
    )


def _cycle_found(units: Mapping[str, Unit], cycle: tuple[str, ...]) -> Diagnostic:
    target = cycle[1] if len(cycle) > 1 else cycle[0]
    edge = next(edge for edge in units[cycle[0]].dependencies if edge.target == target)
    return Diagnostic(
        summary="Units depend on each other in a cycle",
        detail=f"{' -> '.join([*cycle, cycle[0]])}: none of them can be applied first.",
        hint="Take out one of these dependencies, or move what both sides need into a unit of its own.",
        range=edge.range,
    )
