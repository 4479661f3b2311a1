"""What moto lacks is one clear error that no SDK repeats."""

import json
import logging

import pytest
from botocore.parsers import create_parser
from botocore.session import Session

from orchestrator.local_cloud.faults import clear_faults

TEXT = "The local cloud does not implement {}. It works on AWS only (--target aws)."


def _raise(error):
    def handler(_):
        raise error

    return handler


@pytest.mark.parametrize(
    ("boto_name", "service", "request_", "label"),
    [
        ("ec2", "ec2", {"body": b"Action=Do"}, "ec2:Do"),
        ("iam", "iam", {"body": b"Action=Do"}, "iam:Do"),
        ("kms", "kms", {"HTTP_X_AMZ_TARGET": "TrentService.Do"}, "kms:Do"),
        ("s3", "s3", {"method": "PUT", "path": "/b/k"}, "s3:PutObject"),
        (
            "s3control",
            "s3",
            {"method": "GET", "path": "/v20180820/configuration/publicAccessBlock", "HTTP_X_AMZ_ACCOUNT_ID": "1"},
            "s3control:GetPublicAccessBlock",
        ),
        ("lambda", "lambda", {"method": "GET", "path": "/2015-03-31/functions/f"}, "lambda:GetFunction"),
    ],
)
def test_botocore_reads_the_error_in_each_protocol(request_to, boto_name, service, request_, label):
    response = clear_faults(_raise(NotImplementedError("Do")))(request_to(service, **request_))
    protocol = Session().get_service_model(boto_name).metadata["protocol"]
    parsed = create_parser(protocol).parse(
        {"status_code": response.code, "headers": dict(response.headers), "body": response.body}, None
    )
    assert response.code == 501
    assert parsed["Error"]["Code"] == "NotImplemented"
    assert parsed["Error"]["Message"] == TEXT.format(label)


def test_a_service_whose_library_is_not_installed_is_not_implemented(request_to):
    response = clear_faults(_raise(ModuleNotFoundError("No module named 'pyparsing'")))(request_to("glue"))
    assert response.code == 501
    assert b'"NotImplemented"' in response.body


def test_cbor_carries_the_same_two_fields(request_to):
    environ = request_to("monitoring", path="/service/G/operation/Do", HTTP_SMITHY_PROTOCOL="rpc-v2-cbor")
    response = clear_faults(_raise(NotImplementedError()))(environ)
    parsed = create_parser("smithy-rpc-v2-cbor").parse(
        {"status_code": 501, "headers": dict(response.headers), "body": response.body}, None
    )
    assert parsed["Error"]["Code"] == "NotImplemented"
    assert parsed["Error"]["Message"] == TEXT.format("monitoring:Do")


@pytest.mark.parametrize(
    ("changes", "given", "code"),
    [
        ({}, {"code": 404, "body": b"<!doctype html>\n<title>404 Not Found</title>", "Content_Type": "text/html"}, 501),
        ({}, {"code": 404, "body": b""}, 501),
        ({}, {"code": 500, "body": b"The filter 'x' for DescribeY has not been implemented in Moto yet."}, 501),
        ({"service": "s3", "method": "HEAD"}, {"code": 404, "body": b""}, 404),
        ({"service": "s3", "method": "GET", "path": "/b/k"}, {"code": 404, "body": b""}, 404),
        ({}, {"code": 404, "body": b"<Error>NoSuchEntity</Error>", "Content_Type": "text/xml"}, 404),
        ({}, {"code": 400, "body": b"<Error>InvalidVpcID.NotFound</Error>"}, 400),
        ({}, {"code": 200, "body": b"a comment that has not been implemented"}, 200),
    ],
)
def test_recognises_motos_ways_to_say_not_implemented(request_to, answer, changes, given, code):
    assert clear_faults(lambda _: answer(**given))(request_to(**{"body": b"Action=Do"} | changes)).code == code


def test_an_exception_inside_moto_is_not_repeated_and_leaves_its_traceback(request_to, caplog):
    with caplog.at_level(logging.ERROR):
        response = clear_faults(_raise(KeyError("secret-in-an-argument")))(
            request_to("kms", HTTP_X_AMZ_TARGET="TrentService.CreateKey")
        )
    content = json.loads(response.body)
    assert response.code == 501
    assert content["__type"] == "LocalCloudDefect"
    assert "kms:CreateKey (KeyError)" in content["message"]
    assert "secret" not in content["message"]
    assert "Traceback" in caplog.text
