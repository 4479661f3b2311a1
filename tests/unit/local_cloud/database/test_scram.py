import pytest

from orchestrator.local_cloud.database import scram

# The example of RFC 7677, section 3: user "user", password "pencil".
VERIFIER = (
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
    ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)


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
    ],
)
def test_passwords_match_their_verifiers(password, verifier, expected):
    assert scram.matches(password, verifier) is expected
