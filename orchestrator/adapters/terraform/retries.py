"""Decides whether a failed attempt is repeated, and after how long.

The bound of the wait grows exponentially, and the wait is drawn uniformly below it ("full jitter"), so that units that were
throttled together do not retry together. Source:
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from orchestrator.adapters.aws.transient import transient
from orchestrator.config import Behaviour
from orchestrator.engine.ports import Applied
from orchestrator.hcl import dump_json, to_json_value

ATTEMPTS = 3
SIGNALS_FILE = "error-signals.json"
"""The file that Terragrunt writes the signals of an ignored error to, beside the module."""
_FIRST_BOUND = 10.0
_LAST_BOUND = 60.0


def transient_reason(ended: Applied, *, destroy: bool) -> str:
    """Return the first error, in one line, of an attempt that failed with transient errors only; else "".

    An attempt that was interrupted or refused, or whose Terraform died, is never repeated.
    """
    if not may_continue(ended) or not all(transient(error, destroy=destroy) for error in ended.errors):
        return ""
    return " ".join(ended.errors[0].split())


def may_continue(ended: Applied) -> bool:
    """Tell whether a rule of the unit may decide about a failure: nobody interrupted or refused it, and nothing died."""
    return bool(ended.errors) and not (ended.succeeded or ended.interrupted or ended.refused or ended.died)


def ignored(behaviour: Behaviour, ended: Applied, folder: Path) -> Applied:
    """Return a failure as a success with warnings if a rule of the unit says so; its signals go into a file of ``folder``."""
    rule = behaviour.ignore(ended.errors) if may_continue(ended) else None
    if rule is None:
        return ended
    if rule.signals:
        signals = {name: to_json_value(value) for name, value in rule.signals.items()}
        (folder / SIGNALS_FILE).write_text(dump_json(signals, indent=2) + "\n", encoding="utf-8")
    message = rule.message or f'Ignored by the rule "{rule.name}".'
    warnings = (*ended.warnings, *(f"{message}\n{error}" for error in ended.errors))
    return replace(ended, succeeded=True, errors=(), warnings=warnings)


def wait_before(attempt: int, *, draw: Callable[[], float] = random.random) -> float:
    """Return the seconds to wait before an attempt, the second or a later one; ``draw`` returns a random number below 1."""
    return draw() * min(_LAST_BOUND, _FIRST_BOUND * 2.0 ** (attempt - 2))
