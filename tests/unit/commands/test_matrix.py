"""The stack as jobs in dependency order (C2)."""

import pytest

from orchestrator.commands.matrix import staged
from orchestrator.model.graph import Dependency, Graph, Unit

STACK = {"a": "", "b": "a", "c": "ba", "d": ""}
CHAIN = {"a": "", "b": "a", "c": "b", "d": "c"}


@pytest.mark.parametrize(
    ("edges", "selected", "expected"),
    [
        (STACK, "abcd", [(1, "a", []), (1, "d", []), (2, "b", ["a"]), (3, "c", ["a", "b"])]),
        (STACK, "a", [(1, "a", [])]),
        (STACK, "b", [(1, "b", [])]),
        # What stands between two units keeps them in order, selected or not.
        (STACK, "acd", [(1, "a", []), (1, "d", []), (2, "c", ["a"])]),
        (STACK, "cd", [(1, "c", []), (1, "d", [])]),
        (CHAIN, "ad", [(1, "a", []), (2, "d", ["a"])]),
        # Only the nearest are named: what stands behind them is theirs to need.
        (CHAIN, "abd", [(1, "a", []), (2, "b", ["a"]), (3, "d", ["b"])]),
    ],
)
def test_c2_every_unit_has_a_stage_after_those_of_what_it_needs(tmp_path, edges, selected, expected):
    graph = Graph.of(
        Unit(name=name, folder=tmp_path, dependencies=tuple(Dependency(target=target) for target in targets))
        for name, targets in edges.items()
    )
    assert [(job["stage"], job["unit"], job["needs"]) for job in staged(graph, selected)] == expected
