"""Terraform's JSON lines to progress and errors."""

import json

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
