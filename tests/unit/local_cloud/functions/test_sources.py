"""Queues as event sources."""

import json
import threading
from dataclasses import replace
from time import monotonic

import pytest

from orchestrator.local_cloud.functions.asynchronous import Pace
from orchestrator.local_cloud.functions.cloud import Mapped
from orchestrator.local_cloud.functions.model import InvocationResult, not_found, throttled
from orchestrator.local_cloud.functions.sources import QueuePoller, reported
from tests.eventually import eventually

QUEUE = "arn:aws:sqs:us-east-1:123456789012:queue"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:batch"


MAPPING = Mapped(
    identifier="m",
    queue_arn=QUEUE,
    function_arn=FUNCTION,
    batch_size=3,
    window=0.0,
    maximum_concurrency=2,
    reports_failures=True,
)


class Calls:
    """A function with a given answer, which it gives once it is released."""

    def __init__(self, answer=None, error="", *, held=False):
        self.batches = []
        self.answer, self.error = answer, error
        self.released = threading.Event()
        if not held:
            self.released.set()

    def __call__(self, arn, event):
        assert arn == FUNCTION
        self.batches.append([record["body"] for record in json.loads(event)["Records"]])
        assert self.released.wait(20)
        if isinstance(self.answer, Exception):
            raise self.answer
        payload = json.dumps(self.answer).encode()
        return InvocationResult(payload=payload, function_error=self.error, log_tail=b"", request_id="r", version="1")


@pytest.fixture
def started(cloud):
    """Put messages into the queue of a mapping with these changes, and poll it once."""

    def build(calls, bodies, pace=None, *, at_most=4, clock=monotonic, **changes):
        cloud.mapped = [replace(MAPPING, **changes)]
        cloud.queues[QUEUE] = list(bodies)
        poller = QueuePoller(cloud, calls, pace or Pace(throttled=0.01), at_most=at_most, clock=clock)
        poller.look()
        return poller

    return build


@pytest.fixture
def poll(started):
    """Do the same, and wait until nothing is under way."""

    def run(*arguments, **options):
        eventually(started(*arguments, **options).settled)

    return run


def test_b5_messages_come_in_batches_and_are_deleted(cloud, poll):
    calls = Calls()
    poll(calls, "abcd")
    assert sorted(calls.batches) == [["a", "b", "c"], ["d"]]
    assert sorted(cloud.deleted) == ["handle-a", "handle-b", "handle-c", "handle-d"]


@pytest.mark.parametrize(
    ("answer", "error", "reports", "kept"),
    [
        (None, "", True, ""),
        ({"batchItemFailures": []}, "", True, ""),
        ({"batchItemFailures": [{"itemIdentifier": "b"}]}, "", True, "b"),
        ({"batchItemFailures": [{"itemIdentifier": "b"}]}, "", False, ""),
        ({"batchItemFailures": [{"itemIdentifier": "z"}]}, "", True, "abc"),
        ({"errorType": "ValueError"}, "Unhandled", True, "abc"),
        (not_found(FUNCTION), "", True, "abc"),
        (RuntimeError("a defect"), "", True, "abc"),
    ],
)
def test_b5_what_failed_stays_in_the_queue(cloud, poll, answer, error, reports, kept):
    poll(Calls(answer, error), "abc", Pace(hidden=1), reports_failures=reports)
    assert sorted(cloud.deleted) == [f"handle-{name}" for name in "abc" if name not in kept]
    assert sorted(cloud.shown_again) == [(f"handle-{name}", 1) for name in kept]


@pytest.mark.parametrize(("pace", "shown"), [(Pace(), [("handle-a", 2)]), (Pace(hidden=None), [])])
def test_b5_failed_messages_are_visible_again_soon_unless_the_queue_alone_decides(cloud, poll, pace, shown):
    poll(Calls({}, "Unhandled"), "a", pace)
    assert (cloud.deleted, cloud.shown_again) == ([], shown)


def test_b5_a_message_that_is_being_processed_is_not_shown_to_others(cloud, started):
    calls = Calls({}, "Unhandled", held=True)
    poller = started(calls, "a", Pace(hidden=0))
    eventually(lambda: calls.batches == [["a"]])
    assert cloud.shown_again == []
    calls.released.set()
    eventually(poller.settled)
    assert cloud.shown_again == [("handle-a", 0)]


def test_b9_a_queue_that_the_role_may_not_read_is_left_alone(cloud, started):
    cloud.forbidden = {"m"}
    calls = Calls()
    poller = started(calls, "a")
    cloud.mapped.append(replace(MAPPING, identifier="other", queue_arn=f"{QUEUE}-2"))
    cloud.queues[f"{QUEUE}-2"] = ["b"]
    poller.look()
    eventually(poller.settled)
    assert (calls.batches, cloud.queues[QUEUE]) == ([["b"]], ["a"])


def test_b5_a_throttled_batch_is_retried_and_is_no_failure(cloud, started):
    calls = Calls(throttled())
    poller = started(calls, "a")
    eventually(lambda: len(calls.batches) > 2)
    calls.answer = None
    eventually(poller.settled)
    assert (cloud.deleted, cloud.shown_again) == (["handle-a"], [])


@pytest.mark.parametrize("end", ["no longer hidden", "mapping deleted", "stopped"])
def test_b5_a_throttled_batch_is_given_up_at_last(cloud, started, end):
    if end == "no longer hidden":
        cloud.hidden_until = 0.0
    poller = started(Calls(throttled()), "a")
    if end == "mapping deleted":
        cloud.mapped = []
    elif end == "stopped":
        poller.stop()
    eventually(poller.settled)
    assert (cloud.deleted, cloud.shown_again) == ([], [("handle-a", 2)])


@pytest.mark.parametrize(("allowed", "at_most", "expected"), [(2, 4, 2), (10, 3, 3)])
def test_b5_no_more_batches_run_at_once_than_allowed(started, allowed, at_most, expected):
    calls = Calls(held=True)
    poller = started(calls, "abcdef", at_most=at_most, batch_size=1, maximum_concurrency=allowed)
    eventually(lambda: len(calls.batches) == expected)
    poller.look()
    assert len(calls.batches) == expected
    calls.released.set()
    eventually(poller.settled)


def test_b5_a_batch_waits_for_its_window_unless_it_is_full(cloud, started):
    calls, now = Calls(), [100.0]
    poller = started(calls, "a", clock=lambda: now[0], window=20.0)
    assert calls.batches == []
    cloud.queues[QUEUE] += ["b", "c"]
    poller.look()
    eventually(lambda: calls.batches == [["a", "b", "c"]])
    cloud.queues[QUEUE] = ["d"]
    for now[0] in (200.0, 219.0):
        poller.look()
        assert len(calls.batches) == 1
    now[0] = 220.0
    poller.look()
    eventually(lambda: calls.batches[1:] == [["d"]])


def test_b5_a_batch_ends_where_an_invocation_is_full(poll):
    calls = Calls()
    poll(calls, [f"{number}{'x' * 250_000}" for number in range(30)], batch_size=10**9, maximum_concurrency=4)
    assert sorted(map(len, calls.batches)) == [10, 10, 10]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"null", set()),
        (b'""', set()),
        (b"{}", set()),
        (b'{"batchItemFailures": null}', set()),
        (b'{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "a"}]}', {"a"}),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"wrong": "a"}]}', {"a", "b"}),
        (b'{"batchItemFailures": "a"}', {"a", "b"}),
        (b'{"batchItemFailures": [[]]}', {"a", "b"}),
        (b"[" * 100_000, {"a", "b"}),
        (b"9" * 5000, {"a", "b"}),
    ],
)
def test_b5_an_answer_that_cannot_be_understood_fails_the_whole_batch(payload, expected):
    assert reported(payload, {"a", "b"}) == expected
