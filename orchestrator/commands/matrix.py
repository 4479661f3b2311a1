"""A job matrix for CI systems: the units of an environment in stages."""

from collections.abc import Collection
from typing import Any

from orchestrator.model.graph import Graph


def staged(graph: Graph, selected: Collection[str]) -> list[dict[str, Any]]:
    """List a job for each unit, in a valid order, with its stage and what it needs.

    A matrix has no order, so each unit has a stage: 1 if it needs no other, else one more than the highest stage of those that it
    needs. A unit that is not selected still keeps the order of those before and after it.
    """
    jobs: dict[str, dict[str, Any]] = {}
    for name in graph.order():
        if name in selected:
            needs = _needs(graph, name, selected)
            stage = 1 + max((int(jobs[need]["stage"]) for need in needs), default=0)
            jobs[name] = {"stage": stage, "unit": name, "needs": needs}
    return sorted(jobs.values(), key=lambda job: (job["stage"], job["unit"]))


def _needs(graph: Graph, name: str, selected: Collection[str]) -> list[str]:
    """Return the nearest selected units before the named one."""
    found: set[str] = set()
    queue = list(graph.dependencies[name])
    seen = set(queue)
    while queue:
        target = queue.pop()
        if target in selected:
            found.add(target)
            continue
        fresh = set(graph.dependencies[target]) - seen
        seen |= fresh
        queue.extend(fresh)
    return sorted(found)
