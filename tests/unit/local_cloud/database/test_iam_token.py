from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.local_cloud.database.iam_token import TokenError, check_claims, read_token
from tests.unit.local_cloud.database.conftest import SECRET, auth_token

HOST = "aurora-pr42.cluster-abc123.us-east-1.rds.amazonaws.com"
# With characters that a query has to escape.
SESSION = "IQoJb3JpZ2luX2VjE/+a=="


def token(*, session=SESSION, **claims):
    return auth_token(HOST, session=session, **claims)


def check(password, **changes):
    login = {"hosts": (HOST,), "port": 5432, "user": "api_reader", "region": "us-east-1", "now": datetime.now(UTC)}
    check_claims(read_token(password), **login | changes)


@pytest.mark.parametrize("session", [SESSION, None])
def test_a_token_of_the_sdk_is_read_and_its_signature_is_verified(session):
    read = read_token(token(session=session))
    assert (read.host, read.port, read.user) == (HOST, 5432, "api_reader")
    assert (read.access_key_id, read.region, read.session) == ("ASIAQEXAMPLEEXAMPLE1", "us-east-1", session or "")
    assert read.lifetime == timedelta(minutes=15)
    assert abs(read.signed_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert read.signed_with(SECRET)
    assert not read.signed_with(SECRET[:-1] + "z")


@pytest.mark.parametrize(
    ("old", "new"), [("api_reader", "analytics_writer"), ("X-Amz-Expires=900", "X-Amz-Expires=901"), (HOST, "a.b")]
)
def test_any_change_breaks_the_signature(old, new):
    assert not read_token(token().replace(old, new)).signed_with(SECRET)


def test_a_printed_token_contains_no_secret():
    read = read_token(token())
    assert not any(part in repr(read) for part in ("Signature", SESSION, read.stated_signature))


@pytest.mark.parametrize(
    ("password", "text"),
    [
        ("P@55w0rd!", "no IAM authentication token"),
        ("", "no IAM authentication token"),
        ("host:port/?Action=connect", "no IAM authentication token"),
        ("host/?Action=connect", "no IAM authentication token"),
        ("host:5432/?Action=disconnect", "no IAM authentication token"),
        ("host:5432/?Action=connect&Action=connect", "no IAM authentication token"),
        ("host:5432/?Action=connect", "not signed with Signature Version 4"),
        (
            "h:1/?Action=connect&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-SignedHeaders=host&X-Amz-Credential=a/b",
            "malformed",
        ),
    ],
)
def test_passwords_that_are_no_tokens_are_refused(password, text):
    with pytest.raises(TokenError, match=text):
        read_token(password)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("rds-db", "s3", 'for the service "s3"'),
        ("X-Amz-Expires=900", "X-Amz-Expires=soon", "malformed"),
        ("X-Amz-Expires=900", "X-Amz-Expires=99999999999999999999", "malformed"),
        ("X-Amz-Expires=900", f"X-Amz-Expires={'9' * 5000}", "malformed"),
        (":5432", ":99999999999", "no IAM authentication token"),
        ("X-Amz-Date=2", "X-Amz-Date=3", "on its own date"),
        ("aws4_request", "aws5_request", "its own date"),
    ],
)
def test_malformed_tokens_are_refused(old, new, text):
    with pytest.raises(TokenError, match=text):
        read_token(token().replace(old, new))


@pytest.mark.parametrize(
    ("claims", "changes", "text"),
    [
        ({}, {"hosts": ("another",)}, "no endpoint of this cluster"),
        ({}, {"port": 5433}, "no endpoint of this cluster"),
        ({"user": "analytics_writer"}, {}, 'for the user "analytics_writer"'),
        ({"region": "eu-west-1"}, {}, "signed for the region eu-west-1"),
        ({}, {"later": timedelta(minutes=16)}, "has expired"),
        ({}, {"later": timedelta(minutes=-6)}, "dated in the future"),
    ],
)
def test_tokens_for_something_else_are_refused(claims, changes, text):
    # The table above is made long before this test runs.
    changes = dict(changes)
    changes["now"] = datetime.now(UTC) + changes.pop("later", timedelta())
    with pytest.raises(TokenError, match=text):
        check(token(**claims), **changes)


def test_a_token_cannot_extend_its_own_lifetime():
    long = token().replace("X-Amz-Expires=900", "X-Amz-Expires=604800")
    check(long)
    with pytest.raises(TokenError, match="has expired"):
        check(long, now=datetime.now(UTC) + timedelta(minutes=16))


def test_a_negative_lifetime_has_expired():
    with pytest.raises(TokenError, match="has expired"):
        check(token().replace("X-Amz-Expires=900", "X-Amz-Expires=-86399999913600"))


def test_a_signature_may_be_any_text():
    assert not read_token(token() + "%C3%BC").signed_with(SECRET)
