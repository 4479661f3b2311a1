"""The events' JSON form, which events.jsonl and the report are made of (C4), and who receives them."""

import json
from pathlib import Path

import jsonschema
import pytest

from orchestrator.engine import events
from orchestrator.model.status import Changes, Status

SCHEMA = jsonschema.Draft202012Validator(
    json.loads((Path(__file__).parents[3] / "docs/events.schema.json").read_text(encoding="utf-8"))
)
NOTHING = {"add": 0, "change": 0, "destroy": 0}
VPC = {"unit": "vpc", "address": "aws_vpc.this", "action": "create"}
RUN = {"run": "r", "command": "up", "environment": "dev", "suffix": "pr42", "target": "local"}
FORMS = [
    (events.RunStarted(time=1.5, **RUN, units=("kms", "vpc")), "run_started", {**RUN, "units": ["kms", "vpc"]}),
    (events.StepStarted(time=1.5, text="opening"), "step_started", {"text": "opening"}),
    (events.StepFinished(time=1.5, text="open", seconds=1.0), "step_finished", {"text": "open", "seconds": 1.0}),
    (events.UnitStarted(time=1.5, unit="vpc"), "unit_started", {"unit": "vpc"}),
    (events.UnitPhase(time=1.5, unit="vpc", phase="init"), "unit_phase", {"unit": "vpc", "phase": "init"}),
    (
        events.UnitPlanned(time=1.5, unit="vpc", changes=Changes(add=2)),
        "unit_planned",
        {"unit": "vpc", "changes": NOTHING | {"add": 2}},
    ),
    (events.ResourceStarted(time=1.5, **VPC), "resource_started", VPC),
    (
        events.ResourceFinished(time=1.5, **VPC, seconds=2.0),
        "resource_finished",
        {**VPC, "seconds": 2.0, "failed": False},
    ),
    (
        events.UnitFinished(time=1.5, unit="api", status=Status.SKIPPED, cause="vpc"),
        "unit_finished",
        {
            "unit": "api",
            "status": "skipped",
            "changes": NOTHING,
            "seconds": 0.0,
            "error": "",
            "cause": "vpc",
            "log": "",
            "warnings": [],
        },
    ),
    (events.RunInterrupted(time=1.5, waiting_for=("vpc",)), "run_interrupted", {"waiting_for": ["vpc"]}),
    (
        events.RunStopped(time=1.5, unit="kms", waiting_for=("vpc",)),
        "run_stopped",
        {"unit": "kms", "waiting_for": ["vpc"]},
    ),
    (
        events.UnitRetried(time=1.5, unit="vpc", attempt=2, wait=4.5, reason="ThrottlingException"),
        "unit_retried",
        {"unit": "vpc", "attempt": 2, "wait": 4.5, "reason": "ThrottlingException"},
    ),
    (
        events.RunFinished(time=1.5, exit_code=1, seconds=8.0, changes=Changes(destroy=3)),
        "run_finished",
        {"exit_code": 1, "seconds": 8.0, "changes": NOTHING | {"destroy": 3}},
    ),
]


@pytest.mark.parametrize(("event", "kind", "fields"), FORMS, ids=[kind for _, kind, _ in FORMS])
def test_c4_json_form_and_the_way_back(event, kind, fields):
    document = json.loads(event.to_line())
    assert list(document.items()) == [("type", kind), ("time", 1.5), *fields.items()]
    SCHEMA.validate(document)
    assert list(events.read_events([event.to_line()])) == [event]


def test_c4_every_event_has_a_recorded_form():
    assert set(events.Event.__subclasses__()) == {type(event) for event, _, _ in FORMS}


def test_c4_an_error_that_is_not_utf_8_is_logged_all_the_same():
    event = events.UnitFinished(time=1.5, unit="vpc", status=Status.FAILED, error="half: \ud83d")
    assert [found.error for found in events.read_events([event.to_line()])] == ["half: ?"]


def test_events_cannot_be_changed_by_their_receivers():
    with pytest.raises(AttributeError, match="immutable"):
        events.UnitStarted(time=1.0, unit="vpc").unit = "kms"
