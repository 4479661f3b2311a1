"""What is compared are the states as they are in the bucket, and a lost one is noticed (B12)."""

import json

import pytest

from orchestrator.adapters.aws.sweep.documents import require_no_lost_state, state_documents
from orchestrator.errors import PlatformctlError
from tests.fakes.s3 import FakeS3

KEY = "pr42/vpc/terraform.tfstate"
STATE = json.dumps({"version": 4, "resources": [{"mode": "managed", "type": "aws_vpc", "instances": [{}]}]})
EMPTY = '{"version": 4}'


def test_states_are_read_by_key_and_one_that_is_gone_records_nothing(session_of):
    session = session_of(FakeS3(objects={KEY: STATE}))
    assert state_documents(session, "states", [KEY, "pr42/gone/terraform.tfstate"]) == {KEY: json.loads(STATE)}


@pytest.mark.parametrize("call", [lambda session: state_documents(session, "states", [KEY]), None])
def test_b12_a_state_that_cannot_be_read_is_an_error(session_of, call):
    def lost(session):
        require_no_lost_state(session, "states", "pr42")

    with pytest.raises(PlatformctlError) as caught:
        (call or lost)(session_of(FakeS3(objects={KEY: "hunter2"} if call else {}, deleted={KEY: "hunter2"})))
    assert caught.value.detail == f"s3://states/{KEY} is not JSON."


def test_b12_a_state_that_was_deleted_while_it_recorded_something_is_named(session_of):
    with pytest.raises(PlatformctlError) as caught:
        require_no_lost_state(session_of(FakeS3(deleted={KEY: STATE})), "states", "pr42")
    assert caught.value.detail.startswith(f"s3://states/{KEY} recorded 1. ")
    assert caught.value.hint.endswith(f"delete-object --bucket states --key {KEY} --version-id {KEY} marker")


@pytest.mark.parametrize(
    "s3",
    [
        FakeS3(objects=None),
        FakeS3(objects={KEY: STATE}),
        FakeS3(deleted={KEY: EMPTY}),
        FakeS3(deleted={"pr421/vpc/terraform.tfstate": STATE, "pr42/platformctl.json": "{}"}),
    ],
)
def test_b12_nothing_is_lost_where_no_state_was_deleted_that_recorded_something(session_of, s3):
    require_no_lost_state(session_of(s3), "states", "pr42")


def test_a_refusal_is_an_error_of_ours(session, s3):
    s3.add_client_error("list_object_versions", "AccessDenied", "not you", http_status_code=403)
    with pytest.raises(PlatformctlError, match="Looking for deleted states failed"):
        require_no_lost_state(session, "states", "pr42")
