"""The layer: what passes, what is refused and how it is counted (E1)."""

import json
import logging

import pytest

from orchestrator.local_cloud.models.check import ModelTally, check_models

ROLE = b"Action=CreateRole&Version=2010-05-08&AssumeRolePolicyDocument=x&RoleName="


@pytest.fixture
def layer(answer):
    tally = ModelTally()
    return check_models(lambda _environ: answer(body=b"passed"), tally), tally


def test_e1_a_good_request_passes_with_its_body_at_the_start(layer, request_to):
    handle, tally = layer
    environ = request_to("iam", body=ROLE + b"good")
    assert handle(environ).body == b"passed"
    assert environ["wsgi.input"].read() == ROLE + b"good"
    assert tally.report() == {"checked": 1, "refused": {}, "unknown": {}, "limited": {}}


def test_e1_a_refusal_has_the_form_of_its_protocol_and_is_counted_and_logged_without_values(layer, request_to, caplog):
    handle, tally = layer
    with caplog.at_level(logging.WARNING):
        refused = handle(request_to("iam", body=ROLE + b"bad+name"))
    assert refused.code == 400
    assert (
        b"<Type>Sender</Type><Code>ValidationError</Code><Message>1 validation error detected: Value 'bad name'"
        in refused.body
    )
    assert tally.report() == {"checked": 1, "refused": {"iam:CreateRole": 1}, "unknown": {}, "limited": {}}
    assert caplog.messages == ["model: iam:CreateRole refused with ValidationError: pattern roleName"]


def test_e1_a_member_that_most_services_skip_is_counted_and_passes(layer, request_to, caplog):
    handle, tally = layer
    assert handle(request_to("iam", body=ROLE + b"good&Rolename=x")).body == b"passed"
    assert tally.report()["unknown"] == {"iam:CreateRole": 1}
    assert caplog.messages == ["model: iam:CreateRole has no Rolename; the service skips it"]


def json_request(request_to, service, target, body):
    return request_to(
        service, body=json.dumps(body).encode(), HTTP_X_AMZ_TARGET=target, CONTENT_TYPE="application/x-amz-json-1.0"
    )


def test_e1_services_that_once_spoke_the_query_protocol_still_give_its_codes(layer, request_to):
    refused = layer[0](json_request(request_to, "sqs", "AmazonSQS.CreateQueue", {}))
    assert refused.header("x-amzn-query-error") == "MissingParameter;Sender"
    assert json.loads(refused.body)["message"] == "The request must contain the parameter QueueName"


def test_e1_wrong_types_are_refused_as_unreadable(layer, request_to):
    refused = layer[0](json_request(request_to, "kms", "TrentService.DescribeKey", {"KeyId": 7}))
    assert json.loads(refused.body) == {
        "__type": "SerializationException",
        "message": "NUMBER_VALUE can not be converted to String",
    }


EC2 = b"Action=CreateSubnet&Version=2016-11-15"
EC2_CASES = [
    (b"", "MissingParameter", b"The request must contain the parameter VpcId"),
    (b"&VpcId=v&Shape=x", "UnknownParameter", b"The parameter Shape is not recognized"),
    (b"&VpcId=v&Ipv4NetmaskLength=x", "InvalidParameterValue", b"cannot be parsed"),
]


@pytest.mark.parametrize(("parameters", "code", "message"), EC2_CASES)
def test_e1_ec2_has_codes_of_its_own(layer, request_to, parameters, code, message):
    refused = layer[0](request_to("ec2", body=EC2 + parameters))
    assert f"<Code>{code}</Code>".encode() in refused.body
    assert message in refused.body


VERSIONING = b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">%s</VersioningConfiguration>'
S3_CASES = [
    (b"", "MissingRequestBodyError"),
    (b"<not", "MalformedXML"),
    (VERSIONING % b"<Status>On</Status>", "MalformedXML"),
    (VERSIONING % b"<State>Enabled</State>", "MalformedXML"),
    (VERSIONING % b"<Status>Enabled</Status>", ""),
]


@pytest.mark.parametrize(("body", "code"), S3_CASES)
def test_e1_s3_knows_its_schema(layer, request_to, body, code):
    answered = layer[0](request_to("s3", method="PUT", path="/b", body=body, QUERY_STRING="versioning"))
    assert (f"<Code>{code}</Code>".encode() if code else b"passed") in answered.body


def test_e1_the_answer_to_head_has_no_body(layer, request_to):
    refused = layer[0](request_to("s3", method="HEAD", path="/b/k", HTTP_X_AMZ_CHECKSUM_MODE="SOMETIMES"))
    assert (refused.code, refused.body) == (400, b"")


@pytest.mark.parametrize("service", ["no-such-service", "iam", ""])
def test_e1_what_has_no_model_passes(layer, request_to, service):
    assert layer[0](request_to(service, body=b"Action=NoSuchAction&Version=x")).body == b"passed"
    assert layer[1].report()["checked"] == 0


@pytest.mark.parametrize(("version", "code"), [("2012-06-01", 200), ("2015-12-01", 400)])
def test_e1_services_that_share_a_name_are_told_apart_by_version(layer, request_to, version, code):
    body = f"Action=CreateLoadBalancer&Version={version}&LoadBalancerName=x&Listeners.member.1.Protocol=tcp"
    body += "&Listeners.member.1.LoadBalancerPort=1&Listeners.member.1.InstancePort=1"
    assert layer[0](request_to("elasticloadbalancing", body=body.encode())).code == code
