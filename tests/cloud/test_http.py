"""HTTP that always answers: whatever a client sends and a layer produces, there is a status, a reason and a line in the log."""

import json
import logging
import socket
import threading
from contextlib import contextmanager
from urllib.parse import quote

import boto3
import pytest
from botocore.exceptions import ClientError

from orchestrator.local_cloud.transport import LoopbackServer

HOST = b"Host: 127.0.0.1\r\n"
SIGNED = b"X-Amz-Target: TrentService.Do\r\nAuthorization: AWS4-HMAC-SHA256 Credential=LOCALPLATFORMCTLFAKE/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=00\r\n"


@contextmanager
def serving(app):
    server = LoopbackServer(0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def echo(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("X-Length", environ.get("CONTENT_LENGTH", "none"))])
    return [environ["REQUEST_METHOD"].encode(), b" ", body]


def exchange(port, request, *, half_close=False):
    """Send bytes, read to the end of the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(request)
        if half_close:
            client.shutdown(socket.SHUT_WR)
        received = b""
        while piece := client.recv(65536):
            received += piece
    return received


@pytest.fixture(scope="module")
def port():
    with serving(echo) as number:
        yield number


@pytest.mark.parametrize(
    ("request_", "status", "reason"),
    [
        (b"nonsense\r\n\r\n", 400, b"Bad request syntax"),
        (b"GET / HTTP/1.1.1\r\n" + HOST + b"\r\n", 400, b"Bad request version"),
        (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505, b"Invalid HTTP version"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, b"Invalid HTTP version"),
        (b"POST /\r\n", 400, b"Bad HTTP/0.9 request type"),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400, b"speaks HTTP, not HTTPS"),
        (b"GET http://[bad/ HTTP/1.1\r\n" + HOST + b"\r\n", 400, b"names no valid URL"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414, b"URI Too Long"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431, b"header line"),
        (b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 200 + b"\r\n", 431, b"headers"),
        (b"GET / HTTP/1.1\r\n" + HOST + b"no colon\r\nAuthorization: x\r\n\r\n", 400, b"no valid name"),
        (b"GET / HTTP/1.1\r\n" + HOST + b"bad name: x\r\n\r\n", 400, b"no valid name"),
        (b"POST / HTTP/1.1\r\nContent-Length: five\r\n\r\nabcde", 400, b"not one number"),
        (b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\nabcde", 400, b"not one number"),
        (b"POST / HTTP/1.1\r\nContent-Length: 5, 6\r\n\r\nabcde", 400, b"not one number"),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", 400, b"not one number"),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400, b"not one number"),
        (b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabcde", 400, b"ended 4 bytes early"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nabcde", 501, b"only transfer encoding"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, b"has both"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, b"begin with its size"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n", 400, b"begin with its size"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", 400, b"longer than its size"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", 400, b"ended 6 bytes early"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * 200, 431, b"100 trailers"),
    ],
)
def test_what_is_no_http_is_refused_with_a_reason(port, request_, status, reason, caplog):
    with caplog.at_level(logging.WARNING):
        received = exchange(port, request_, half_close=True)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), received[:200]
    assert b"\r\nConnection: close" in head
    assert reason in body
    assert f"refused an invalid HTTP request: {status}" in caplog.text


def test_a_refusal_reaches_a_client_that_is_still_sending(port):
    head = b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"
    assert exchange(port, head + b"a" * (4 << 20)).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (b"\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\n", b"GET "),
        (b"GET /\r\n\r\n", b"GET "),
        (b"BREW /pot HTTP/1.1\r\nConnection: close\r\n\r\n", b"BREW "),
        (
            b"POST / HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n",
            b"POST abc",
        ),
        (b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", b"POST abc"),
        (b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 0003\r\n\r\nabc", b"POST abc"),
    ],
)
def test_what_is_unusual_and_allowed_is_served(port, request_, answer):
    received = exchange(port, request_)
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"\r\n\r\n" + answer)


def test_the_body_is_invited_once(port):
    received = exchange(
        port, b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab"
    )
    assert received.count(b"100 Continue") == 1
    assert received.endswith(b"PUT ab")


def _failing(_environ, _start_response):
    raise RecursionError


def _silent(_environ, _start_response):
    return []


def _answering(status, *headers, body=b"ok"):
    def app(_environ, start_response):
        start_response(status, list(headers))
        return [body]

    return app


@pytest.mark.parametrize(
    ("app", "reason"),
    [
        (_failing, "RecursionError"),
        (_silent, "final statuses"),
        (_answering("abc"), "final statuses"),
        (_answering("100 Continue"), "final statuses"),
        (_answering("200 OK\r\nX: y"), "final statuses"),
        (_answering("200 OK", ("X", "日本")), "the header X is not one line of ISO-8859-1"),
        (_answering("200 OK", ("X", "a\r\nY: b")), "the header X is not one line of ISO-8859-1"),
        (_answering("200 OK", ("X Y", "a")), "no valid name"),
        (_answering("200 OK", ("", "a")), "no valid name"),
        (_answering("200 OK", body="text"), "TypeError"),
    ],
)
@pytest.mark.parametrize("signature", [SIGNED, b""])
def test_what_cannot_be_written_as_http_is_a_defect_with_a_status(app, reason, signature, caplog):
    with caplog.at_level(logging.ERROR), serving(app) as number:
        received = exchange(
            number,
            b"POST / HTTP/1.1\r\nConnection: close\r\n" + HOST + signature + b"\r\n",
        )
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 501 ")
    text = json.loads(body)["message"] if signature else body.decode()
    assert f"The local cloud failed on {'kms:Do' if signature else 'the request'} (" in text
    assert reason in text
    assert "of the local cloud failed" in caplog.text or "cannot be written as HTTP" in caplog.text


def test_the_connection_serves_on_after_a_defect():
    with serving(_failing) as number:
        once = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
        received = exchange(number, once + once.replace(HOST, HOST + b"Connection: close\r\n"))
    assert received.count(b"HTTP/1.1 501 ") == 2


def test_the_length_is_that_of_the_body_whatever_an_application_says():
    with serving(_answering("200 OK", ("Content-Length", "9"))) as number:
        received = exchange(number, b"GET / HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n")
    assert b"\r\nContent-Length: 2\r\n" in received
    with serving(_answering("200 OK", ("Content-Length", "9"))) as number:
        received = exchange(number, b"HEAD / HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n")
    assert b"\r\nContent-Length: 9\r\n" in received


@pytest.mark.parametrize("value", ['attachment; filename="日本.txt"', "a\r\nX: y", "a\0b"])
def test_s3_refuses_a_response_header_that_http_cannot_carry(client, name, value):
    s3 = client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="key", Body=b"x")
    with pytest.raises(ClientError) as raised:
        s3.get_object(Bucket=name, Key="key", ResponseContentDisposition=value)
    assert raised.value.response["Error"]["Code"] == "InvalidArgument"
    assert raised.value.response["Error"]["Message"] == "Header value cannot be represented using ISO-8859-1."
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    encoded = f"attachment; filename*=UTF-8''{quote('日本.txt')}"
    answer = s3.get_object(Bucket=name, Key="key", ResponseContentDisposition=encoded)
    assert answer["ContentDisposition"] == encoded
    assert answer["Body"].read() == b"x"


def test_a_defect_of_an_unsigned_operation_has_the_form_of_its_service(cloud):
    sts = boto3.client("sts", endpoint_url=cloud.status().endpoint, region_name="us-east-1")
    with pytest.raises(ClientError) as raised:
        sts.assume_role_with_saml(
            RoleArn="arn:aws:iam::123456789012:role/r",
            PrincipalArn="arn:aws:iam::123456789012:saml-provider/p",
            SAMLAssertion="name",
        )
    assert raised.value.response["Error"]["Code"] == "LocalCloudDefect"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
