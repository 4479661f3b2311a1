"""States read from S3 without Terraform, and removed (A2, C8)."""

from decimal import Decimal

import pytest

from orchestrator.adapters.aws.states import S3States
from orchestrator.errors import PlatformctlError
from orchestrator.hcl import dump_json
from orchestrator.hcl.values import Sensitive, unmark
from tests.fakes.errors import error_of
from tests.fakes.s3 import FakeS3

STATE = {
    "version": 4,
    "terraform_version": "1.11.4",
    "outputs": {
        "vpc_id": {"value": "vpc-1", "type": "string"},
        "zones": {"value": ["a", "b"], "type": ["list", "string"]},
        "ratio": {"value": Decimal("0.1234567890123456789"), "type": "number"},
        "password": {"value": "hunter2", "type": "string", "sensitive": True},
        "nothing": {"value": None, "type": "dynamic"},
    },
    "resources": [
        {"mode": "managed", "type": "aws_subnet", "name": "this", "instances": [{}, {"attributes": None}, {}]},
        {"mode": "managed", "type": "aws_eip", "name": "none", "instances": []},
        {"mode": "data", "type": "aws_region", "name": "this", "instances": [{}]},
    ],
}
KEY = "pr42/vpc/terraform.tfstate"


@pytest.fixture
def read(session_of, unit_of):
    """Read the state of the unit from a bucket that holds this text."""
    return lambda text: S3States(session_of(FakeS3(objects={KEY: text}))).read(unit_of())


def test_a_state_has_outputs_and_counts_managed_instances_only(read):
    state = read(dump_json(STATE))
    assert {name: unmark(value) for name, value in state.outputs.items()} == {
        "vpc_id": "vpc-1",
        "zones": ["a", "b"],
        "ratio": Decimal("0.1234567890123456789"),
        "password": "hunter2",
        "nothing": None,
    }
    assert state.resources == 3
    assert state.document == STATE


def test_c8_sensitive_outputs_are_marked(read):
    state = read(dump_json(STATE))
    assert isinstance(state.outputs["password"], Sensitive)
    assert "hunter2" not in repr(state)


def test_an_empty_state(read):
    state = read('{"version": 4}')
    assert (state.outputs, state.resources) == ({}, 0)


INVALID = "is not a Terraform state of format version 4: "


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not JSON"),
        ('{"outputs": "hunter2', "is not JSON"),
        ('{"version": 4, "outputs": {"n": {"value": NaN}}}', "is not JSON"),
        ('{"version": 4, "outputs": {"n": {"value": 1e999999999}}}', "is not JSON"),
        (f'{{"version": 4, "outputs": {{"n": {{"value": {"9" * 5000}}}}}}}', "is not JSON"),
        (f'{{"version": 4, "outputs": {{"n": {{"value": {"[" * 900}{"]" * 900}}}}}}}', "is not JSON"),
        ('["hunter2"]', INVALID + "Expected `object`, got `array`"),
        ('{"hunter2": 1}', INVALID + "Object missing required field `version`"),
        ('{"version": 3}', INVALID + "Invalid enum value 3 - at `$.version`"),
        ('{"version": 4, "outputs": {"a": "hunter2"}}', INVALID + "Expected `object`, got `str` - at `$.outputs[...]`"),
        ('{"version": 4, "resources": {"hunter2": 1}}', INVALID + "Expected `array`, got `object` - at `$.resources`"),
        (
            '{"version": 4, "resources": [{"mode": "managed", "type": "aws_vpc", "instances": [{"attributes": 5}]}]}',
            INVALID + "Expected `object | null`, got `int` - at `$.resources[0].instances[0].attributes`",
        ),
    ],
)
def test_c8_an_object_that_is_no_state_is_named_and_not_shown(read, text, why):
    error = error_of(lambda: read(text))
    assert (error.summary, error.detail) == ("A state cannot be read", f"s3://states/{KEY} {why}.")
    assert f"aws s3api list-object-versions --bucket states --prefix {KEY}" in error.hint
    assert "hunter2" not in error.detail + str(error.__cause__)


@pytest.mark.parametrize("objects", [{}, None])
def test_a_unit_that_was_never_applied_has_no_state(session_of, unit_of, objects):
    assert S3States(session_of(FakeS3(objects=objects))).read(unit_of()) is None


def test_a_refusal_of_s3_is_not_taken_for_a_missing_state(session, s3, unit_of):
    s3.add_client_error("get_object", "AccessDenied", "not you", http_status_code=403)
    error = error_of(lambda: S3States(session).read(unit_of()))
    assert error.summary == 'Reading the state of unit "vpc" failed'
    assert "not you" in error.detail


def test_no_connection_is_not_taken_for_a_missing_state(offline, unit_of):
    for call in (S3States(offline).read, S3States(offline).remove):
        with pytest.raises(PlatformctlError, match='the state of unit "vpc" failed'):
            call(unit_of())


def test_a2_removing(session, s3, unit_of):
    s3.add_response("delete_object", {}, {"Bucket": "states", "Key": KEY})
    S3States(session).remove(unit_of())
    s3.add_client_error("delete_object", "AccessDenied", "not you")
    with pytest.raises(PlatformctlError, match='Removing the state of unit "vpc" failed'):
        S3States(session).remove(unit_of())
