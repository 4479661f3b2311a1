"""The platform's log lines about a call.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html describes them.
"""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from orchestrator.local_cloud.functions.model import CallOutcome, FunctionVersion

_LEVELS = ("DEBUG", "INFO", "WARN")

Event = tuple[int, str]
"""Milliseconds since 1970 and text."""


class PlatformRecords:
    """Writes the records of one function's calls, in its log format and from its system log level on."""

    def __init__(self, function: FunctionVersion) -> None:
        self._function = function
        self._json = function.log_format == "JSON"
        self._from = _LEVELS.index(function.system_log_level)

    def init_started(self, moment: float) -> list[Event]:
        function = self._function
        record = {
            "initializationType": "on-demand",
            "phase": "init",
            "runtimeVersion": f"{function.runtime}.local",
            "functionName": function.name,
            "functionVersion": function.version,
        }
        text = f"INIT_START Runtime Version: {function.runtime}.local"
        return self._write(moment, "INFO", "platform.initStart", record, text)

    def started(self, moment: float, request_id: str) -> list[Event]:
        record = {"requestId": request_id, "version": self._function.version}
        text = f"START RequestId: {request_id} Version: {self._function.version}"
        return self._write(moment, "INFO", "platform.start", record, text)

    def ended(
        self, moment: float, request_id: str, trace_id: str, outcome: CallOutcome, init_ms: float | None
    ) -> list[Event]:
        """Write the end of a call and its report; ``init_ms`` is how long its process took to start, if it did."""
        duration = round(outcome.duration_ms, 3)
        metrics: dict[str, float] = {
            "durationMs": duration,
            "billedDurationMs": math.ceil(outcome.duration_ms + (init_ms or 0)),
            "memorySizeMB": self._function.memory_mb,
            "maxMemoryUsedMB": outcome.memory_mb,
        }
        if init_ms is not None:
            metrics["initDurationMs"] = round(init_ms, 3)
        failed = {"errorType": outcome.error_type} if outcome.error_type else {}
        tracing = {"type": "X-Amzn-Trace-Id", "value": trace_id}
        done_level, level = ("DEBUG", "INFO") if outcome.status == "success" else ("WARN", "WARN")
        done = {"requestId": request_id, "status": outcome.status, **failed, "tracing": tracing}
        report = {"requestId": request_id, "metrics": metrics, "tracing": tracing, "status": outcome.status, **failed}
        end, text = f"END RequestId: {request_id}", _report_text(request_id, metrics, outcome)
        return [
            *self._write(moment, done_level, "platform.runtimeDone", done, end),
            *self._write(moment, level, "platform.report", report, text),
        ]

    def _write(self, moment: float, level: str, kind: str, record: Mapping[str, Any], text: str) -> list[Event]:
        if not self._json:
            return [(int(moment * 1000), text)]
        if _LEVELS.index(level) < self._from:
            return []
        stamp = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        return [(int(moment * 1000), json.dumps({"time": stamp, "type": kind, "record": record}))]


def _report_text(request_id: str, metrics: Mapping[str, float], outcome: CallOutcome) -> str:
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {metrics['durationMs']:.2f} ms",
        f"Billed Duration: {metrics['billedDurationMs']} ms",
        f"Memory Size: {metrics['memorySizeMB']} MB",
        f"Max Memory Used: {metrics['maxMemoryUsedMB']} MB",
    ]
    if "initDurationMs" in metrics:
        parts.append(f"Init Duration: {metrics['initDurationMs']:.2f} ms")
    if outcome.status != "success":
        parts += [f"Status: {outcome.status}", f"Error Type: {outcome.error_type}"]
    return "\t".join(parts)
