from threading import Event, Thread

import pytest

from orchestrator.local_cloud.serial import one_at_a_time


def _run_two(request_to, answer, environs):
    """Whether the second request got in while the first was inside."""
    inside, second, go_on = Event(), Event(), Event()

    def moto(environ):
        if environ.get("first"):
            inside.set()
            assert go_on.wait(5)
        else:
            second.set()
        return answer()

    handler = one_at_a_time(moto)
    threads = [
        Thread(target=handler, args=({**environ, "first": not number},)) for number, environ in enumerate(environs)
    ]
    threads[0].start()
    assert inside.wait(5)
    threads[1].start()
    overlapped = second.wait(0.2)
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert second.is_set()
    return overlapped


def test_moto_handles_one_request_at_a_time(request_to, answer):
    vpc = request_to(body=b"Action=CreateVpc")
    assert not _run_two(request_to, answer, [vpc, request_to(body=b"Action=DescribeVpcs")])


@pytest.mark.parametrize(
    "changes",
    [
        {"service": "sqs", "HTTP_X_AMZ_TARGET": "AmazonSQS.ReceiveMessage"},
        {"service": "lambda", "path": "/2015-03-31/functions/f/invocations"},
        {"service": ""},
    ],
)
def test_what_waits_or_calls_back_does_not_hold_the_others_up(request_to, answer, changes):
    assert _run_two(request_to, answer, [request_to(**changes), request_to(body=b"Action=CreateVpc")])
