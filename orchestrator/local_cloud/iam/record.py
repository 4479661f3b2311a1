"""A record of decisions, from which the permissions that a program needs can be read, and policies tried without running it."""

import json
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from orchestrator.local_cloud.iam.evaluate import AccessRequest, Decision

Record = Callable[[AccessRequest, Decision], None]


def written_to(path: Path) -> Record:
    """Return what appends each decision to a file, one line of JSON each."""
    lock = Lock()

    def write(request: AccessRequest, decision: Decision) -> None:
        line = {
            "principal": request.principal.role_arn or request.principal.arn,
            "action": request.action,
            "resource": request.resource,
            "context": {key: list(values) for key, values in sorted(request.context.items())},
            "allowed": decision.allowed,
            "cause": decision.cause,
            "finding": decision.finding,
        }
        with lock, path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    return write
