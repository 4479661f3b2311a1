"""The events' JSON form, which events.jsonl and the report are made of (C4), and who hears of them."""

import dataclasses
import json

import pytest

from orchestrator.engine import events
from orchestrator.engine.events import (
    Event,
    ResourceFinished,
    ResourceStarted,
    RunFinished,
    RunInterrupted,
    RunStarted,
    RunStopped,
    StepFinished,
    StepStarted,
    UnitFinished,
    UnitPhase,
    UnitPlanned,
    UnitRetried,
    UnitStarted,
    fan_out,
)
from orchestrator.model.status import Changes, Status

FORMS = [
    (
        RunStarted(
            time=1.5, run="r", command="up", environment="dev", suffix="pr42", target="local", units=("kms", "vpc")
        ),
        (
            '{"type": "run_started", "time": 1.5, "run": "r", "command": "up", "environment": "dev", "suffix": "pr42", '
            '"target": "local", "units": ["kms", "vpc"]}'
        ),
    ),
    (StepStarted(time=1.0, text="opening"), '{"type": "step_started", "time": 1.0, "text": "opening"}'),
    (
        StepFinished(time=2.0, text="open", seconds=1.0),
        '{"type": "step_finished", "time": 2.0, "text": "open", "seconds": 1.0}',
    ),
    (UnitStarted(time=1.0, unit="vpc"), '{"type": "unit_started", "time": 1.0, "unit": "vpc"}'),
    (
        UnitPhase(time=1.0, unit="vpc", phase="init"),
        '{"type": "unit_phase", "time": 1.0, "unit": "vpc", "phase": "init"}',
    ),
    (
        UnitPlanned(time=1.0, unit="vpc", changes=Changes(add=2)),
        '{"type": "unit_planned", "time": 1.0, "unit": "vpc", "changes": {"add": 2, "change": 0, "destroy": 0}}',
    ),
    (
        ResourceStarted(time=1.0, unit="vpc", address="aws_vpc.this", action="create"),
        '{"type": "resource_started", "time": 1.0, "unit": "vpc", "address": "aws_vpc.this", "action": "create"}',
    ),
    (
        ResourceFinished(time=1.0, unit="vpc", address="aws_vpc.this", action="create", seconds=2.0),
        (
            '{"type": "resource_finished", "time": 1.0, "unit": "vpc", "address": "aws_vpc.this", "action": "create", '
            '"seconds": 2.0, "failed": false}'
        ),
    ),
    (
        UnitFinished(time=1.0, unit="api", status=Status.SKIPPED, cause="vpc"),
        (
            '{"type": "unit_finished", "time": 1.0, "unit": "api", "status": "skipped", '
            '"changes": {"add": 0, "change": 0, "destroy": 0}, "seconds": 0.0, "error": "", "cause": "vpc", "log": ""}'
        ),
    ),
    (
        RunInterrupted(time=1.0, waiting_for=("vpc",)),
        '{"type": "run_interrupted", "time": 1.0, "waiting_for": ["vpc"]}',
    ),
    (
        RunStopped(time=1.0, unit="kms", waiting_for=("vpc",)),
        '{"type": "run_stopped", "time": 1.0, "unit": "kms", "waiting_for": ["vpc"]}',
    ),
    (
        UnitRetried(time=1.0, unit="vpc", attempt=2, wait=4.5, reason="ThrottlingException"),
        (
            '{"type": "unit_retried", "time": 1.0, "unit": "vpc", "attempt": 2, "wait": 4.5, '
            '"reason": "ThrottlingException"}'
        ),
    ),
    (
        RunFinished(time=9.0, exit_code=1, seconds=8.0, changes=Changes(destroy=3)),
        (
            '{"type": "run_finished", "time": 9.0, "exit_code": 1, "seconds": 8.0, '
            '"changes": {"add": 0, "change": 0, "destroy": 3}}'
        ),
    ),
]


@pytest.mark.parametrize(("event", "text"), FORMS, ids=[event.type for event, _ in FORMS])
def test_c4_json_form(event, text):
    assert json.dumps(event.to_json()) == text


def test_c4_every_event_has_a_recorded_form_and_a_type_of_its_own():
    kinds = {
        kind
        for kind in vars(events).values()
        if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
    }
    assert kinds == {type(event) for event, _ in FORMS}
    assert len({kind.type for kind in kinds}) == len(kinds)


def test_events_cannot_be_changed_by_who_hears_of_them():
    with pytest.raises(dataclasses.FrozenInstanceError):
        UnitStarted(time=1.0, unit="vpc").unit = "kms"


def test_fan_out_tells_everyone_in_order_and_keeps_to_those_it_was_made_with():
    heard, listeners = [], []
    listeners.extend([lambda event: heard.append(("first", event)), lambda event: heard.append(("second", event))])
    tell_all = fan_out(listeners)
    listeners.append(lambda event: heard.append(("late", event)))
    event = UnitStarted(time=1.0, unit="vpc")
    tell_all(event)
    assert heard == [("first", event), ("second", event)]
