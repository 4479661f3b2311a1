"""The names that an expression may use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.hcl.function import Function
from orchestrator.hcl.limits import Work
from orchestrator.hcl.values import Value


@dataclass(frozen=True, slots=True)
class Scope:
    """Variables and functions by name.

    Attributes:
        variables: root names ("local", "dependency", loop variables) and what they stand for.
        functions: callable functions; ``try``, ``can``, ``templatefile``, ``sensitive``, ``nonsensitive`` and
            ``issensitive`` belong to the language and are always there.
        folder: what a relative path of ``templatefile`` is relative to; None means the current folder.
        work: what the evaluation has done so far.

    """

    variables: Mapping[str, Value]
    functions: Mapping[str, Function]
    folder: Path | None = None
    work: Work = field(default_factory=Work, compare=False, repr=False)

    def child(self, /, **variables: Value) -> "Scope":
        """Return the scope with more variables; a new one hides an old one of the same name."""
        return Scope({**self.variables, **variables}, self.functions, self.folder, self.work)
