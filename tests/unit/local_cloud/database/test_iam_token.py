from datetime import UTC, datetime, timedelta

import boto3
import pytest

from orchestrator.local_cloud.database.iam_token import TokenError, check_claims, read_token

HOST = "aurora-pr42.cluster-abc123.us-east-1.rds.amazonaws.com"
# Nobody's; and with characters that a query has to escape.
SECRET, SESSION = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "IQoJb3JpZ2luX2VjE/+a=="


def token(*, host=HOST, port=5432, user="api_reader", region="us-east-1", session=SESSION):
    client = boto3.Session(
        aws_access_key_id="ASIAQEXAMPLEEXAMPLE1",
        aws_secret_access_key=SECRET,
        aws_session_token=session,
        region_name=region,
    ).client("rds")
    try:
        return client.generate_db_auth_token(DBHostname=host, Port=port, DBUsername=user)
    finally:
        client.close()


def check(password, **changes):
    asked = {"hosts": (HOST,), "port": 5432, "user": "api_reader", "region": "us-east-1", "now": datetime.now(UTC)}
    check_claims(read_token(password), **asked | changes)


@pytest.mark.parametrize("session", [SESSION, None])
def test_a_token_of_the_sdk_is_read_and_its_signature_computed(session):
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
def test_whatever_is_changed_breaks_the_signature(old, new):
    assert not read_token(token().replace(old, new)).signed_with(SECRET)


def test_a_token_does_not_show_up_where_it_is_printed():
    assert not any(part in repr(read_token(token())) for part in ("Signature", SESSION))


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
def test_passwords_that_are_no_tokens(password, text):
    with pytest.raises(TokenError, match=text):
        read_token(password)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("rds-db", "s3", 'for the service "s3"'),
        ("X-Amz-Expires=900", "X-Amz-Expires=soon", "malformed"),
        ("X-Amz-Expires=900", "X-Amz-Expires=99999999999999999999", "malformed"),
        ("X-Amz-Date=2", "X-Amz-Date=3", "on its own date"),
        ("aws4_request", "aws5_request", "its own date"),
    ],
)
def test_tokens_that_are_malformed(old, new, text):
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
def test_tokens_for_something_else(claims, changes, text):
    # From now on: the table above is made long before this test runs.
    changes = dict(changes)
    changes["now"] = datetime.now(UTC) + changes.pop("later", timedelta())
    with pytest.raises(TokenError, match=text):
        check(token(**claims), **changes)


def test_a_token_cannot_give_itself_more_time():
    long = token().replace("X-Amz-Expires=900", "X-Amz-Expires=604800")
    check(long)
    with pytest.raises(TokenError, match="has expired"):
        check(long, now=datetime.now(UTC) + timedelta(minutes=16))
