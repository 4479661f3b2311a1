"""The graph of units: as a tree to read, for Graphviz, and as JSON."""

from typing import Any

from rich.text import Text
from rich.tree import Tree

from orchestrator.model.graph import Graph


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
    """Render the graph in DOT, for Graphviz."""
    nodes = [f'  "{name}";' for name in sorted(graph.dependencies)]
    edges = [f'  "{name}" -> "{target}";' for name in sorted(graph.dependencies) for target in graph.dependencies[name]]
    return Text("\n".join(["digraph {", *nodes, *edges, "}"]))


def graph_document(environment: str, graph: Graph) -> dict[str, Any]:
    """Describe the graph as plain JSON values, units in dependency order."""
    units = [{"name": name, "dependencies": list(graph.dependencies[name])} for name in graph.order()]
    return {"environment": environment, "units": units}
