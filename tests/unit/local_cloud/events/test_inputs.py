"""What a target gets of an event."""

import json

import pytest

from orchestrator.local_cloud.events.inputs import filled, input_for, value_at

EVENT = {
    "source": "aws.config",
    "time": "2026-11-22T10:00:00Z",
    "detail": {"rule": 'a "b"', "items": [{"id": 7}, "x"], "none": None, "yes": True},
}
RULE = {"rule_name": "r", "rule_arn": "arn:aws:events:us-east-1:123456789012:rule/r"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", EVENT),
        ("$.source", "aws.config"),
        ("$.detail.items[0].id", 7),
        ("$.detail.items[1]", "x"),
        ("$.detail['rule']", 'a "b"'),
        ("$.detail.items[9]", None),
        ("$.detail.items.id", None),
        ("$.source[0]", None),
        ("$.nothing.at.all", None),
        ("$..source", None),
        (f"$.detail.items[{'9' * 5000}]", None),
    ],
)
def test_paths(path, value):
    assert value_at(path, EVENT) == value


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('"<rule> is bad"', '"a \\"b\\" is bad"'),
        ('{"rule": <rule>, "id": <id>, "yes": <yes>}', '{"rule": "a \\"b\\"", "id": 7, "yes": true}'),
        ('{"text": "<items>"}', '{"text": "[{\\"id\\": 7}, \\"x\\"]"}'),
        ('{"items": <items>}', '{"items": [{"id": 7}, "x"]}'),
        ('"-<none>-<missing>-"', '"---"'),
        ('{"none": <none>}', '{"none": ""}'),
        ('"<unknown> stays, \\"<id>\\" too"', '"<unknown> stays, \\"7\\" too"'),
        ('"one <id>"\n"two <id>"\n', '"one 7"\n"two 7"\n'),
    ],
)
def test_templates(template, text):
    values = {**EVENT["detail"], "id": 7, "missing": None}
    assert filled(template, values) == text


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({}, EVENT),
        ({"Input": '{"fixed": 1}'}, {"fixed": 1}),
        ({"InputPath": "$.detail.items"}, [{"id": 7}, "x"]),
        (
            {"InputTransformer": {"InputPathsMap": {"s": "$.source"}, "InputTemplate": '{"s": <s>}'}},
            {"s": "aws.config"},
        ),
        (
            {"InputTransformer": {"InputTemplate": '["<aws.events.rule-name>", <aws.events.rule-arn>]'}},
            ["r", RULE["rule_arn"]],
        ),
        ({"InputTransformer": {"InputTemplate": "<aws.events.event.json>"}}, EVENT),
        (
            {"InputTransformer": {"InputTemplate": "<aws.events.event>"}},
            {"source": "aws.config", "time": "2026-11-22T10:00:00Z"},
        ),
    ],
)
def test_inputs(target, expected):
    assert json.loads(input_for(target, EVENT, **RULE)) == expected
