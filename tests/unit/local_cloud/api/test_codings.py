"""Compressed bodies, as API Gateway takes and gives them (D7)."""

import gzip
import json
import zlib

import pytest

from orchestrator.local_cloud.api.call import LARGEST_BODY
from orchestrator.local_cloud.api.codings import compressed
from orchestrator.local_cloud.wsgi import Response
from tests.unit.local_cloud.api.conftest import proxied

PAGE = b'{"bars":[]}' * 200
DECODERS = {"gzip": gzip.decompress, "deflate": zlib.decompress, "": bytes}
USER = json.dumps({"user_id": "ada"}).encode()


# Of codings that are equally welcome the first counts. It must be one of API Gateway's, else nothing is compressed: API Gateway Developer Guide, "Turn on
# payload compression for an API in API Gateway".
@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "gzip"),
        ("deflate", "deflate"),
        ("GZIP;q=0.5, deflate;q=0.8", "deflate"),
        ("br;q=1.0, gzip;q=0.8", ""),
        ("gzip;q=0", ""),
        ("gzip;q=many", ""),
        ("identity", ""),
        ("*", ""),
        ("", ""),
    ],
)
def test_d7_a_response_is_compressed_in_the_clients_preferred_coding(accepted, coding):
    found = compressed(Response(status="200 OK", body=PAGE), accepted, minimum=1024)
    assert (found.header("Content-Encoding"), DECODERS[coding](found.body)) == (coding, PAGE)
    assert (len(found.body) < len(PAGE) / 10) == bool(coding)


@pytest.mark.parametrize(
    ("size", "minimum", "headers"),
    [(1023, 1024, ()), (1024, None, ()), (0, 0, ()), (1024, 0, (("content-encoding", "br"),))],
)
def test_d7_a_response_stays_as_it_is(size, minimum, headers):
    given = Response(status="200 OK", body=b"x" * size, headers=headers)
    assert compressed(given, "gzip", minimum=minimum) == given


def test_d7_the_stage_compresses_as_its_deployment_says(ask, functions):
    functions.by_name["api"] = lambda _: proxied(body=PAGE.decode())
    response = ask("/open", accept_encoding="gzip")
    assert (response.header("Content-Encoding"), gzip.decompress(response.body)) == ("gzip", PAGE)
    assert ask("/open").body == PAGE


@pytest.mark.parametrize(
    ("coding", "body", "status"),
    [
        ("gzip", gzip.compress(USER, mtime=0), 200),
        ("GZIP", gzip.compress(USER, mtime=0), 200),
        ("deflate", zlib.compress(USER), 200),
        ("identity", USER, 200),
        ("gzip", gzip.compress(b"[]", mtime=0), 400),
        ("gzip", gzip.compress(USER, mtime=0)[:-9], 415),
        ("gzip", USER, 415),
        ("br", USER, 415),
        ("gzip", gzip.compress(b" " * (LARGEST_BODY + 1), mtime=0), 413),
    ],
)
def test_d7_a_compressed_request_is_decompressed_before_it_is_validated(ask, functions, coding, body, status):
    assert ask("/sessions", "POST", body, content_encoding=coding).code == status
    assert [event["body"] for event in functions.events] == ([USER.decode()] if status == 200 else [])
