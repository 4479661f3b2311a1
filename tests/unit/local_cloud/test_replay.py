"""B12: a repeated create whose response was lost does not create twice."""

from itertools import count
from threading import Event, Thread

import pytest

from orchestrator.local_cloud.replay import ReplayMemory, replay_repeats

CREATE = b"Action=CreateSubnet&CidrBlock=10.0.0.0%2F24"


@pytest.fixture
def moto(answer):
    numbers = count(1)
    return lambda _: answer(body=b"subnet-%d" % next(numbers))


def test_the_same_invocation_gets_the_same_answer(request_to, moto):
    memory = ReplayMemory()
    handler = replay_repeats(moto, memory)
    first = handler(request_to(body=CREATE, HTTP_AMZ_SDK_INVOCATION_ID="a", HTTP_AMZ_SDK_REQUEST="attempt=1; max=4"))
    again = handler(request_to(body=CREATE, HTTP_AMZ_SDK_INVOCATION_ID="a", HTTP_AMZ_SDK_REQUEST="attempt=2; max=4"))
    assert (first.body, again.body, memory.replayed) == (b"subnet-1", b"subnet-1", 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"HTTP_AMZ_SDK_INVOCATION_ID": "b"},
        {"body": b"Action=CreateSubnet&CidrBlock=10.0.1.0%2F24"},
        {"method": "PUT"},
        {"path": "/other"},
        {"HTTP_HOST": "123456789012.s3-control.us-east-1.amazonaws.com"},
        {"HTTP_X_AMZ_TARGET": "TrentService.CreateKey"},
    ],
)
def test_anything_else_is_another_request(request_to, moto, changes):
    handler = replay_repeats(moto, ReplayMemory())
    given = {"body": CREATE, "HTTP_AMZ_SDK_INVOCATION_ID": "a"}
    assert handler(request_to(**given)).body != handler(request_to(**given | changes)).body


@pytest.mark.parametrize(
    "changes",
    [
        {"HTTP_AMZ_SDK_INVOCATION_ID": ""},
        {"HTTP_AMZ_SDK_INVOCATION_ID": "a", "method": "GET"},
        {"HTTP_AMZ_SDK_INVOCATION_ID": "a", "method": "HEAD"},
        {"HTTP_AMZ_SDK_INVOCATION_ID": "a", "CONTENT_LENGTH": str(9 << 20)},
    ],
)
def test_reads_large_uploads_and_unnamed_requests_are_not_remembered(request_to, moto, changes):
    handler = replay_repeats(moto, ReplayMemory())
    assert handler(request_to(**changes)).body != handler(request_to(**changes)).body


@pytest.mark.parametrize("code", [429, 500, 503])
def test_an_answer_that_asks_for_a_repeat_is_not_the_answer_to_the_repeat(request_to, answer, code):
    answers = iter([answer(code), answer(200)])
    handler = replay_repeats(lambda _: next(answers), ReplayMemory())
    given = {"body": CREATE, "HTTP_AMZ_SDK_INVOCATION_ID": "a"}
    assert [handler(request_to(**given)).code for _ in range(3)] == [code, 200, 200]


def test_a_repeat_waits_for_the_first(request_to, answer):
    at_work, go_on, calls = Event(), Event(), []

    def slow(_):
        calls.append(1)
        at_work.set()
        assert go_on.wait(5)
        return answer(body=b"subnet-1")

    handler = replay_repeats(slow, ReplayMemory())
    answers = []
    given = {"body": CREATE, "HTTP_AMZ_SDK_INVOCATION_ID": "a"}
    threads = [Thread(target=lambda: answers.append(handler(request_to(**given)).body)) for _ in range(3)]
    threads[0].start()
    assert at_work.wait(5)
    for thread in threads[1:]:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert answers == [b"subnet-1"] * 3
    assert len(calls) == 1


def test_a_repeat_does_not_wait_for_ever(request_to, answer):
    at_work, go_on = Event(), Event()

    def stuck(_):
        at_work.set()
        go_on.wait(5)
        return answer()

    handler = replay_repeats(stuck, ReplayMemory(patience=0.01))
    given = {"body": CREATE, "HTTP_AMZ_SDK_INVOCATION_ID": "a"}
    thread = Thread(target=lambda: handler(request_to(**given)))
    thread.start()
    assert at_work.wait(5)
    assert handler(request_to(**given)).code == 503
    go_on.set()
    thread.join(5)


def test_a_first_that_failed_is_run_again(request_to, answer):
    def fail(_):
        raise RuntimeError

    memory = ReplayMemory()
    given = {"body": CREATE, "HTTP_AMZ_SDK_INVOCATION_ID": "a"}
    with pytest.raises(RuntimeError):
        replay_repeats(fail, memory)(request_to(**given))
    assert replay_repeats(lambda _: answer(), memory)(request_to(**given)).code == 200


@pytest.mark.parametrize(
    ("memory", "kept"),
    [
        (ReplayMemory(entries=2), ["3", "4"]),
        (ReplayMemory(size=25), ["3", "4"]),
        (ReplayMemory(entries=0), []),
    ],
)
def test_memory_is_bounded(request_to, answer, memory, kept):
    handler = replay_repeats(lambda _: answer(body=b"0123456789"), memory)
    for invocation in "1234":
        handler(request_to(body=CREATE, HTTP_AMZ_SDK_INVOCATION_ID=invocation))
    before = memory.replayed
    for invocation in kept:
        handler(request_to(body=CREATE, HTTP_AMZ_SDK_INVOCATION_ID=invocation))
    assert memory.replayed - before == len(kept)
    handler(request_to(body=CREATE, HTTP_AMZ_SDK_INVOCATION_ID="1"))
    assert memory.replayed - before == len(kept)
