"""A4, C8: real credentials are refused, and never repeated or logged."""

import logging

import pytest

from orchestrator.local_cloud.credentials import IssuedKeys, guard_credentials

REAL = "AKIAQWERTYUIOPASDFGH"
ISSUED = b"<Credentials><AccessKeyId>ASIAISSUEDBYTHELOCAL</AccessKeyId></Credentials>"


@pytest.mark.parametrize(
    ("key", "code", "message"),
    [
        (REAL, 403, b"Real credentials were about to be used against the local cloud"),
        ("ASIAQWERTYUIOPASDFGH", 403, b"Real credentials were about to be used against the local cloud"),
        ("ABIAQWERTYUIOPASDFGH", 403, b"Real credentials were about to be used against the local cloud"),
        ("test", 200, b""),
        ("LOCALPLATFORMCTLFAKE", 200, b"ok"),
    ],
)
def test_a4_refuses_what_aws_may_have_issued_and_nothing_else(request_to, answer, caplog, key, code, message):
    handler = guard_credentials(lambda _: answer(), IssuedKeys())
    with caplog.at_level(logging.DEBUG):
        response = handler(request_to(body=b"Action=CreateVpc", key=key))
    assert response.code == code
    assert message in response.body
    if code == 403:
        assert key.encode() not in response.body
        assert key not in caplog.text


def test_unsigned_requests_pass(request_to, answer):
    assert guard_credentials(lambda _: answer(), IssuedKeys())(request_to("", method="GET")).code == 200


def test_a_refused_request_never_reaches_moto(request_to):
    def moto(_):
        raise AssertionError("reached")

    assert guard_credentials(moto, IssuedKeys())(request_to(key=REAL)).code == 403


@pytest.mark.parametrize("body", [b"Action=AssumeRole", b"Action=GetSessionToken", b"Action=CreateAccessKey"])
def test_keys_that_the_local_cloud_issues_are_let_in_later(request_to, answer, body):
    handler = guard_credentials(lambda _: answer(body=ISSUED), IssuedKeys())
    assert handler(request_to(key="ASIAISSUEDBYTHELOCAL", body=b"Action=CreateVpc")).code == 403
    handler(request_to("sts", body=body))
    assert handler(request_to(key="ASIAISSUEDBYTHELOCAL", body=b"Action=CreateVpc")).code == 200


def test_other_answers_issue_nothing(request_to, answer):
    handler = guard_credentials(lambda _: answer(body=ISSUED), IssuedKeys())
    handler(request_to("s3", method="GET", path="/bucket/some.xml"))
    assert handler(request_to(key="ASIAISSUEDBYTHELOCAL")).code == 403


def test_a_runtime_may_remember_keys_itself(request_to, answer):
    issued = IssuedKeys()
    issued.remember("ASIAGIVENTOAFUNCTION")
    assert guard_credentials(lambda _: answer(), issued)(request_to(key="ASIAGIVENTOAFUNCTION")).code == 200
