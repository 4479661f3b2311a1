"""Reads Terraform's ``-json`` output, line by line, into progress, plan and errors.

Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui (format version 1.2).
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from orchestrator.engine.ports import Planned, Reporter, ResourceProgress, UnitChange
from orchestrator.model.status import Action, Changes

_ACTIONS: Mapping[str, Action] = {
    **{action.value: action for action in Action},
    # The documentation has no word for what a "removed" block does without destroying; Terraform 1.11 says this.
    "remove": Action.FORGET,
}
_WORK = frozenset({"apply_start", "change_summary", "planned_change", "refresh_start", "resource_drift"})
_NO_CHANGES = frozenset({"noop", "read"})
_KEPT_LINES = 20
_LONGEST_LINE = 2000


class _Message(msgspec.Struct):
    """One line; its parts are decoded where its type needs them."""

    type: str
    change: msgspec.Raw = msgspec.Raw()
    changes: msgspec.Raw = msgspec.Raw()
    diagnostic: msgspec.Raw = msgspec.Raw()
    hook: msgspec.Raw = msgspec.Raw()


class _Resource(msgspec.Struct):
    addr: str
    resource: str = ""


class _PlannedChange(msgspec.Struct):
    resource: _Resource
    action: str
    previous_resource: Any = None
    importing: Any = None


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

    def __str__(self) -> str:
        place = f"at {self.range.filename}:{self.range.start.line}" if self.range else ""
        head = ": ".join(part for part in (self.address, self.summary) if part)
        return "\n".join(part for part in (head, self.detail.strip(), place) if part)


@dataclass(slots=True)
class MessageReader:
    """Reads the stream of one command; a fold over its lines.

    Attributes:
        changes: what has been done so far, counted resource by resource, so that it is right after a failure too.
        errors: the error diagnostics, one text each.
        planned: what will be done, resource by resource.
        has_messages: whether any line was a message of Terraform.
        has_begun: whether Terraform has read its inputs, or its plan, and works on resources.
        has_plan: whether planning was completed.
        has_drifted: whether the cloud differs from the state, whatever the plan makes of it.

    """

    report: Reporter
    changes: Changes = field(default_factory=Changes)
    errors: list[str] = field(default_factory=list)
    planned: set[UnitChange] = field(default_factory=set)
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
            case "planned_change":
                self.planned.update(_unit_changes(msgspec.json.decode(message.change, type=_PlannedChange)))
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
                    self.errors.append(str(diagnostic))

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


def _unit_changes(change: _PlannedChange) -> set[UnitChange]:
    """Return what a planned change does: a move or an import may come with a change in the same message.

    An action that this version does not know is passed on as it is, so that no comparison of plans misses it.
    """
    if change.resource.resource.startswith("data."):
        return set()
    action = change.action
    actions: set[Action | str] = set() if action in _NO_CHANGES else {_ACTIONS.get(action, action)}
    if change.previous_resource is not None:
        actions.add(Action.MOVE)
    if change.importing is not None:
        actions.add(Action.IMPORT)
    return {UnitChange(address=change.resource.addr, action=action) for action in actions}
