"""B9, E2: every operation of every service in use leads to actions that the Service Authorization Reference has."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from moto.core.utils import get_service_model

from orchestrator.local_cloud import reference
from orchestrator.local_cloud.iam.calls import ApiCall
from orchestrator.local_cloud.iam.services import wanted
from orchestrator.local_cloud.reference import action_entry, models_of, prefix_of

SERVICES = (
    "config",
    "dynamodb",
    "ec2",
    "events",
    "firehose",
    "iam",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "rds",
    "s3",
)
MORE = ("cloudtrail", "secretsmanager", "sns", "sqs", "ssm", "sts", "wafv2")
# Operations without an action in the reference: retired, of a shape that the reference names otherwise, or not to be denied.
WITHOUT = json.loads((Path(__file__).parent / "without_action.json").read_text())
DEPTH = 4


def sample(shape, depth=0):
    """Return a value of a shape that has every member, as an SDK would send it."""
    match shape.type_name:
        case "structure":
            members = shape.members.items() if depth < DEPTH else ()
            return {name: sample(member, depth + 1) for name, member in members if not name.startswith("SSECustomer")}
        case "list":
            return [sample(shape.member, depth + 1)]
        case "map":
            return {"key": sample(shape.value, depth + 1)}
        case "boolean":
            return True
        case "blob":
            return b"x"
        case "timestamp":
            return datetime(2026, 1, 1, tzinfo=UTC)
        case "integer" | "long" | "float" | "double":
            return 1
        case _:
            return (shape.enum or ["name"])[0]


def calls(service):
    model = get_service_model(models_of(service)[0])
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        parameters = sample(shape) if shape is not None else {}
        yield ApiCall(
            service=service, operation=name, region="us-east-1", parameters=parameters, method="GET", path="/"
        )


@pytest.mark.slow
@pytest.mark.parametrize("service", [*SERVICES, *MORE])
def test_e2_every_operation_leads_to_actions_that_exist(service):
    unknown, unnamed = [], []
    for call in calls(service):
        if call.operation == "DeleteObjects":
            continue
        for one in wanted(call):
            entry = action_entry(one.action)
            if entry is None:
                unknown.append(one.action)
            elif one.resource == "*" and entry.resources and any(required for _, required in entry.resources):
                unnamed.append(one.action)
    assert sorted(set(unknown) - set(WITHOUT["unknown"])) == []
    assert sorted(set(unnamed) - set(WITHOUT["unnamed"])) == []


def test_the_names_of_services():
    assert [prefix_of(name) for name in ("monitoring", "s3", "email", "execute-api")] == [
        "cloudwatch",
        "s3",
        "ses",
        "execute-api",
    ]
    assert models_of("events")[0] == "events"
    assert models_of("elasticfilesystem") == ("efs",)
    assert reference.action_entry("s3:NoSuchAction") is None
