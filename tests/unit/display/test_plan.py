"""The stack plan as text (C3, C8)."""

import pytest

from orchestrator.display.plan import render_plan
from orchestrator.engine.stack_plan import AttributeChange, PlannedChange, StackPlan


def attribute(name, before, after, *, forces=False):
    return AttributeChange(name=name, before=before, after=after, forces_replacement=forces)


PLAN = StackPlan(
    units={
        "vpc": (
            PlannedChange(
                address='aws_subnet.this["a"]',
                action="replace",
                attributes=(
                    attribute("arn", '"x"', "(known after apply)"),
                    attribute("cidr_block", '"10.0.0.0/24"', '"10.1.0.0/24"', forces=True),
                ),
            ),
            PlannedChange(
                address="aws_vpc.this", action="update", attributes=(attribute("tags", "null", '{"a": "1"}'),)
            ),
        ),
        "api": (PlannedChange(address="aws_lambda_function.this", action="delete"),),
        "kms": (PlannedChange(address="aws_kms_key.this", action="create"),),
        "docs": (),
    }
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


@pytest.mark.parametrize(
    ("length", "shown"),
    [(60, "x" * 60), (61, "x" * 59 + "…"), (500, "x" * 59 + "…")],
)
def test_long_values_are_cut(length, shown):
    change = PlannedChange(address="a.b", action="update", attributes=(attribute("policy", "null", "x" * length),))
    assert f"policy: null -> {shown}\n" in render_plan(StackPlan(units={"u": (change,)}), order=("u",)).plain
