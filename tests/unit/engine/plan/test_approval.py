"""Whether a unit's own plan stays within what was approved (C5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.plan import Approval, PlannedChange, StackPlan
from orchestrator.engine.ports import Refusal, UnitChange
from orchestrator.model.status import Action


def one(action, address="aws_vpc.this"):
    return UnitChange(address=address, action=Action(action))


def approved(*actions, address="aws_vpc.this"):
    return Approval(units={"vpc": frozenset(one(action, address) for action in actions)})


@pytest.mark.parametrize("action", Action)
def test_c5_what_was_approved_may_be_done_and_what_was_not_may_not(action):
    assert approved(action).beyond("vpc", [one(action)]) == ()
    assert Approval().beyond("vpc", [one(action)]) == (one(action),)
    assert approved(action).beyond("kms", [one(action)]) == (one(action),), "of another unit"
    assert approved(action).beyond("vpc", [one(action, "aws_vpc.other")]) == (one(action, "aws_vpc.other"),)


# Approved, what the unit's plan says, and whether that is contained: at once, and in a retry of the same run.
CONTAINED = [
    # Unknown values turned out to be what they were, or a replacement broke off between its two halves.
    ("replace", "update", True, True),
    ("replace", "create", True, True),
    ("replace", "delete", True, True),
    # What the first attempt made is in the state, broken.
    ("create", "replace", False, True),
    ("create", "update", False, True),
    ("create", "delete", False, False),
    ("update", "replace", False, False),
    ("update", "create", False, False),
    ("update", "delete", False, False),
    ("delete", "replace", False, False),
    ("delete", "create", False, False),
    ("move", "update", False, False),
    ("move", "delete", False, False),
    ("replace", "move", False, False),
    ("replace", "forget", False, False),
    ("forget", "delete", False, False),
    ("import", "create", False, False),
]


@pytest.mark.parametrize(
    ("action", "planned", "at_once", "in_a_retry"), CONTAINED, ids=[f"{row[0]}-{row[1]}" for row in CONTAINED]
)
def test_c5_what_an_approval_contains(action, planned, at_once, in_a_retry):
    approval = approved(action)
    assert (approval.beyond("vpc", [one(planned)]) == ()) is at_once
    assert (approval.beyond("vpc", [one(planned)], again=True) == ()) is in_a_retry


def test_c5_doing_less_is_contained():
    """A value that was unknown turned out to be what it was: nothing is left to do."""
    assert approved("replace", "update").beyond("vpc", []) == ()


@pytest.mark.parametrize("planned", [("move", "update"), ("move",), ("update",), ()])
def test_c5_a_move_with_an_update_is_both(planned):
    plan = StackPlan(
        units={"vpc": (PlannedChange(address="aws_vpc.this", action=Action.UPDATE, previous_address="aws_vpc.old"),)}
    )
    assert Approval.of(plan).beyond("vpc", [one(action) for action in planned]) == ()


def test_c5_a_move_alone_is_no_licence_to_change():
    plan = StackPlan(
        units={"vpc": (PlannedChange(address="aws_vpc.this", action=Action.MOVE, previous_address="aws_vpc.old"),)}
    )
    beyond = Approval.of(plan).beyond("vpc", [one("move"), one("update"), one("delete", "aws_vpc.old")])
    assert beyond == (one("delete", "aws_vpc.old"), one("update"))


def test_c5_an_import_that_moves_is_approved_whole():
    change = PlannedChange(address="aws_vpc.this", action=Action.IMPORT, previous_address="aws_vpc.old")
    assert change.to_unit_changes() == (one("move"), one("import"))


def test_c5_the_decision_on_a_unit_knows_its_first_attempt_from_the_others():
    accept = approved("create").accept("vpc")
    assert accept([one("create")]) is None
    assert accept([one("replace")]) is None
    assert approved("create").accept("vpc")([one("replace")]) is not None


def test_c5_attempts_are_counted_by_unit():
    approval = approved("create")
    first, second = approval.accept("vpc"), approval.accept("vpc")
    first([one("create")])
    assert second([one("replace")]) is not None


def test_c5_a_refusal_says_what_and_what_to_do():
    accept = approved("update").accept("vpc")
    assert accept([one("replace"), one("create", "aws_subnet.a"), one("update")]) == Refusal(
        reason="Its plan exceeds the approved one, so nothing of it was applied. Not approved:\n"
        "  create aws_subnet.a\n"
        "  replace aws_vpc.this\n"
        "Look at the plan as it is now (platformctl plan), and run up again."
    )


@pytest.mark.parametrize(("count", "lines", "more"), [(1, 1, ""), (10, 10, ""), (11, 10, "  and 1 more")])
def test_a_long_refusal_is_cut(count, lines, more):
    text = Approval().accept("vpc")([one("create", f"aws_subnet.this[{number:02}]") for number in range(count)]).reason
    assert text.count("  create ") == lines
    assert ("more" in text) is bool(more)
    assert more in text


addresses = st.sampled_from(["aws_vpc.this", 'aws_subnet.this["a"]', "aws_subnet.this[0]", "module.a.aws_eip.x"])
unit_changes = st.builds(UnitChange, address=addresses, action=st.sampled_from(Action))
planned_changes = st.builds(
    PlannedChange,
    address=addresses,
    action=st.sampled_from(Action),
    previous_address=st.sampled_from(["", "aws_vpc.old"]),
)
plans = st.builds(
    StackPlan, units=st.dictionaries(st.sampled_from(["kms", "vpc"]), st.lists(planned_changes).map(tuple))
)


@given(plans, st.booleans())
def test_c5_a_plan_is_contained_in_its_own_approval(plan, again):
    approval = Approval.of(plan)
    for unit, changes in plan.units.items():
        own = [item for change in changes for item in change.to_unit_changes()]
        assert approval.beyond(unit, own, again=again) == ()


@given(plans, st.sampled_from(["kms", "vpc"]), unit_changes, st.booleans())
def test_c5_a_change_of_a_resource_that_was_not_in_the_plan_is_always_reported(plan, unit, added, again):
    changes = plan.units.get(unit, ())
    own = [item for change in changes for item in change.to_unit_changes()]
    strange = UnitChange(address=f"{added.address}.strange", action=added.action)
    assert Approval.of(plan).beyond(unit, [*own, strange], again=again) == (strange,)


LESS = {"replace": {"create", "delete", "update"}}


@given(plans, st.sampled_from(["kms", "vpc"]), unit_changes)
def test_c5_another_action_on_an_approved_resource_is_reported_unless_it_is_less(plan, unit, added):
    changes = plan.units.get(unit, ())
    own = {item for change in changes for item in change.to_unit_changes()}
    allowed = {item.action for item in own if item.address == added.address}
    allowed |= {less for action in allowed for less in LESS.get(action, ())}
    beyond = Approval.of(plan).beyond(unit, [*sorted(own), added])
    assert beyond == (() if added.action in allowed else (added,))
