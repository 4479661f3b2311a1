"""Reads Terraform's ``-json`` output, line by line, into progress, plan and errors.

Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui (format version 1.2).
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from orchestrator.engine.plan import Warned
from orchestrator.engine.ports import Planned, Progress, ResourceProgress
from orchestrator.model.status import Action, Changes

_ACTIONS: Mapping[str, Action] = {
    **{action.value: action for action in Action},
    # The documentation has no word for what a "removed" block does without destroying; Terraform 1.11 says this.
    "remove": Action.FORGET,
}
_WORK = frozenset({"apply_start", "change_summary", "planned_change", "refresh_start", "resource_drift"})
_KEPT_LINES = 20
_LONGEST_LINE = 2000


class _Message(msgspec.Struct):
    """One line; its parts are decoded where its type needs them."""

    type: str
    changes: msgspec.Raw = msgspec.Raw()
    diagnostic: msgspec.Raw = msgspec.Raw()
    hook: msgspec.Raw = msgspec.Raw()


class _Resource(msgspec.Struct):
    addr: str
    resource: str = ""


class _Hook(msgspec.Struct):
    resource: _Resource
    action: str = ""
    elapsed_seconds: float = 0.0


class _Counts(msgspec.Struct):
    operation: str = ""
    add: int = 0
    change: int = 0
    remove: int = 0


class _Position(msgspec.Struct):
    line: int


class _Range(msgspec.Struct):
    filename: str
    start: _Position


class _Diagnostic(msgspec.Struct):
    severity: str = ""
    summary: str = ""
    detail: str = ""
    address: str = ""
    range: _Range | None = None

    def explain(self, locate: "Locate") -> Warned:
        """Return the message with its place, for people."""
        unit, place = locate(self.range.filename, self.range.start.line) if self.range else ("", "")
        head = ": ".join(part for part in (self.address, self.summary) if part)
        return Warned(unit=unit, text="\n".join(part for part in (head, self.detail.strip(), place) if part))


Locate: TypeAlias = Callable[[str, int], tuple[str, str]]
"""Returns the unit that a line of a file belongs to, "" if that is clear, and where it is for people: "at main.tf:17"."""


def _as_written(filename: str, line: int) -> tuple[str, str]:
    return "", f"at {filename}:{line}"


@dataclass(slots=True)
class MessageReader:
    """Reads the stream of one command; a fold over its lines.

    Attributes:
        changes: what has been done so far, counted resource by resource, so that it is right after a failure too.
        errors: the error diagnostics, one text each.
        warnings: likewise, those of checks that failed included.
        locate: says where a line of a file is.
        has_messages: whether any line was a message of Terraform.
        has_begun: whether Terraform has read its inputs, or its plan, and works on resources.
        has_plan: whether planning was completed.
        has_drifted: whether the cloud differs from the state, whatever the plan makes of it.

    """

    report: Callable[[Progress], None]
    changes: Changes = field(default_factory=Changes)
    errors: list[str] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)
    locate: Locate = _as_written
    has_messages: bool = False
    has_begun: bool = False
    has_plan: bool = False
    has_drifted: bool = False
    _under_way: dict[str, str] = field(default_factory=dict)
    _plain: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT_LINES))

    def feed(self, line: str) -> None:
        """Take one line; what is not a message is kept as the explanation of a failure."""
        try:
            message = msgspec.json.decode(line, type=_Message)
            self._take(message)
        except (ValueError, RecursionError):
            if line.strip():
                self._plain.append(line[:_LONGEST_LINE])
            return
        self.has_messages = True
        self.has_begun = self.has_begun or message.type in _WORK

    def _take(self, message: _Message) -> None:
        match message.type:
            case "resource_drift":
                self.has_drifted = True
            case "change_summary":
                counts = msgspec.json.decode(message.changes, type=_Counts)
                if counts.operation == "plan":
                    self.has_plan = True
                    self.report(Planned(changes=Changes(add=counts.add, change=counts.change, destroy=counts.remove)))
            case "apply_start" | "apply_complete" | "apply_errored":
                self._resource(message.type, msgspec.json.decode(message.hook, type=_Hook))
            case "diagnostic":
                diagnostic = msgspec.json.decode(message.diagnostic, type=_Diagnostic)
                if diagnostic.severity == "error":
                    self.errors.append(diagnostic.explain(self.locate).text)
                elif diagnostic.severity == "warning":
                    self.warnings.append(diagnostic.explain(self.locate))

    def explanation(self) -> tuple[str, ...]:
        """Return the errors, or else the last lines that were no messages."""
        return tuple(self.errors) or (("\n".join(self._plain),) if self._plain else ())

    @property
    def under_way(self) -> tuple[str, ...]:
        """Return what was started and has not ended: "create aws_vpc.this"."""
        return tuple(f"{action} {address}" for address, action in self._under_way.items())

    def _resource(self, kind: str, hook: _Hook) -> None:
        address, action = hook.resource.addr, hook.action
        if action == "read":
            return
        if kind == "apply_start":
            self._under_way[address] = action
            self.report(ResourceProgress(address=address, action=action))
            return
        self._under_way.pop(address, None)
        failed = kind == "apply_errored"
        if action in _ACTIONS and not failed:
            self.changes += _ACTIONS[action].counts
        self.report(ResourceProgress(address=address, action=action, seconds=hook.elapsed_seconds, failed=failed))
