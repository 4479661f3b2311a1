"""B6, E2: the smoke test against an API whose callers are authenticated beside their keys."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import boto3
import pytest

from orchestrator.errors import UsageError
from orchestrator.platform.smoke import AUTHORIZATION_VARIABLE, smoke_deployment

KEY = "key-of-the-desk"


class Api(BaseHTTPRequestHandler):
    """Answers as the deployed API does: 401 without authorization, 403 without a key or for somebody else's session."""

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.headers.get("Authorization"):
            status = 401
        else:
            status = 403 if self.path == "/sessions" or self.headers.get("x-api-key") != KEY else 200
        self.server.authorizations.add(self.headers.get("Authorization"))
        body = json.dumps({"bars": []}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.do_GET()

    def log_message(self, *_):
        """Write nothing."""


@pytest.fixture
def api():
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        server.authorizations = set()
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def client(service):
    if service == "s3":
        return SimpleNamespace(put_object=lambda **_: None, list_objects_v2=lambda **_: {})
    return boto3.client(service, region_name="us-east-1", aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="x")


def deployed(kind, port):
    units = {
        "apigw": {"api_keys": {"desk": KEY}, "api_url": f"http://127.0.0.1:{port}", "authorizer_type": kind},
        "s3": {"bucket_names": {"raw-data": "raw"}},
    }
    return SimpleNamespace(
        units=units, deployment=SimpleNamespace(account=SimpleNamespace(client=client, endpoint=None), request=None)
    )


@pytest.mark.parametrize(
    ("kind", "environ", "start"),
    [
        ("cognito", {AUTHORIZATION_VARIABLE: "Bearer t"}, "Bearer t"),
        ("lambda", {AUTHORIZATION_VARIABLE: "t"}, "t"),
        ("iam", {}, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"),
    ],
)
def test_b6_smoke_authenticates_its_calls_as_the_authorizer_asks(api, kind, environ, start):
    checks = list(smoke_deployment(deployed(kind, api.server_port), patience=0, environ=environ))
    results = {check.what: check.problem for check in checks}
    assert results["a call without a key is refused"] == ""
    assert results["the API answers"] == ""
    assert results["a session for somebody else than the caller is refused"] == ""
    assert all(header.startswith(start) for header in api.authorizations)
    assert kind != "iam" or all("/us-east-1/execute-api/aws4_request" in header for header in api.authorizations)


@pytest.mark.parametrize("kind", ["cognito", "lambda"])
def test_b6_smoke_says_which_token_it_lacks_before_it_sends_anything(kind):
    with pytest.raises(UsageError) as refused:
        smoke_deployment(deployed(kind, 0), patience=0, environ={})
    assert kind in refused.value.detail
    assert AUTHORIZATION_VARIABLE in refused.value.hint
