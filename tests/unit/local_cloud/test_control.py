import json
from io import BytesIO

import pytest

from orchestrator.local_cloud.control import Retirement, control_endpoints

HEALTH = {"instance_id": "abc", "pid": 1}


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def _handler(answer, retirement=None):
    return control_endpoints(lambda _: answer(), HEALTH, retirement or Retirement())


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("127.0.0.1:4566", 200),
        ("localhost", 200),
        ("bucket.localhost:4566", 200),
        ("123456789012.s3-control.us-east-1.amazonaws.com", 200),
        ("evil.example", 403),
        ("amazonaws.com.evil.example", 403),
        ("169.254.169.254", 403),
        ("", 403),
    ],
)
def test_serves_this_machine_and_aws_names_only(request_to, answer, host, code):
    assert _handler(answer)(request_to(HTTP_HOST=host)).code == code


def test_health_says_who_answers(request_to, answer):
    response = _handler(answer)(request_to("", method="GET", path="/_platformctl/health"))
    assert (response.code, json.loads(response.body)) == (200, HEALTH)


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/_platformctl/other", b"", 404),
        ("POST", "/_platformctl/health", b"", 404),
        ("POST", "/_platformctl/retire", b"nonsense", 400),
        ("POST", "/_platformctl/retire", b"{}", 400),
        ("POST", "/_platformctl/retire", b'{"after_seconds": "x"}', 400),
        ("GET", "/_platformctlx", b"", 200),
    ],
)
def test_control_paths(request_to, answer, method, path, body, code):
    environ = request_to("", method=method, path=path) | {"wsgi.input": BytesIO(body)}
    assert _handler(answer)(environ).code == code


def test_a_reset_empties_the_account(request_to, answer):
    emptied = []
    handler = control_endpoints(lambda _: answer(), HEALTH, Retirement(), lambda: emptied.append(1))
    assert handler(request_to("", path="/_platformctl/reset")).code == 200
    assert handler(request_to("", method="GET", path="/_platformctl/reset")).code == 404
    assert emptied == [1]


def _retire(handler, request_to, seconds):
    body = json.dumps({"after_seconds": seconds}).encode()
    return handler(request_to("", path="/_platformctl/retire", body=body)).code


def test_retires_after_silence_and_refuses_to_be_kept_then(request_to, answer):
    clock = Clock()
    retirement = Retirement(clock=clock)
    handler = _handler(answer, retirement)
    assert not retirement.due()
    assert _retire(handler, request_to, 30) == 200
    clock.now += 29
    assert not retirement.due()
    handler(request_to(body=b"Action=DescribeVpcs"))
    clock.now += 29
    assert not retirement.due()
    clock.now += 1
    assert retirement.due()
    assert _retire(handler, request_to, None) == 409
    assert handler(request_to("", method="GET", path="/_platformctl/health")).code == 503


def test_health_checks_do_not_keep_it(request_to, answer):
    clock = Clock()
    retirement = Retirement(clock=clock)
    handler = _handler(answer, retirement)
    _retire(handler, request_to, 30)
    clock.now += 30
    handler(request_to("", method="GET", path="/_platformctl/health"))
    assert retirement.due()


def test_null_takes_retirement_back(request_to, answer):
    clock = Clock()
    retirement = Retirement(clock=clock)
    handler = _handler(answer, retirement)
    _retire(handler, request_to, 1)
    assert _retire(handler, request_to, None) == 200
    clock.now += 1000
    assert not retirement.due()


def test_does_not_leave_in_the_middle_of_a_request(request_to, answer):
    clock = Clock()
    retirement = Retirement(clock=clock)
    seen = []

    def slow(_):
        clock.now += 100
        seen.append(retirement.due())
        return answer()

    handler = control_endpoints(slow, HEALTH, retirement)
    retirement.schedule(1)
    handler(request_to())
    assert seen == [False]
    assert not retirement.due()
