"""Asynchronous events: attempts, throttling, dead letters."""

import json

import pytest

from tests.eventually import eventually

QUEUE = "arn:aws:sqs:us-east-1:123456789012:dead"


def attempts(cloud, name):
    return [record["record"]["requestId"] for record in cloud.records(name) if record.get("type") == "platform.start"]


@pytest.mark.parametrize(("retries", "expected"), [(0, 1), (1, 2), (2, 3)])
def test_b5_an_event_that_fails_is_retried_and_becomes_a_dead_letter(cloud, runtime, retries, expected):
    cloud.deploy("fails", "def handler(e, c): raise ValueError('bad')", retries=retries, dead_letter_arn=QUEUE)
    request_id = runtime.submit("fails", b'{"order": 1}')
    eventually(lambda: cloud.dead_letters and runtime.settled())
    # Every attempt has the request id of the event.
    assert attempts(cloud, "fails") == [request_id] * expected
    ((arn, event, attributes),) = cloud.dead_letters
    assert (arn, event) == (QUEUE, b'{"order": 1}')
    assert attributes["RequestID"] == ("String", request_id)
    assert attributes["ErrorCode"] == ("Number", "200")
    assert json.loads(attributes["ErrorMessage"][1])["errorMessage"] == "bad"


def test_b5_an_event_that_succeeds_at_last_is_no_dead_letter(cloud, runtime, tmp_path):
    source = f"""
from pathlib import Path
def handler(event, context):
    tries = Path({str(tmp_path / "tries")!r})
    tries.write_text((tries.read_text() if tries.exists() else "") + "x")
    assert tries.read_text() == "xxx"
"""
    cloud.deploy("flaky", source, dead_letter_arn=QUEUE)
    runtime.submit("flaky", b"")
    eventually(runtime.settled)
    assert (tmp_path / "tries").read_text() == "xxx"
    assert cloud.dead_letters == []


def test_b5_a_throttled_event_waits_and_that_is_no_attempt(cloud, runtime):
    cloud.deploy("held", "def handler(e, c): pass", reserved_concurrency=0, retries=0, dead_letter_arn=QUEUE)
    runtime.submit("held", b"")
    assert not runtime.settled()
    cloud.deploy("held", "def handler(e, c): pass", reserved_concurrency=1, retries=0, dead_letter_arn=QUEUE)
    eventually(runtime.settled)
    assert len(attempts(cloud, "held")) == 1
    assert cloud.dead_letters == []


def test_b5_an_event_is_not_retried_beyond_its_maximum_age(cloud, runtime):
    cloud.deploy("old", "def handler(e, c): raise ValueError", maximum_event_age=0, dead_letter_arn=QUEUE)
    runtime.submit("old", b"")
    eventually(runtime.settled)
    assert len(attempts(cloud, "old")) == 1
    assert len(cloud.dead_letters) == 1


def test_b5_an_event_of_a_deleted_function_is_dropped(cloud, runtime, caplog):
    cloud.deploy("gone", "def handler(e, c): pass", reserved_concurrency=0)
    runtime.submit("gone", b"")
    del cloud.functions["gone"]
    eventually(runtime.settled)
    assert "was dropped: Function not found" in caplog.text


def test_b5_a_dead_letter_that_cannot_be_sent_does_not_stop_other_events(cloud, runtime, caplog):
    def refuse(*_arguments):
        raise RuntimeError("no such queue")

    cloud.send_dead_letter = refuse
    cloud.deploy("fails", "def handler(e, c): raise ValueError", retries=0, dead_letter_arn=QUEUE)
    cloud.deploy("works", "def handler(e, c): pass")
    runtime.submit("fails", b"")
    runtime.submit("works", b"")
    eventually(runtime.settled)
    assert "an event for" in caplog.text
    assert len(attempts(cloud, "works")) == 1
