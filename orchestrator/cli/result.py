"""What a deployment is, in a few lines: the outputs that its users look for (requirement B14)."""

from typing import Any

from rich.text import Text

from orchestrator.adapters.local_cloud import local_url
from orchestrator.cli import console
from orchestrator.cli.deployment import Deployment
from orchestrator.hcl import to_json_value
from orchestrator.hcl.values import Value, has_sensitive, unmark

HIGHLIGHTS = (
    ("vpc_id", "VPC"),
    ("bucket_names", "Buckets"),
    ("table_names", "Tables"),
    ("cluster_endpoint", "Database"),
    ("reader_endpoint", "Database, reading"),
    ("api_url", "API"),
    ("api_key_location", "API key"),
)
"""Output names that are shown after ``up``, whichever unit they come from, and what people call them."""


def read_outputs(deployment: Deployment, *, reveal: bool = False) -> dict[str, dict[str, Any]]:
    """By unit, the outputs of everything that is applied, as plain JSON values.

    Args:
        deployment: where to look.
        reveal: give the values of sensitive outputs; else they are left out.

    """
    found: dict[str, dict[str, Any]] = {}
    for name in deployment.stack.graph.order():
        state = deployment.outputs.state(name)
        if state is not None:
            found[name] = {
                output: to_json_value(unmark(value))
                for output, value in sorted(state.outputs.items())
                if reveal or not has_sensitive(value)
            }
    return found


def print_deployment(deployment: Deployment) -> None:
    """Print the highlights to standard output."""
    outputs: dict[str, Value] = {
        output: value for unit in read_outputs(deployment).values() for output, value in unit.items()
    }
    if deployment.session.endpoint and isinstance(outputs.get("api_url"), str):
        # The one that answers: the host name of AWS leads nowhere from here.
        outputs["api_url"] = local_url(deployment.session.endpoint, str(outputs["api_url"]))
    rows = [(label, text) for name, label in HIGHLIGHTS if name in outputs for text in _texts(outputs[name])]
    width = max((len(label) for label, _ in rows), default=0)
    before = ""
    for label, text in rows:
        shown = label if label != before else ""
        console.out.print(Text.assemble((f"{shown:<{width}}  ", "bold"), text), soft_wrap=True)
        before = label


def _texts(value: Value) -> list[str]:
    match value:
        case dict():
            return [str(item) for _, item in sorted(value.items())]
        case list():
            return [str(item) for item in value]
    return [str(value)]
