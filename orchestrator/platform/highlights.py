"""The outputs that users look for first (requirement B14)."""

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.adapters.local_cloud import local_url

HIGHLIGHTS = (
    ("vpc_id", "VPC"),
    ("bucket_names", "Buckets"),
    ("table_names", "Tables"),
    ("cluster_endpoint", "Database"),
    ("reader_endpoint", "Database, reading"),
    ("api_url", "API"),
    ("api_key_location", "API key"),
)
"""The outputs that are shown after ``up``, whichever unit they come from, and their labels."""


def highlights(units: Mapping[str, Mapping[str, Any]], endpoint: str | None) -> Iterator[tuple[str, str]]:
    """Yield a label and a text for each value; a label that repeats is empty.

    Args:
        units: outputs by unit, then by name.
        endpoint: of the local cloud; None on AWS.

    """
    outputs = {name: value for unit in reachable(units, endpoint).values() for name, value in unit.items()}
    before = ""
    for name, label in HIGHLIGHTS:
        for text in _texts(outputs[name]) if name in outputs else ():
            yield label if label != before else "", text
            before = label


def reachable(units: Mapping[str, Mapping[str, Any]], endpoint: str | None) -> dict[str, dict[str, Any]]:
    """Replace the API's URL by one that works on the local cloud, where neither AWS's host names nor the API's own domain resolve."""
    found = {unit: dict(outputs) for unit, outputs in units.items()}
    for outputs in found.values() if endpoint else ():
        url = outputs.get("stage_url", outputs.get("api_url"))
        if isinstance(url, str) and endpoint:
            outputs["api_url"] = local_url(endpoint, url)
    return found


def _texts(value: Any) -> list[str]:
    match value:
        case dict():
            return [str(item) for _, item in sorted(value.items())]
        case list():
            return [str(item) for item in value]
    return [str(value)]
