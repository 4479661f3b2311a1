"""Terraform's ``-json`` output, line by line, to progress and errors.

Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui (format version 1.2).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from orchestrator.engine.ports import Planned, Progress, ResourceProgress
from orchestrator.model.status import Changes

_COUNTED = {"create": Changes(add=1), "update": Changes(change=1), "delete": Changes(destroy=1)}
_KEPT_LINES = 20


@dataclass(slots=True)
class MessageReader:
    """Reads the stream of one command; a fold over its lines.

    Attributes:
        changes: what has been done so far, counted resource by resource, so that it is right after a failure too.
        errors: the error diagnostics, one text each.

    """

    report: Callable[[Progress], None]
    changes: Changes = field(default_factory=Changes)
    errors: list[str] = field(default_factory=list)
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
        match message.get("type"):
            case "change_summary" if message["changes"].get("operation") == "plan":
                counts = message["changes"]
                self.report(
                    Planned(
                        changes=Changes(
                            add=counts.get("add", 0), change=counts.get("change", 0), destroy=counts.get("remove", 0)
                        )
                    )
                )
            case "apply_start":
                self._resource(message["hook"], seconds=None)
            case "apply_complete":
                hook = message["hook"]
                self.changes += _COUNTED.get(hook.get("action", ""), Changes())
                self._resource(hook, seconds=float(hook.get("elapsed_seconds", 0)))
            case "apply_errored":
                self._resource(message["hook"], seconds=float(message["hook"].get("elapsed_seconds", 0)), failed=True)
            case "diagnostic" if message["diagnostic"].get("severity") == "error":
                self.errors.append(diagnostic_text(message["diagnostic"]))

    def explanation(self) -> tuple[str, ...]:
        """The errors, or what else the command printed when it ended without any."""
        return tuple(self.errors) or (("\n".join(self._plain),) if self._plain else ())

    def _resource(self, hook: dict[str, Any], *, seconds: float | None, failed: bool = False) -> None:
        if hook.get("action") != "read":
            self.report(
                ResourceProgress(
                    address=hook["resource"]["addr"], action=hook.get("action", ""), seconds=seconds, failed=failed
                )
            )


def diagnostic_text(diagnostic: dict[str, Any]) -> str:
    """A diagnostic as people read it: resource, summary, detail, place."""
    place = ""
    if "range" in diagnostic:
        place = f"{diagnostic['range']['filename']}:{diagnostic['range']['start']['line']}"
    head = ": ".join(part for part in (diagnostic.get("address", ""), diagnostic.get("summary", "")) if part)
    return "\n".join(part for part in (head, diagnostic.get("detail", "").strip(), place and f"at {place}") if part)
