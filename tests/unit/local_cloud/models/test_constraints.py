"""Values against models, in the words of AWS's services (E1)."""

import pytest
from moto.core.model import ServiceModel

from orchestrator.local_cloud.models.constraints import FlawKind, flaws

SHAPES = {
    "Input": {
        "type": "structure",
        "required": ["Name"],
        "members": {
            "Name": {"shape": "Name", "location": "header"},
            "Size": {"shape": "Size"},
            "Color": {"shape": "Color"},
            "Password": {"shape": "Password"},
            "Data": {"shape": "Data"},
            "Names": {"shape": "Names"},
            "Labels": {"shape": "Labels"},
            "Items": {"shape": "Items"},
            "Either": {"shape": "Either"},
        },
    },
    "Name": {"type": "string", "pattern": "[a-z]+", "min": 2, "max": 3},
    "Size": {"type": "integer", "min": 0, "max": 9},
    "Color": {"type": "string", "enum": ["RED", "BLUE"]},
    "Password": {"type": "string", "min": 8, "sensitive": True},
    "Data": {"type": "blob", "max": 2},
    "Names": {"type": "list", "member": {"shape": "Name"}, "max": 2},
    "Labels": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Password"}},
    "Items": {"type": "list", "member": {"shape": "Item"}},
    "Item": {
        "type": "structure",
        "required": ["Color"],
        "members": {"Color": {"shape": "Color"}, "Inner": {"shape": "Items"}},
    },
    "Either": {"type": "structure", "union": True, "members": {"A": {"shape": "Name"}, "B": {"shape": "Size"}}},
}
MODEL = ServiceModel({"metadata": {"protocol": "json"}, "operations": {}, "shapes": SHAPES}, "test")
STATED = "Member must satisfy regular expression pattern: [a-z]+, Member must have length less than or equal to 3, Member must have length greater than or equal to 2"
GOOD = {
    "Name": "ab",
    "Size": 0,
    "Color": "RED",
    "Password": "12345678",
    "Data": b"ab",
    "Names": ["ab", "abc"],
    "Labels": {"ab": "12345678"},
    "Items": [{"Color": "RED", "Inner": [{"Color": "BLUE"}]}],
    "Either": {"B": 1},
}
CASES = [
    ({"Name": None}, FlawKind.MISSING, "Value null at 'name' failed to satisfy constraint: Member must not be null"),
    ({"Name": "AB"}, FlawKind.PATTERN, "Value 'AB' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+"),
    ({"Name": "a"}, FlawKind.LENGTH, "Value 'a' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2"),
    ({"Name": "abcd"}, FlawKind.LENGTH, "Value 'abcd' at 'name' failed to satisfy constraint: Member must have length less than or equal to 3"),
    ({"Size": -1}, FlawKind.RANGE, "Value '-1' at 'size' failed to satisfy constraint: Member must have value greater than or equal to 0"),
    ({"Size": 10}, FlawKind.RANGE, "Value '10' at 'size' failed to satisfy constraint: Member must have value less than or equal to 9"),
    ({"Color": "red"}, FlawKind.ENUM, "Value 'red' at 'color' failed to satisfy constraint: Member must satisfy enum value set: [RED, BLUE]"),
    ({"Password": "secret"}, FlawKind.LENGTH, "Value at 'password' failed to satisfy constraint: Member must have length greater than or equal to 8"),
    ({"Data": b"abc"}, FlawKind.LENGTH, "Value 'java.nio.HeapByteBuffer[pos=0 lim=3 cap=3]' at 'data' failed to satisfy constraint: Member must have length less than or equal to 2"),
    ({"Names": ["ab"] * 3}, FlawKind.LENGTH, "Value '[ab, ab, ab]' at 'names' failed to satisfy constraint: Member must have length less than or equal to 2"),
    ({"Names": ["ab", "A"]}, FlawKind.PATTERN, f"Value '[ab, A]' at 'names' failed to satisfy constraint: Member must satisfy constraint: [{STATED}]"),
    ({"Labels": {"A": "12345678"}}, FlawKind.PATTERN, f"Value at 'labels' failed to satisfy constraint: Map keys must satisfy constraint: [{STATED}]"),
    ({"Labels": {"ab": "1"}}, FlawKind.LENGTH, "Value at 'labels' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length greater than or equal to 8]"),
    ({"Items": [{"Color": "RED"}, {"Color": "x"}]}, FlawKind.ENUM, "Value 'x' at 'items.2.member.color' failed to satisfy constraint: Member must satisfy enum value set: [RED, BLUE]"),
    ({"Items": [{"Color": "RED", "Inner": [{}]}]}, FlawKind.MISSING, "Value null at 'items.1.member.inner.1.member.color' failed to satisfy constraint: Member must not be null"),
    ({"Either": {}}, FlawKind.UNION, "Value at 'either' failed to satisfy constraint: Exactly one of [A, B] must be set"),
    ({"Either": {"A": "ab", "B": 1}}, FlawKind.UNION, "Value at 'either' failed to satisfy constraint: Exactly one of [A, B] must be set"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "kind", "sentence"), CASES)
def test_e1_each_constraint_is_reported_in_the_words_of_a_service(change, kind, sentence):
    shape = MODEL.shape_for("Input")
    assert list(flaws(shape, GOOD)) == []
    (flaw,) = flaws(shape, GOOD | change)
    assert (flaw.kind, flaw.sentence) == (kind, sentence)


def test_e1_flaws_come_together_in_the_order_of_a_service():
    found = [(flaw.kind, flaw.location) for flaw in flaws(MODEL.shape_for("Input"), {"Name": "A", "Color": "x"})]
    assert found == [(FlawKind.PATTERN, "header"), (FlawKind.LENGTH, "header"), (FlawKind.ENUM, "")]
