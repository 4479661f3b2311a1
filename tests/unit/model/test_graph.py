"""The dependency graph: order, closures, cycles and dangling edges (C2, C7)."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.diagnostics import ConfigurationError, Position, Range, Source
from orchestrator.model.graph import Dependency, Graph, Unit
from tests.fakes.errors import error_of

PLACE = Range(Source(Path("live/dev/a/terragrunt.hcl"), "x"), Position(3, 1), Position(3, 5))


def units(edges):
    return [
        Unit(
            name=name,
            folder=Path("/live/dev") / name,
            dependencies=tuple(Dependency(target=target, name=target, range=PLACE) for target in targets),
        )
        for name, targets in edges.items()
    ]


def test_order_puts_every_unit_after_its_dependencies_and_ties_by_name():
    graph = Graph.of(units({"s3": ["kms"], "vpc": ["kms"], "kms": [], "api": ["vpc", "s3"]}))
    assert graph.order() == ("kms", "s3", "vpc", "api")
    assert graph.dependents["kms"] == ("s3", "vpc")


def test_the_closure_includes_the_units_themselves():
    graph = Graph.of(units({"kms": [], "vpc": ["kms"], "api": ["vpc"], "alone": []}))
    assert graph.downstream(["kms"]) == {"kms", "vpc", "api"}


@pytest.mark.parametrize(
    ("edges", "cycle"),
    [
        ({"a": ["b"], "b": ["a"]}, "a -> b -> a"),
        ({"a": ["a"]}, "a -> a"),
        ({"z": ["y"], "y": ["x"], "x": ["z"], "w": ["x"]}, "x -> z -> y -> x"),
        # Two ways round: the shorter one is named.
        ({"a": ["b", "c"], "b": ["c"], "c": ["a"]}, "a -> c -> a"),
    ],
)
def test_c7_a_cycle_is_named_with_its_place(edges, cycle):
    error = error_of(lambda: Graph.of(units(edges)), ConfigurationError)
    (found,) = error.diagnostics
    assert found.summary == "Units depend on each other in a cycle"
    assert found.detail == f"{cycle}: none of them can be applied first."
    assert found.range is PLACE


def test_c7_a_dependency_on_nothing_names_the_block_and_the_nearest_unit():
    error = error_of(lambda: Graph.of(units({"vpc": [], "api": ["vcp"]})), ConfigurationError)
    (found,) = error.diagnostics
    assert found.detail == (
        'The dependency "vcp" block of unit "api" points to "vcp", where there is no terragrunt.hcl.'
    )
    assert found.hint == 'Did you mean "vpc"?'


@given(
    st.integers(1, 30).flatmap(lambda n: st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=60))
)
def test_order_of_any_acyclic_graph_is_complete_and_respects_every_edge(pairs):
    edges = {f"u{number}": [] for number in range(31)}
    for one, other in pairs:
        if one != other:
            edges[f"u{max(one, other)}"].append(f"u{min(one, other)}")
    order = Graph.of(units(edges)).order()
    assert sorted(order) == sorted(edges)
    assert all(order.index(target) < order.index(name) for name, targets in edges.items() for target in targets)
