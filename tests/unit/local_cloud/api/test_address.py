"""Which URL belongs to which stage."""

import pytest

from orchestrator.local_cloud.api.address import StageAddress, local_url, target_of, url

AWS = "ab12.execute-api.us-east-1.amazonaws.com"
LOCAL = "127.0.0.1:4566"


@pytest.mark.parametrize(
    ("host", "path", "target"),
    [
        (LOCAL, "/restapis/ab12/v1/_user_request_/bars/AAPL", StageAddress("ab12", "v1", "/bars/AAPL")),
        (LOCAL, "/restapis/ab12/v1/_user_request_/", StageAddress("ab12", "v1", "/")),
        (LOCAL, "/restapis/ab12/v1/_user_request_", StageAddress("ab12", "v1", "/")),
        (LOCAL, "/restapis/ab12/v1/_user_request_x", None),
        (LOCAL, "/restapis/ab12/deployments", None),
        (LOCAL, "/bucket/restapis/ab12/v1/_user_request_/x", None),
        (AWS, "/v1/bars", StageAddress("ab12", "v1", "/bars")),
        (AWS.upper(), "/v1", StageAddress("ab12", "v1", "/")),
        (f"{AWS}:4566", "/v1/a%2Fb", StageAddress("ab12", "v1", "/a%2Fb")),
        (AWS, "/", StageAddress("ab12", "", "/")),
        ("ab12.execute-api.eu-west-1.amazonaws.com", "/v1/bars", None),
        ("apigateway.us-east-1.amazonaws.com", "/restapis", None),
    ],
)
def test_target_of(host, path, target):
    assert target_of(host, path) == target


def test_b14_the_url_of_the_outputs_becomes_one_of_the_local_cloud():
    local = "http://127.0.0.1:4566/restapis/ab12/v1/_user_request_"
    assert url("http://127.0.0.1:4566/", "ab12", "v1") == local
    assert local_url("http://127.0.0.1:4566", f"https://{AWS}/v1") == local
    assert local_url("http://127.0.0.1:4566", f"https://{AWS}/v1/health") == f"{local}/health"


@pytest.mark.parametrize("given", ["https://example.com/v1", f"https://{AWS}", "nothing"])
def test_what_is_no_url_of_a_stage_is_refused(given):
    with pytest.raises(ValueError, match="is not the URL of a stage"):
        local_url("http://127.0.0.1:4566", given)
