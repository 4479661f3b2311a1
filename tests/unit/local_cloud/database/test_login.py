from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from orchestrator.local_cloud.database.login import RefusedLoginError, check_entry, check_password, matches
from orchestrator.local_cloud.database.protocol import Startup
from orchestrator.local_cloud.database.roles import Credentials
from orchestrator.local_cloud.iam.evaluate import Decision
from tests.unit.local_cloud.database.conftest import ACCESS_KEY_ID, SECRET, auth_token

# The example of RFC 7677, section 3: user "user", password "pencil".
VERIFIER = (
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
    ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)
DENIED = Decision(allowed=False, cause="because of the guardrail")
IAM, PLAIN = Credentials(iam=True, verifier=None), Credentials(iam=False, verifier=None)
PENCIL = Credentials(iam=False, verifier=VERIFIER)
MASTER = "a password of 32 characters ...."
ARN = "arn:aws:rds-db:us-east-1:123456789012:dbuser:cluster-AURORA-PR42/api_reader"


def _check(cluster, user, password, credentials, *, may_connect=None, now=None):
    requests = []

    def allow(key, arn):
        requests.append((key, arn))
        return Decision(allowed=True)

    check_password(
        cluster, user, password, credentials,
        may_connect=may_connect or allow,
        secret_access_key={ACCESS_KEY_ID: SECRET, "LOCALKEY": SECRET}.get,
        now=now or datetime.now(UTC),
    )  # fmt: skip
    return requests


def _refusal(*args, **kwargs):
    with pytest.raises(RefusedLoginError) as raised:
        _check(*args, **kwargs)
    return raised.value.code, raised.value.text, raised.value.reason


@pytest.mark.parametrize(("encrypted", "forced"), [(True, "1"), (False, "0"), (True, "0")])
def test_connections_that_pg_hba_conf_accepts(cluster, encrypted, forced):
    check_entry(cluster(parameters={"rds.force_ssl": forced}), Startup({"user": "ann"}), encrypted=encrypted)


@pytest.mark.parametrize(
    ("user", "encrypted", "text"),
    [
        ("ann", False, 'no pg_hba.conf entry for host "127.0.0.1", user "ann", database "d", no encryption'),
        (
            "rdsadmin",
            True,
            'pg_hba.conf rejects connection for host "127.0.0.1", user "rdsadmin", database "d", SSL encryption',
        ),
    ],
)
def test_connections_that_pg_hba_conf_refuses(cluster, user, encrypted, text):
    with pytest.raises(RefusedLoginError) as raised:
        check_entry(cluster(parameters={}), Startup({"user": user, "database": "d"}), encrypted=encrypted)
    assert (raised.value.code, raised.value.text) == ("28000", text)


@pytest.mark.parametrize(
    ("user", "password", "credentials"),
    [("platform_admin", MASTER, PLAIN), ("platform_admin", "pencil", PENCIL), ("ann", "pencil", PENCIL)],
)
def test_b2_the_right_password_lets_in(cluster, user, password, credentials):
    assert _check(cluster(), user, password, credentials) == []


@pytest.mark.parametrize(
    ("user", "password", "credentials", "reason"),
    [
        ("platform_admin", "guess", PLAIN, "the password is wrong"),
        ("platform_admin", "", PLAIN, "the password is wrong"),
        ("ann", MASTER, PLAIN, "neither a password nor"),
        ("ann", "guess", PENCIL, "the password is wrong"),
        ("ann", "pencil", None, "no such user"),
        ("platform_admin", MASTER, None, "no such user"),
    ],
)
def test_b2_wrong_passwords_are_refused(cluster, user, password, credentials, reason):
    code, text, why = _refusal(cluster(), user, password, credentials)
    assert (code, text) == ("28P01", f'password authentication failed for user "{user}"')
    assert reason in why


@pytest.mark.parametrize("key", [ACCESS_KEY_ID, "LOCALKEY"])
@pytest.mark.parametrize("endpoint", ["writer_host", "reader_host"])
def test_b9_a_token_lets_in_if_iam_allows_it(cluster, key, endpoint):
    there = cluster()
    token = auth_token(getattr(there, endpoint), key=key)
    assert _check(there, "api_reader", token, IAM) == [(key, ARN)]


def test_b9_tokens_are_refused_without_iam_authentication(cluster):
    off = cluster(iam_authentication=False)
    assert _refusal(off, "api_reader", auth_token(off.writer_host), IAM)[0] == "28P01"


@pytest.mark.parametrize(
    ("token", "options", "reason"),
    [
        ("pencil", {}, "the password is no IAM authentication token"),
        ({"key": "ASIAQUNKNOWNUNKNOWN1"}, {}, "a key that this cloud has not issued"),
        ({"secret": "another"}, {}, "the signature of the token is wrong"),
        ({"session": None}, {}, "holds no session token"),
        ({"user": "analytics_writer"}, {}, 'the token is for the user "analytics_writer"'),
        ({}, {"later": timedelta(minutes=20)}, "has expired"),
        ({}, {"may_connect": lambda *_: DENIED}, f"may not perform rds-db:connect on {ARN} because of the guardrail"),
    ],
)
def test_b9_tokens_that_are_refused(cluster, token, options, reason):
    there = cluster()
    # The table above is made long before this test runs.
    options = dict(options)
    options["now"] = datetime.now(UTC) + options.pop("later", timedelta())
    password = token if isinstance(token, str) else auth_token(there.writer_host, **token)
    both = Credentials(iam=True, verifier=VERIFIER)
    code, text, why = _refusal(there, "api_reader", password, both, **options)
    assert (code, text) == ("28000", 'PAM authentication failed for user "api_reader"')
    assert reason in why


def test_b9_a_refusal_contains_no_part_of_the_token(cluster):
    there = cluster()
    token = auth_token(there.writer_host)
    signature = token.rpartition("=")[2]
    wrong = token.replace(signature, signature[::-1])
    assert not any(signature[::-1] in part for part in _refusal(there, "api_reader", wrong, IAM))
    assert quote("token") not in _refusal(there, "api_reader", wrong, IAM)[1]


@pytest.mark.parametrize(
    ("password", "verifier", "expected"),
    [
        ("pencil", VERIFIER, True),
        ("Pencil", VERIFIER, False),
        ("", VERIFIER, False),
        ("pencil", VERIFIER.replace("4096", "4097"), False),
        ("pencil", None, False),
        ("pencil", "", False),
        ("pencil", "md532e12f215ba27cb750c9e093ce4b5127", False),
        # A role's owner chooses these.
        ("pencil", VERIFIER.replace("4096", "9999999"), False),
        ("pencil", VERIFIER.replace("4096", "9" * 5000), False),
        ("pencil", VERIFIER.replace("4096", "0"), False),
        ("pencil", VERIFIER.replace("gQ==", "gQ="), False),
    ],
)
def test_passwords_match_their_verifiers(password, verifier, expected):
    assert matches(password, verifier) is expected


def test_a_secret_that_is_no_unicode_is_a_wrong_password(cluster):
    odd = cluster(master_password="\ud800")
    assert _refusal(odd, "platform_admin", "?", PLAIN)[0] == "28P01"
