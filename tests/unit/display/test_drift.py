"""Drift as text (C5, C8)."""

import pytest

from orchestrator.display.plan import render_drift
from orchestrator.engine.drift import Difference, Drift, Kind, drift_of
from orchestrator.engine.plan import AttributeChange, PlannedChange, read_plan
from orchestrator.model.status import Action


def item(kind, repair="", *attributes, address="aws_vpc.this", cloud="update"):
    return Difference(
        kind=kind,
        address=address,
        cloud=PlannedChange(address=address, action=Action(cloud)),
        repair=PlannedChange(address=address, action=Action(repair), attributes=attributes) if repair else None,
    )


def shown(*items):
    return render_drift(Drift(units={"vpc": items} if items else {}), order=("kms", "vpc")).plain


TAGS = AttributeChange(name="tags", before={"by": "hand"}, after=None)

LINES = [
    (item(Kind.DELETED, "create", cloud="delete"), "- aws_vpc.this  is gone from the cloud; up creates it"),
    (item(Kind.DELETED, cloud="delete"), "- aws_vpc.this  is gone from the cloud"),
    (item(Kind.CHANGED, "update"), "~ aws_vpc.this  was changed in the cloud; up changes it back"),
    (item(Kind.CHANGED, "replace"), "~ aws_vpc.this  was changed in the cloud; up replaces it"),
    (item(Kind.FOLLOWS, "replace"), "> aws_vpc.this  follows from another one; up replaces it"),
    (
        item(Kind.NOT_APPLIED, "delete"),
        "+ aws_vpc.this  differs from the configuration, which is newer than the last up; up deletes it",
    ),
    (
        item(Kind.NOT_APPLIED, "move"),
        "+ aws_vpc.this  differs from the configuration, which is newer than the last up",
    ),
]


@pytest.mark.parametrize(("difference", "line"), LINES, ids=[line for _, line in LINES])
def test_c5_what_differs_and_what_up_does_about_it(difference, line):
    assert shown(difference).splitlines() == ["vpc", f"  {line}", "", "Drift: 1 resource differs."]


def test_c5_what_was_changed_shows_the_way_back():
    """From what is there to what shall be there; of the others only that they differ."""
    lines = shown(
        item(Kind.CHANGED, "update", TAGS), item(Kind.FOLLOWS, "update", TAGS, address="aws_eip.x")
    ).splitlines()
    assert lines == [
        "vpc",
        "  ~ aws_vpc.this  was changed in the cloud; up changes it back",
        '      tags: {"by": "hand"} -> null',
        "  > aws_eip.x  follows from another one; up changes it back",
        "",
        "Drift: 2 resources differ.",
    ]


def test_c5_units_in_dependency_order():
    drift = Drift(units={"vpc": (item(Kind.CHANGED, "update"),), "kms": (item(Kind.CHANGED, "update"),)})
    lines = render_drift(drift, order=("docs", "kms", "vpc")).plain.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == ["kms", "vpc", "", "Drift: 2 resources differ."]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "No drift: the cloud is as it was deployed."),
        (
            1,
            (
                "No drift: the cloud is as it was deployed.\n"
                "1 more resource has other values in attributes that the configuration leaves open; --json names them."
            ),
        ),
        (
            2,
            (
                "No drift: the cloud is as it was deployed.\n"
                "2 more resources have other values in attributes that the configuration leaves open; --json names them."
            ),
        ),
    ],
)
def test_c5_what_up_would_leave_as_it_is_comes_as_a_number_alone(count, text):
    assert shown(*[item(Kind.OUTSIDE, address=f"a.b[{number}]") for number in range(count)]) == text


def test_c5_what_is_left_open_is_not_counted_as_drift():
    lines = shown(item(Kind.CHANGED, "update"), item(Kind.OUTSIDE, address="a.b")).splitlines()
    assert lines[-2:] == [
        "Drift: 1 resource differs.",
        "1 more resource has other values in attributes that the configuration leaves open; --json names them.",
    ]


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.OUTSIDE])
@pytest.mark.parametrize("action", Action)
def test_c5_every_kind_and_action_can_be_shown(kind, action):
    assert "aws_vpc.this" in shown(item(kind, action))


def test_c8_no_secret_of_terraforms_plan_is_shown():
    found = {
        "actions": ["update"],
        "before": {"password": "hunter1"},
        "after": {"password": "hunter2"},
        "before_sensitive": {"password": True},
    }
    entry = {"address": "module.vpc.aws_x.y", "mode": "managed", "change": found}
    plan = read_plan({"resource_drift": [entry], "resource_changes": [entry]}, units=["vpc"])
    text = render_drift(drift_of(plan), order=("vpc",)).plain
    assert "      password: (sensitive) -> (sensitive)\n" in text
    assert "hunter" not in text
