"""States read from S3 without Terraform, and removed (A2, C8)."""

import io
import json
from decimal import Decimal

import pytest
from botocore.response import StreamingBody

from orchestrator.adapters.aws.states import S3States, parse_state
from orchestrator.errors import PlatformctlError
from orchestrator.hcl.values import Sensitive, unmark

STATE = {
    "version": 4,
    "terraform_version": "1.11.4",
    "outputs": {
        "vpc_id": {"value": "vpc-1", "type": "string"},
        "zones": {"value": ["a", "b"], "type": ["list", "string"]},
        "ratio": {"value": 0.1, "type": "number"},
        "password": {"value": "hunter2", "type": "string", "sensitive": True},
        "nothing": {"value": None, "type": "dynamic"},
    },
    "resources": [
        {"mode": "managed", "type": "aws_subnet", "name": "this", "instances": [{}, {}, {}]},
        {"mode": "managed", "type": "aws_eip", "name": "none", "instances": []},
        {"mode": "data", "type": "aws_region", "name": "this", "instances": [{}]},
    ],
}
WHERE = {"Bucket": "states", "Key": "pr42/vpc/terraform.tfstate"}


def body(document):
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return {"Body": StreamingBody(io.BytesIO(text), len(text))}


def test_a_state_has_outputs_and_counts_managed_instances_only():
    state = parse_state(STATE)
    assert {name: unmark(value) for name, value in state.outputs.items()} == {
        "vpc_id": "vpc-1",
        "zones": ["a", "b"],
        "ratio": Decimal("0.1"),
        "password": "hunter2",
        "nothing": None,
    }
    assert state.resources == 3
    assert state.document is STATE


def test_c8_sensitive_outputs_are_marked():
    state = parse_state(STATE)
    assert isinstance(state.outputs["password"], Sensitive)
    assert "hunter2" not in repr(state)


def test_an_empty_state():
    state = parse_state({"version": 4})
    assert (state.outputs, state.resources) == ({}, 0)


@pytest.mark.parametrize("version", [3, 5, None])
def test_another_format_is_refused(version):
    with pytest.raises(PlatformctlError) as caught:
        parse_state({"version": version})
    assert caught.value.detail == f"The state is of version {version}, expected was 4."


def test_reading(session, s3, unit_of):
    s3.add_response("get_object", body(STATE), WHERE)
    assert S3States(session).read(unit_of()).resources == 3


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchBucket"])
def test_a_unit_that_was_never_applied_has_no_state(session, s3, unit_of, code):
    s3.add_client_error("get_object", code, http_status_code=404, expected_params=WHERE)
    assert S3States(session).read(unit_of()) is None


def test_a_refusal_of_s3_is_not_taken_for_a_missing_state(session, s3, unit_of):
    s3.add_client_error("get_object", "AccessDenied", "not you", http_status_code=403)
    with pytest.raises(PlatformctlError) as caught:
        S3States(session).read(unit_of())
    assert caught.value.summary == 'Reading the state of unit "vpc" failed'
    assert "not you" in caught.value.detail


def test_no_connection_is_not_taken_for_a_missing_state(offline, unit_of):
    for call in (S3States(offline).read, S3States(offline).remove):
        with pytest.raises(PlatformctlError, match='the state of unit "vpc" failed'):
            call(unit_of())


def test_c8_a_state_that_is_no_json_is_named_and_not_shown(session, s3, unit_of):
    s3.add_response("get_object", body(b'{"outputs": "hunter2'), WHERE)
    with pytest.raises(PlatformctlError) as caught:
        S3States(session).read(unit_of())
    assert '"vpc"' in caught.value.summary + caught.value.detail
    assert "hunter2" not in caught.value.summary + caught.value.detail


def test_a2_removing(session, s3, unit_of):
    s3.add_response("delete_object", {}, WHERE)
    S3States(session).remove(unit_of())
    s3.add_client_error("delete_object", "AccessDenied", "not you")
    with pytest.raises(PlatformctlError, match='Removing the state of unit "vpc" failed'):
        S3States(session).remove(unit_of())
