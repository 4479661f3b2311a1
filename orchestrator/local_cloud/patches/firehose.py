"""Firehose: keys and content of delivered objects."""

import gzip
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from moto.core.utils import utcnow
from moto.firehose.models import FirehoseBackend
from moto.s3.models import s3_backends

from orchestrator.local_cloud.patches.registry import around, patch

# Firehose takes patterns of Java's DateTimeFormatter; these are the parts of a date and a time.
_TIME = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_BY_HOUR = "!{timestamp:yyyy/MM/dd/HH}/"


@patch(
    service="firehose",
    subject="aws_kinesis_firehose_delivery_stream.extended_s3_configuration (delivery)",
    symptom="expressions in the prefix are not evaluated; compression and processors have no effect",
    restores="timestamps in the prefix are evaluated; Decompression, AppendDelimiterToRecord and GZIP work; nothing is buffered",
    upstream="pull/7884",
)
def delivery() -> None:
    @around(FirehoseBackend, "put_s3_records")
    def put_s3_records(
        _original: Any,
        self: Any,
        delivery_stream_name: str,
        version_id: str,
        s3_destination: Mapping[str, Any],
        records: list[Mapping[str, bytes]],
    ) -> list[dict[str, str]]:
        now = utcnow()
        compressed = s3_destination.get("CompressionFormat") == "GZIP"
        name = f"{delivery_stream_name}-{version_id}-{now:%Y-%m-%d-%H-%M-%S}-{uuid4()}{'.gz' if compressed else ''}"
        body = b"".join(_processed((record["Data"] for record in records), s3_destination))
        s3_backends[self.account_id][self.partition].put_object(
            s3_destination["BucketARN"].rpartition(":")[2],
            _prefix(s3_destination.get("Prefix") or "", now) + name,
            gzip.compress(body) if compressed else body,
        )
        return [{"RecordId": str(uuid4())} for _ in records]


def _processed(records: Iterable[bytes], destination: Mapping[str, Any]) -> Iterable[bytes]:
    """Apply the processors to records; the others, such as functions, are ignored."""
    configuration = destination.get("ProcessingConfiguration") or {}
    types = {item["Type"] for item in configuration.get("Processors", ())} if configuration.get("Enabled") else set()
    if "Decompression" in types:
        records = map(gzip.decompress, records)
    if "AppendDelimiterToRecord" in types:
        records = (record + b"\n" for record in records)
    return records


def _prefix(pattern: str, now: datetime) -> str:
    """Expand a prefix; one without any expression gets the hour behind it, as on AWS."""
    if "!{" not in pattern:
        pattern += _BY_HOUR

    def fill(expression: re.Match[str]) -> str:
        layout = re.sub("|".join(_TIME), lambda part: _TIME[part[0]], expression[1])
        return now.strftime(layout)

    return re.sub(r"!\{timestamp:([^}]+)\}", fill, pattern)
