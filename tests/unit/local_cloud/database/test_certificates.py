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


@pytest.mark.parametrize("name", [*NAMES, "localhost", "127.0.0.1"])
def test_the_certificate_is_good_for_every_name_of_the_cluster(name):
    authority = Authority()
    assert _handshake(authority.server_context(NAMES), authority.pem, name) == "TLSv1.3"


@pytest.mark.parametrize(
    ("other", "name", "text"),
    [
        (None, "aurora-other.cluster-abc.us-east-1.rds.amazonaws.com", "Hostname mismatch"),
        (Authority(), NAMES[0], "certificate"),
    ],
    ids=["another cluster's name", "another authority"],
)
def test_it_is_good_for_nothing_else(other, name, text):
    authority = Authority()
    with pytest.raises(ssl.SSLCertVerificationError, match=text):
        _handshake(authority.server_context(NAMES), (other or authority).pem, name)


def test_it_ends():
    authority = Authority(now=datetime.now(UTC) - timedelta(days=366))
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        _handshake(authority.server_context(NAMES), authority.pem, NAMES[0])
