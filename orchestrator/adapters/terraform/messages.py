"""Terraform's ``-json`` output, line by line, to progress, plan and errors.

Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui (format version 1.2).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.engine.ports import Planned, Progress, ResourceProgress, UnitChange
from orchestrator.model.action import Action
from orchestrator.model.status import Changes

_ACTIONS: Mapping[str, Action] = {
    **{action.value: action for action in Action},
    # The documentation has no word for what a "removed" block does without destroying; Terraform 1.11 says this.
    "remove": Action.FORGET,
}
_WORK = frozenset({"apply_start", "change_summary", "planned_change", "refresh_start", "resource_drift"})
_NO_CHANGES = frozenset({"noop", "read"})
_KEPT_LINES = 20


@dataclass(slots=True)
class MessageReader:
    """Reads the stream of one command; a fold over its lines.

    Attributes:
        changes: what has been done so far, counted resource by resource, so that it is right after a failure too.
        errors: the error diagnostics, one text each.
        planned: what is about to be done, resource by resource.
        has_begun: whether Terraform has read its inputs, or its plan, and works on resources.
        has_plan: whether planning came to its end.
        has_drifted: whether something in the cloud is not as the state has it, whatever the plan makes of it.

    """

    report: Callable[[Progress], None]
    changes: Changes = field(default_factory=Changes)
    errors: list[str] = field(default_factory=list)
    planned: set[UnitChange] = field(default_factory=set)
    has_begun: bool = False
    has_plan: bool = False
    has_drifted: bool = False
    _under_way: dict[str, str] = field(default_factory=dict)
    _plain: list[str] = field(default_factory=list)

    def feed(self, line: str) -> None:
        """Take one line; what is not a message is kept as the explanation of a crash."""
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            if line.strip():
                self._plain = [*self._plain[1 - _KEPT_LINES :], line]
            return
        self.has_begun = self.has_begun or message.get("type") in _WORK
        match message.get("type"):
            case "planned_change":
                self.planned.update(_unit_changes(message["change"]))
            case "resource_drift":
                self.has_drifted = True
            case "change_summary" if message["changes"].get("operation") == "plan":
                self._summary(message["changes"])
            case "apply_start":
                self._resource(message["hook"], seconds=None)
            case "apply_complete":
                hook = message["hook"]
                action = _ACTIONS.get(hook.get("action", ""))
                self.changes += action.counts if action else Changes()
                self._resource(hook, seconds=float(hook.get("elapsed_seconds", 0)))
            case "apply_errored":
                self._resource(message["hook"], seconds=float(message["hook"].get("elapsed_seconds", 0)), failed=True)
            case "diagnostic" if message["diagnostic"].get("severity") == "error":
                self.errors.append(diagnostic_text(message["diagnostic"]))

    def explanation(self) -> tuple[str, ...]:
        """The errors, or what else the command printed when it ended without any."""
        return tuple(self.errors) or (("\n".join(self._plain),) if self._plain else ())

    @property
    def under_way(self) -> tuple[str, ...]:
        """What was begun and has not ended: "create aws_vpc.this"."""
        return tuple(f"{action} {address}" for address, action in self._under_way.items())

    def _summary(self, counts: dict[str, Any]) -> None:
        self.has_plan = True
        self.report(
            Planned(
                changes=Changes(
                    add=counts.get("add", 0), change=counts.get("change", 0), destroy=counts.get("remove", 0)
                )
            )
        )

    def _resource(self, hook: dict[str, Any], *, seconds: float | None, failed: bool = False) -> None:
        address, action = hook["resource"]["addr"], hook.get("action", "")
        if action == "read":
            return
        if seconds is None:
            self._under_way[address] = action
        else:
            self._under_way.pop(address, None)
        self.report(ResourceProgress(address=address, action=action, seconds=seconds, failed=failed))


def diagnostic_text(diagnostic: dict[str, Any]) -> str:
    """A diagnostic as people read it: resource, summary, detail, place."""
    place = ""
    if "range" in diagnostic:
        place = f"{diagnostic['range']['filename']}:{diagnostic['range']['start']['line']}"
    head = ": ".join(part for part in (diagnostic.get("address", ""), diagnostic.get("summary", "")) if part)
    return "\n".join(part for part in (head, diagnostic.get("detail", "").strip(), place and f"at {place}") if part)


def _unit_changes(change: dict[str, Any]) -> set[UnitChange]:
    """What a planned change does: a resource that is moved or imported may be changed as well, in the same message.

    An action that this version does not know is passed on as it is: whoever compares plans must not miss it.
    """
    resource, action = change["resource"], change["action"]
    if resource.get("resource", "").startswith("data."):
        return set()
    actions: set[Action | str] = set() if action in _NO_CHANGES else {_ACTIONS.get(action, action)}
    if "previous_resource" in change:
        actions.add(Action.MOVE)
    if "importing" in change:
        actions.add(Action.IMPORT)
    return {UnitChange(address=resource["addr"], action=action) for action in actions}
