"""The stack plan as text (C3, C8).

Drift as text (C5, C8).
"""

import pytest

from orchestrator.display.plan import render_drift, render_plan, render_summary, summary
from orchestrator.engine.drift import Difference, Drift, Kind, drift_of
from orchestrator.engine.plan import AttributeChange, PlannedChange, StackPlan, read_plan
from orchestrator.model.status import Action


def attribute(name, before=None, after=None, **rest):
    return AttributeChange(name=name, before=before, after=after, **rest)


def change(action, address="a.b", **rest):
    return PlannedChange(address=address, action=Action(action), **rest)


def line_of(attribute):
    """The line of an attribute that changes."""
    return render_plan(one(change("update", attributes=(attribute,))), order=("u",)).plain.splitlines()[2].strip()


def one(*changes, **rest):
    return StackPlan(units={"u": changes}, **rest)


PLAN = StackPlan(
    units={
        "vpc": (
            change(
                "replace",
                'aws_subnet.this["a"]',
                reason="replace_because_cannot_update",
                attributes=(
                    attribute("arn", "x", unknown=True),
                    attribute("cidr_block", "10.0.0.0/24", "10.1.0.0/24", forces_replacement=True),
                ),
            ),
            change("update", "aws_vpc.this", attributes=(attribute("tags", None, {"a": "1"}),)),
        ),
        "api": (change("delete", "aws_lambda_function.this"),),
        "kms": (change("create", "aws_kms_key.this", attributes=(attribute("id", unknown=True),)),),
        "docs": (),
    },
    outputs=frozenset({"kms", "vpc"}),
)


def test_c3_units_in_dependency_order_resources_below_totals_last():
    assert render_plan(PLAN, order=("docs", "kms", "vpc", "api")).plain == (
        "docs  no changes\n"
        "kms  +1 ~0 -0\n"
        "  + aws_kms_key.this\n"
        "vpc  +1 ~1 -1\n"
        '  ± aws_subnet.this["a"]  must be replaced\n'
        '      arn: "x" -> (known after apply)\n'
        '      cidr_block: "10.0.0.0/24" -> "10.1.0.0/24"  forces replacement\n'
        "  ~ aws_vpc.this\n"
        '      tags: null -> {"a": "1"}\n'
        "api  +0 ~0 -1\n"
        "  - aws_lambda_function.this\n"
        "\nPlan: 2 to add, 1 to change, 2 to destroy."
    )


def test_c3_no_changes_at_all():
    text = render_plan(StackPlan(units={"kms": (), "vpc": ()}), order=("kms", "vpc")).plain
    assert text == ("kms  no changes\nvpc  no changes\n\nNo changes: the cloud matches the configuration.")


def test_c3_a_unit_of_which_the_outputs_alone_change_is_named():
    plan = StackPlan(units={"kms": (), "vpc": ()}, outputs=frozenset({"vpc"}))
    assert render_plan(plan, order=("kms", "vpc")).plain == (
        "kms  no changes\nvpc  only outputs change\n\nNo resources change, but the outputs of vpc do."
    )
    assert render_summary(plan, order=("kms", "vpc")).plain == (
        "  vpc  only outputs change\nNo resources change, but the outputs of vpc do."
    )


# What is said of a resource beside its address.
SAID = [
    (change("create"), "+ a.b"),
    (change("update"), "~ a.b"),
    (change("delete"), "- a.b"),
    (change("replace"), "± a.b  must be replaced"),
    (change("move", previous_address="a.old"), "> a.b  moves from a.old"),
    (change("update", previous_address="a.old"), "~ a.b  moves from a.old"),
    (change("replace", previous_address="a.old"), "± a.b  must be replaced  moves from a.old"),
    (change("import"), "< a.b  is imported"),
    (change("forget"), ". a.b  is forgotten, and stays in the cloud"),
    (change("replace", reason="replace_because_tainted"), "± a.b  must be replaced  (its creation failed half-way)"),
    (change("delete", reason="delete_because_no_resource_config"), "- a.b  (no longer in the configuration)"),
    # Plain from the attributes, or a word that came after this version: nothing is said rather than jargon.
    (change("replace", reason="replace_because_cannot_update"), "± a.b  must be replaced"),
    (change("delete", reason="delete_because_of_the_weather"), "- a.b"),
]


@pytest.mark.parametrize(("planned", "line"), SAID, ids=[line for _, line in SAID])
def test_c3_what_happens_to_a_resource_and_why(planned, line):
    assert render_plan(one(planned), order=("u",)).plain.splitlines()[1] == f"  {line}"


@pytest.mark.parametrize("action", Action)
def test_c3_every_action_can_be_shown(action):
    plan = one(change(action))
    assert "a.b" in render_plan(plan, order=("u",)).plain
    assert render_summary(plan, order=("u",)).plain.startswith("  u  ")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (["create", "create", "update"], "Plan: 2 to add, 1 to change, 0 to destroy."),
        (["replace"], "Plan: 1 to add, 0 to change, 1 to destroy."),
        (["move"], "Plan: 0 to add, 0 to change, 0 to destroy. 1 to move, import or forget."),
        (
            ["move", "import", "forget", "delete"],
            "Plan: 0 to add, 0 to change, 1 to destroy. 3 to move, import or forget.",
        ),
        ([], "No changes: the cloud matches the configuration."),
    ],
)
def test_c3_the_totals(changes, text):
    assert summary(one(*(change(action) for action in changes))) == text


def test_c3_only_what_is_changed_in_place_or_replaced_shows_its_attributes():
    """What is made or destroyed would show all of them."""
    for action in Action:
        text = render_plan(one(change(action, attributes=(attribute("name", 1, 2),))), order=("u",)).plain
        assert ("name: 1 -> 2" in text) is (action in {"update", "replace"})


def test_c3_several_provider_configurations_are_told_of():
    text = render_plan(one(providers=2), order=("u",)).plain
    assert text == (
        "u  no changes\n"
        "\nThe units have 2 different provider configurations; all are in this one plan.\n"
        "\nNo changes: the cloud matches the configuration."
    )


def test_c3_orphans_are_named_after_the_units():
    assert render_plan(one(), order=("u",), orphans=("old", "older")).plain.splitlines()[1:3] == [
        "old  orphaned: it has a state but is not in the live tree; the plan does not touch it",
        "older  orphaned: it has a state but is not in the live tree; the plan does not touch it",
    ]


@pytest.mark.parametrize(
    ("length", "shown"), [(58, '"' + "x" * 58 + '"'), (59, '"' + "x" * 58 + "…"), (500, '"' + "x" * 58 + "…")]
)
def test_long_values_are_cut(length, shown):
    assert line_of(attribute("policy", None, "x" * length)) == f"policy: null -> {shown}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (True, "true"),
        ({"z": 1, "y": "é"}, '{"y": "é", "z": 1}'),
        ("two\nlines", '"two\\nlines"'),
        ("[bold]x", '"[bold]x"'),
    ],
)
def test_values_are_shown_as_json(value, shown):
    assert line_of(attribute("v", 0, value)) == f"v: 0 -> {shown}"


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (attribute("p", sensitive=True), "p: (sensitive) -> (sensitive)"),
        (attribute("p", sensitive=True, unknown=True), "p: (sensitive) -> (known after apply)"),
        # Whoever made the change did not leave the values out: they are not shown all the same.
        (attribute("p", "hunter1", "hunter2", sensitive=True), "p: (sensitive) -> (sensitive)"),
    ],
)
def test_c8_secrets_are_not_shown(found, line):
    assert line_of(found) == line


def test_c8_no_secret_of_terraforms_plan_is_shown():
    raw = {
        "actions": ["delete", "create"],
        "before": {"password": "hunter1", "name": "a"},
        "after": {"password": "hunter2", "name": "b"},
        "after_sensitive": {"password": True},
        "replace_paths": [["password"]],
    }
    resource = {"address": "module.u.aws_x.y", "mode": "managed", "change": raw}
    output = {"actions": ["update"], "before": "hunter1", "after": "hunter2"}
    plan = read_plan(
        {"resource_changes": [resource], "output_changes": {"u": output}}, units=["u"], outputs={"u": ("u", "o")}
    )
    for text in (render_plan(plan, order=("u",)), render_summary(plan, order=("u",))):
        assert "hunter" not in text.plain


def test_c5_the_summary_says_what_is_touched_and_what_is_lost():
    assert render_summary(PLAN, order=("docs", "kms", "vpc", "api"), orphans=("old",)).plain == (
        "  kms   +1 ~0 -0\n"
        "  vpc   +1 ~1 -1\n"
        '          - aws_subnet.this["a"]\n'
        "  api   +0 ~0 -1\n"
        "          - aws_lambda_function.this\n"
        "  old   orphaned: has a state but is not in the live tree; not touched\n"
        "Plan: 2 to add, 1 to change, 2 to destroy."
    )


@pytest.mark.parametrize(("count", "more"), [(10, None), (11, "and 1 more"), (30, "and 20 more")])
def test_c5_a_long_list_of_what_is_lost_is_cut(count, more):
    plan = one(*(PlannedChange(address=f"a.b[{number:02}]", action=Action.DELETE) for number in range(count)))
    lines = render_summary(plan, order=("u",)).plain.splitlines()
    assert sum("- a.b[" in line for line in lines) == 10
    assert (lines[-2].strip() == f"- {more}") is (more is not None)


def test_c5_a_summary_of_nothing():
    assert render_summary(one(), order=("u",)).plain == "No changes: the cloud matches the configuration."
    assert render_summary(StackPlan(units={}), order=()).plain == "No changes: the cloud matches the configuration."


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
    (item(Kind.NOT_APPLIED, "move"), "+ aws_vpc.this  differs from the configuration, which is newer than the last up"),
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


def test_c8_no_secret_of_a_difference_is_shown():
    found = {
        "actions": ["update"],
        "before": {"password": "hunter1"},
        "after": {"password": "hunter2"},
        "before_sensitive": {"password": True},
    }
    entry = {"address": "module.vpc.aws_x.y", "mode": "managed", "change": found}
    plan = read_plan({"resource_drift": [entry], "resource_changes": [entry]}, units=["vpc"], outputs={})
    text = render_drift(drift_of(plan), order=("vpc",)).plain
    assert "      password: (sensitive) -> (sensitive)\n" in text
    assert "hunter" not in text
