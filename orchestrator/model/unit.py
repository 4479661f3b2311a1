"""A unit: what is planned and applied on its own, with a state of its own."""

from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.diagnostics import Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """An edge of the graph: the unit that declares it needs ``target`` to be applied first.

    Attributes:
        name: the label of the ``dependency`` block; empty for an entry of ``dependencies.paths``.
        target: the name of the unit that it points to.
        range: where it is declared, for messages.
        reads_outputs: whether outputs of the target are used; false for an order-only edge.

    """

    target: str
    name: str = ""
    range: Range | None = field(default=None, compare=False)
    reads_outputs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit of the stack.

    Attributes:
        name: its folder relative to the environment's folder, with forward slashes: "vpc", "data/aurora".
        folder: where its terragrunt.hcl lies, absolute.

    """

    name: str
    folder: Path
    dependencies: tuple[Dependency, ...] = ()
