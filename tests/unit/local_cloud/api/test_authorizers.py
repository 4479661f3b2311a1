"""Who calls is checked before the API key, and the function learns it (B6)."""

import json

import pytest

from tests.unit.local_cloud.api.conftest import Answer

SIGNATURE = "AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=00"
METHOD = "arn:aws:execute-api:us-east-1:123456789012:api1/v1/GET/asked"


def policy(effect="Allow", resource=METHOD):
    return {"Statement": [{"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}]}


def says(**answer):
    return lambda _event: Answer(json.dumps({"principalId": "anna", "policyDocument": policy(), **answer}).encode())


def test_b6_a_function_decides_and_the_backend_learns_of_whom(ask, functions):
    functions.by_name["who"] = says(context={"desk": "fx", "level": 3})
    response = ask("/asked", authorization="token-1")
    assert response.code == 200
    authorizer, backend = functions.events
    assert (authorizer["type"], authorizer["methodArn"]) == ("REQUEST", METHOD)
    assert authorizer["headers"]["Authorization"] == "token-1"
    assert "body" not in authorizer
    assert backend["requestContext"]["authorizer"] == {"principalId": "anna", "desk": "fx", "level": "3"}


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        (
            says(policyDocument=policy("Deny")),
            403,
            "User is not authorized to access this resource with an explicit deny",
        ),
        (
            says(policyDocument=policy(resource=METHOD.replace("GET", "PUT"))),
            403,
            "User is not authorized to access this resource",
        ),
        (lambda _: Answer(b'{"errorMessage": "Unauthorized"}', "Unhandled"), 401, "Unauthorized"),
        (lambda _: Answer(b'{"errorMessage": "secret"}', "Unhandled"), 500, "Internal server error"),
        (lambda _: Answer(b'{"principalId": "anna"}'), 500, "Internal server error"),
        (lambda _: Answer(b"[]"), 500, "Internal server error"),
    ],
)
def test_b6_what_a_function_refuses_reaches_no_backend(ask, functions, answer, status, message):
    functions.by_name["who"] = answer
    response = ask("/asked", authorization="token-1")
    assert (response.code, json.loads(response.body)["message"]) == (status, message)
    assert len(functions.events) == 1


def test_b6_without_the_header_the_function_is_not_asked(ask, functions):
    response = ask("/asked")
    assert (response.code, json.loads(response.body)["message"], functions.events) == (401, "Unauthorized", [])


@pytest.mark.parametrize("signature", ["", "Bearer x", SIGNATURE.format("s3")])
def test_b6_iam_asks_for_a_signature_for_the_api(ask, functions, signature):
    response = ask("/signed", **({"authorization": signature} if signature else {}))
    # In the wording of this API.
    assert (response.code, json.loads(response.body), functions.events) == (404, {"message": "Not Found"}, [])


def test_b6_an_unknown_kind_of_authorization_is_said(ask):
    response = ask("/odd")
    assert (response.code, b"ODD" in response.body) == (501, True)
