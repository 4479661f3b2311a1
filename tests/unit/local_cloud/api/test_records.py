"""Log lines reach their groups in order, and one group's failure is its own."""

import logging

from orchestrator.local_cloud.api.records import Line, Records, stream_of
from orchestrator.local_cloud.api.variables import Text


def test_lines_are_delivered_by_group_in_the_order_of_their_times():
    delivered = []
    records = Records(lambda *what: delivered.append(what))
    for group, time, message in [("a", 2, "second"), ("b", 9, "other"), ("a", 1, "first")]:
        records.write(group, Line(time, message))
    records.flush()
    records.flush()
    assert delivered == [
        ("a", stream_of("a"), [Line(1, "first"), Line(2, "second")]),
        ("b", stream_of("b"), [Line(9, "other")]),
    ]


def test_a_group_that_fails_keeps_no_other_from_its_lines(caplog):
    delivered = []

    def deliver(group, _, lines):
        if group == "bad":
            raise RuntimeError("full")
        delivered.extend(lines)

    records = Records(deliver)
    records.write("bad", Line(1, "lost"))
    records.write("good", Line(1, "kept"))
    with caplog.at_level(logging.ERROR, logger="platformctl.local_cloud"):
        records.flush()
    assert delivered == [Line(1, "kept")]
    assert caplog.messages == ["1 lines for the log group bad are lost"]


def test_references_are_replaced_and_what_has_no_value_is_marked():
    values = {"context.requestId": "r1", "context.error.message": "no", "stageVariables.colour": "blue"}
    source = '$context.requestId. $context.error.message $stageVariables.colour "$context.none" $5 $context'
    assert Text(source).render(values, missing="-") == 'r1. no blue "-" $5 $context'
