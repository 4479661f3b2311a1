"""Queues as event sources."""

import json
import threading

import pytest

from orchestrator.local_cloud.functions.asynchronous import Pace
from orchestrator.local_cloud.functions.cloud import Mapped
from orchestrator.local_cloud.functions.model import InvocationResult, not_found, throttled
from orchestrator.local_cloud.functions.sources import QueuePoller, reported

QUEUE = "arn:aws:sqs:us-east-1:123456789012:queue"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:batch"


def mapping(**changes):
    stated = {
        "identifier": "m",
        "queue_arn": QUEUE,
        "function_arn": FUNCTION,
        "batch_size": 3,
        "window": 0.0,
        "maximum_concurrency": 2,
        "reports_failures": True,
    }
    return Mapped(**{**stated, **changes})


class Calls:
    """A function with a given answer, which it gives once it is released."""

    def __init__(self, answer=None, error=""):
        self.batches = []
        self.answer, self.error = answer, error
        self.released = threading.Event()
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
def poll(cloud, eventually):
    """Poll once and wait until nothing is under way."""

    def run(calls, pace=None, *, at_most=4):
        poller = QueuePoller(cloud, calls, pace or Pace(), at_most=at_most)
        poller.look()
        eventually(poller.settled)
        return poller

    return run


def test_b5_messages_come_in_batches_and_are_deleted(cloud, poll):
    cloud.mapped = [mapping()]
    cloud.queues[QUEUE] = list("abcd")
    calls = Calls()
    poll(calls)
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
    cloud.mapped = [mapping(reports_failures=reports)]
    cloud.queues[QUEUE] = list("abc")
    poll(Calls(answer, error), Pace(hidden=1))
    assert sorted(cloud.deleted) == [f"handle-{name}" for name in "abc" if name not in kept]
    assert sorted(cloud.shown_again) == [(f"handle-{name}", 1) for name in kept]


@pytest.mark.parametrize(("pace", "shown"), [(Pace(), [("handle-a", 2)]), (Pace(hidden=None), [])])
def test_b5_failed_messages_are_visible_again_soon_unless_the_queue_alone_decides(cloud, poll, pace, shown):
    cloud.mapped = [mapping()]
    cloud.queues[QUEUE] = ["a"]
    poll(Calls({}, "Unhandled"), pace)
    assert (cloud.deleted, cloud.shown_again) == ([], shown)


def test_b5_a_message_that_is_being_processed_is_not_shown_to_others(cloud, eventually):
    cloud.mapped = [mapping()]
    cloud.queues[QUEUE] = ["a"]
    calls = Calls({}, "Unhandled")
    calls.released.clear()
    poller = QueuePoller(cloud, calls, Pace(hidden=0), at_most=4)
    poller.look()
    eventually(lambda: calls.batches == [["a"]])
    assert cloud.shown_again == []
    calls.released.set()
    eventually(poller.settled)
    assert cloud.shown_again == [("handle-a", 0)]


def test_b9_a_queue_that_the_role_may_not_read_is_left_alone(cloud, poll):
    cloud.mapped = [mapping(), mapping(identifier="other", queue_arn=f"{QUEUE}-2")]
    cloud.queues[QUEUE], cloud.queues[f"{QUEUE}-2"] = ["a"], ["b"]
    cloud.forbidden = {"m"}
    calls = Calls()
    poll(calls)
    assert (calls.batches, cloud.queues[QUEUE]) == ([["b"]], ["a"])


def test_b5_a_throttled_batch_is_retried_and_is_no_failure(cloud, eventually):
    cloud.mapped = [mapping()]
    cloud.queues[QUEUE] = ["a"]
    calls = Calls(throttled())
    poller = QueuePoller(cloud, calls, Pace(throttled=0.01), at_most=4)
    poller.look()
    eventually(lambda: len(calls.batches) > 2)
    calls.answer = None
    eventually(poller.settled)
    assert (cloud.deleted, cloud.shown_again) == (["handle-a"], [])


@pytest.mark.parametrize("end", ["no longer hidden", "mapping deleted", "stopped"])
def test_b5_a_throttled_batch_is_given_up_at_last(cloud, eventually, end):
    cloud.mapped = [mapping()]
    cloud.queues[QUEUE] = ["a"]
    calls = Calls(throttled())
    poller = QueuePoller(cloud, calls, Pace(throttled=0.01), at_most=4)
    if end == "no longer hidden":
        cloud.hidden_until = 0.0
    poller.look()
    if end == "mapping deleted":
        cloud.mapped = []
    elif end == "stopped":
        poller.stop()
    eventually(poller.settled)
    assert (cloud.deleted, cloud.shown_again) == ([], [("handle-a", 2)])


@pytest.mark.parametrize(("allowed", "at_most", "expected"), [(2, 4, 2), (10, 3, 3)])
def test_b5_no_more_batches_run_at_once_than_allowed(cloud, poll, eventually, allowed, at_most, expected):
    cloud.mapped = [mapping(batch_size=1, maximum_concurrency=allowed)]
    cloud.queues[QUEUE] = list("abcdef")
    calls = Calls()
    calls.released.clear()
    poller = QueuePoller(cloud, calls, Pace(), at_most=at_most)
    poller.look()
    eventually(lambda: len(calls.batches) == expected)
    poller.look()
    assert len(calls.batches) == expected
    calls.released.set()
    eventually(poller.settled)


def test_b5_a_batch_waits_for_its_window_unless_it_is_full(cloud, eventually):
    cloud.mapped = [mapping(window=20.0)]
    calls, times = Calls(), iter([0, 1, 2, 3, 4, 5, 23, 24])
    poller = QueuePoller(cloud, calls, Pace(), at_most=4, clock=lambda: next(times))
    cloud.queues[QUEUE] = ["a"]
    poller.look()
    assert calls.batches == []
    cloud.queues[QUEUE] += ["b", "c"]
    poller.look()
    eventually(lambda: calls.batches == [["a", "b", "c"]])
    cloud.queues[QUEUE] = ["d"]
    poller.look()
    assert len(calls.batches) == 1
    poller.look()
    eventually(lambda: calls.batches[1:] == [["d"]])


def test_b5_a_batch_ends_where_an_invocation_is_full(cloud, poll):
    cloud.mapped = [mapping(batch_size=10**9)]
    cloud.queues[QUEUE] = [f"{number}{'x' * 250_000}" for number in range(30)]
    calls = Calls()
    poll(calls)
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
