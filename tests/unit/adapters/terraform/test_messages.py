"""Terraform's JSON lines to progress and errors."""

import json

import pytest

from orchestrator.adapters.terraform.messages import MessageReader
from orchestrator.engine.ports import Planned, ResourceProgress
from orchestrator.model.status import Changes


def hook(kind, address, action, seconds=None):
    body = {"resource": {"addr": address}, "action": action}
    if seconds is not None:
        body["elapsed_seconds"] = seconds
    return json.dumps({"type": kind, "hook": body})


def read(*lines):
    told = []
    reader = MessageReader(report=told.append)
    for line in lines:
        reader.feed(line)
    return reader, told


def test_what_was_done_is_counted_resource_by_resource_so_that_failures_count_too():
    reader, told = read(
        json.dumps({"type": "change_summary", "changes": {"add": 2, "change": 0, "remove": 1, "operation": "plan"}}),
        hook("apply_start", "aws_vpc.this", "create"),
        hook("apply_complete", "aws_vpc.this", "create", 11),
        hook("apply_complete", "aws_eip.old", "delete", 1),
        hook("apply_start", "aws_subnet.this", "create"),
        hook("apply_errored", "aws_subnet.this", "create", 3),
    )
    assert reader.changes == Changes(add=1, destroy=1)
    assert told[0] == Planned(changes=Changes(add=2, destroy=1))
    assert told[1:3] == [
        ResourceProgress(address="aws_vpc.this", action="create"),
        ResourceProgress(address="aws_vpc.this", action="create", seconds=11.0),
    ]
    assert told[-1] == ResourceProgress(address="aws_subnet.this", action="create", seconds=3.0, failed=True)


def test_reading_a_data_source_is_no_change():
    reader, told = read(hook("apply_start", "data.aws_region.this", "read"))
    assert (reader.changes, told) == (Changes(), [])


def test_errors_name_resource_reason_and_place():
    reader, _ = read(
        json.dumps(
            {
                "type": "diagnostic",
                "diagnostic": {
                    "severity": "error",
                    "summary": "creating EC2 VPC",
                    "detail": "VpcLimitExceeded\n",
                    "address": "aws_vpc.this",
                    "range": {"filename": "main.tf", "start": {"line": 3}},
                },
            }
        )
    )
    assert reader.explanation() == ("aws_vpc.this: creating EC2 VPC\nVpcLimitExceeded\nat main.tf:3",)


def test_a_crash_is_explained_by_what_it_printed_last():
    reader, _ = read("panic: runtime error", *[f"goroutine {number}" for number in range(30)])
    (text,) = reader.explanation()
    assert text.splitlines()[-1] == "goroutine 29"
    assert len(text.splitlines()) == 20


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "null",
        "3",
        '{"type": "apply_start"}',
        '{"type": "apply_start", "hook": {"resource": {}}}',
        '{"type": "change_summary", "changes": {"operation": "plan", "add": "many"}}',
        '{"type": "diagnostic", "diagnostic": {"severity": 5}}',
        '{"type": ["apply_start"]}',
        '{"@level": "info"}',
        "[" * 100_000,
        '{"type": "apply_st',
    ],
)
def test_c5_what_is_no_message_is_kept_as_text_and_changes_nothing(line):
    reader, told = read(line)
    assert (told, reader.has_begun, reader.has_messages, reader.warnings) == ([], False, False, [])
    assert reader.explanation() == (line[:2000],)


def planned(action, *, resource="aws_vpc.this", module="", **more):
    addr = f"{module}.{resource}" if module else resource
    change = {"resource": {"addr": addr, "module": module, "resource": resource}, "action": action}
    return json.dumps({"type": "planned_change", "change": change | more})


MOVED = {"previous_resource": {"addr": "aws_vpc.old"}}


def test_c9_warnings_are_kept_with_their_places():
    place = {"filename": "main.tf", "start": {"line": 7}}
    line = {"severity": "warning", "summary": "Check block assertion failed", "detail": "wrong", "range": place}
    reader, told = read(json.dumps({"type": "diagnostic", "diagnostic": line}))
    assert [warned.text for warned in reader.warnings] == ["Check block assertion failed\nwrong\nat main.tf:7"]
    assert (reader.errors, told) == ([], [])


def test_a_plan_is_over_with_its_summary_and_drift_is_noted():
    summary = {"type": "change_summary", "changes": {"add": 0, "change": 0, "remove": 0, "operation": "plan"}}
    reader, _ = read(planned("create"))
    assert (reader.has_plan, reader.has_drifted) == (False, False)
    reader, _ = read(json.dumps({"type": "resource_drift", "change": {}}), json.dumps(summary))
    assert (reader.has_plan, reader.has_drifted) == (True, True)


@pytest.mark.parametrize(
    ("line", "begun"),
    [
        ({"type": "version", "terraform": "1.11.4"}, False),
        ({"type": "diagnostic", "diagnostic": {"severity": "warning"}}, False),
        ({"type": "refresh_start", "hook": {"resource": {"addr": "a.b"}}}, True),
        (json.loads(planned("noop")), True),
        (json.loads(hook("apply_start", "data.aws_region.this", "read")), True),
    ],
)
def test_terraform_has_read_everything_when_it_comes_to_resources(line, begun):
    reader, _ = read(json.dumps(line), json.dumps({"type": "log"}))
    assert reader.has_begun is begun


def test_what_was_begun_and_has_not_ended_is_known():
    reader, _ = read(
        hook("apply_start", "aws_vpc.this", "create"),
        hook("apply_start", "aws_eip.this", "delete"),
        hook("apply_start", "aws_subnet.this", "update"),
        hook("apply_start", "data.aws_region.this", "read"),
        hook("apply_complete", "aws_eip.this", "delete", 1),
        hook("apply_errored", "aws_subnet.this", "update", 1),
    )
    assert reader.under_way == ("create aws_vpc.this",)
