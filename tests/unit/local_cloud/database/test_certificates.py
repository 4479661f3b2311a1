import socket
import ssl
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from orchestrator.local_cloud.database.certificates import Authority

NAMES = [
    "aurora-pr42.cluster-abc.us-east-1.rds.amazonaws.com",
    "aurora-pr42.cluster-ro-abc.us-east-1.rds.amazonaws.com",
]


def _handshake(server, pem, name):
    """The version of TLS that both agree on."""
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.load_verify_locations(cadata=pem.decode())
    trust.verify_flags |= ssl.VERIFY_X509_STRICT
    one, other = socket.socketpair()

    def serve():
        try:
            server.wrap_socket(other, server_side=True).close()
        except OSError:
            other.close()

    thread = Thread(target=serve)
    thread.start()
    try:
        with trust.wrap_socket(one, server_hostname=name) as secured:
            return secured.version()
    finally:
        one.close()
        thread.join(5)


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.mark.parametrize("name", [*NAMES, "localhost", "127.0.0.1"])
def test_the_certificate_is_good_for_every_name_of_the_cluster(authority, name):
    assert _handshake(authority.server_context(NAMES), authority.pem, name) == "TLSv1.3"


@pytest.mark.parametrize(
    ("name", "trusted", "age", "text"),
    [
        ("aurora-other.cluster-abc.us-east-1.rds.amazonaws.com", True, 0, "Hostname mismatch"),
        (NAMES[0], False, 0, "certificate"),
        (NAMES[0], True, 366, "expired"),
    ],
    ids=["another cluster's name", "another authority", "too old"],
)
def test_the_certificate_is_good_for_nothing_else(authority, name, trusted, age, text):
    signer = Authority(now=datetime.now(UTC) - timedelta(days=age))
    with pytest.raises(ssl.SSLCertVerificationError, match=text):
        _handshake(signer.server_context(NAMES), (signer if trusted else authority).pem, name)
