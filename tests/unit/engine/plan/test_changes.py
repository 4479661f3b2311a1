"""Terraform's JSON form of the stack's plan, read back to units (C3, C8).

Whether a unit's own plan stays within what was approved (C5).
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.plan import Approval, AttributeChange, PlannedChange, StackPlan, read_plan
from orchestrator.engine.ports import Refusal, UnitChange
from orchestrator.model.status import Action, Changes

UNITS = ("vpc", "data/aurora")


def planned(*resources):
    return read_plan({"format_version": "1.2", "resource_changes": list(resources)}, units=UNITS)


def change(address, actions, *, mode="managed", **rest):
    return {"address": address, "mode": mode, "change": {"actions": actions, **rest}}


@pytest.mark.parametrize(
    ("actions", "action", "changes"),
    [
        (["create"], "create", Changes(add=1)),
        (["update"], "update", Changes(change=1)),
        (["delete"], "delete", Changes(destroy=1)),
        (["delete", "create"], "replace", Changes(add=1, destroy=1)),
        (["create", "delete"], "replace", Changes(add=1, destroy=1)),
    ],
)
def test_c3_actions(actions, action, changes):
    plan = planned(change("module.vpc.aws_vpc.this", actions, before={}, after={}))
    assert plan.units == {"vpc": (PlannedChange(address="aws_vpc.this", action=Action(action)),), "data/aurora": ()}
    assert (plan.changes(), plan.changes("vpc"), plan.changes("data/aurora")) == (changes, changes, Changes())


@pytest.mark.parametrize(
    "resource",
    [
        change("module.vpc.aws_vpc.this", ["no-op"]),
        change("module.vpc.data.aws_region.this", ["read"], mode="data"),
        change("module.vpc.data.aws_region.this", ["create"], mode="data"),
    ],
)
def test_c3_what_is_no_change(resource):
    assert not planned(resource).changes()


def test_c3_addresses_are_those_of_the_units_sorted():
    plan = planned(
        change('module.vpc.aws_subnet.this["b.c"]', ["create"]),
        change('module.vpc.aws_subnet.this["a"]', ["create"]),
        change("module.data__aurora.module.proxy[0].aws_db_proxy.this", ["create"]),
    )
    assert [item.address for item in plan.units["vpc"]] == ['aws_subnet.this["a"]', 'aws_subnet.this["b.c"]']
    assert [item.address for item in plan.units["data/aurora"]] == ["module.proxy[0].aws_db_proxy.this"]


def attributes_of(actions=("update",), **rest):
    plan = planned(change("module.vpc.aws_vpc.this", list(actions), **rest))
    return plan.units["vpc"][0].attributes


def attribute(name, before, after, **rest):
    return AttributeChange(name=name, before=before, after=after, **rest)


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (
            {"before": {"a": 1, "b": "x", "c": None}, "after": {"a": 2, "b": "x", "c": {"z": 1, "y": "é"}}},
            (attribute("a", 1, 2), attribute("c", None, {"z": 1, "y": "é"})),
        ),
        ({"before": {}, "after": {"a": True}}, (attribute("a", None, True),)),
        ({"before": None, "after": {"a": True}}, (attribute("a", None, True),)),
        ({"before": {"a": True}, "after": None}, (attribute("a", True, None),)),
        # Known after apply: the attribute is left out of "after".
        (
            {"before": {"arn": "x"}, "after": {}, "after_unknown": {"arn": True}},
            (attribute("arn", "x", None, unknown=True),),
        ),
        # Unknown somewhere inside: what is known of it is kept.
        (
            {"before": {"t": [{"k": 1}]}, "after": {"t": [{}]}, "after_unknown": {"t": [{"k": True}]}},
            (attribute("t", [{"k": 1}], [{}], unknown=True),),
        ),
        # Terraform describes what is known, too: empty marks are no marks.
        (
            {"before": {"t": [{"k": 1}]}, "after": {"t": [{"k": 1}]}, "after_unknown": {"t": [{}], "n": {"m": False}}},
            (),
        ),
    ],
)
def test_c3_attributes_that_change(rest, expected):
    assert attributes_of(**rest) == expected


SECRET = {"before": {"p": "hunter1"}, "after": {"p": "hunter2"}}
DEEP = {"before": {"p": [{"q": {"r": "hunter1"}}]}, "after": {"p": [{"q": {"r": "hunter2"}}]}}


@pytest.mark.parametrize(
    ("rest", "unknown"),
    [
        (SECRET | {"before_sensitive": {"p": True}, "after_sensitive": {"p": True}}, False),
        (SECRET | {"before_sensitive": True, "after_sensitive": {}}, False),
        # Hidden on one side only: the other side may still be the same secret.
        (SECRET | {"before_sensitive": {}, "after_sensitive": {"p": True}}, False),
        (SECRET | {"before_sensitive": {"p": True}, "after_sensitive": False}, False),
        (DEEP | {"before_sensitive": {"p": [{"q": {"r": True}}]}}, False),
        (DEEP | {"after_sensitive": {"p": [{"q": {"r": True}}]}}, False),
        (SECRET | {"after_unknown": {"p": True}, "before_sensitive": {"p": True}}, True),
    ],
)
def test_c8_a_secret_at_any_depth_hides_its_attribute(rest, unknown):
    (found,) = attributes_of(**rest)
    assert found == AttributeChange(name="p", sensitive=True, unknown=unknown)
    assert "hunter" not in repr(found)


def test_c8_marks_that_mark_nothing_hide_nothing():
    marks = {"before_sensitive": {"p": [{"q": {}}]}, "after_sensitive": {"p": [False]}}
    (found,) = attributes_of(**(DEEP | marks))
    assert (found.sensitive, found.before) == (False, [{"q": {"r": "hunter1"}}])


def test_c3_what_forces_the_replacement_is_named():
    found = attributes_of(
        ("delete", "create"),
        before={"cidr_block": "10.0.0.0/16", "tags": {"a": "1"}, "arn": "x"},
        after={"cidr_block": "10.1.0.0/16", "tags": {"a": "2"}},
        after_unknown={"arn": True},
        replace_paths=[["cidr_block"], ["settings", 0, "name"], []],
    )
    assert found == (
        attribute("arn", "x", None, unknown=True),
        attribute("cidr_block", "10.0.0.0/16", "10.1.0.0/16", forces_replacement=True),
        attribute("tags", {"a": "1"}, {"a": "2"}),
    )


def read_one(resource):
    (found,) = planned(resource).units["vpc"]
    return found


def test_c3_why_terraform_does_it_is_kept():
    resource = change("module.vpc.aws_vpc.this", ["delete", "create"]) | {"action_reason": "replace_because_tainted"}
    assert read_one(resource).reason == "replace_because_tainted"


@pytest.mark.parametrize(
    ("actions", "rest", "action"),
    [
        (["no-op"], {}, "move"),
        (["update"], {}, "update"),
        (["delete", "create"], {}, "replace"),
        # A resource may be taken over and move in one step; it is called by what it is new to.
        (["no-op"], {"importing": {"id": "vpc-1"}}, "import"),
    ],
)
def test_c3_a_resource_that_moves_is_called_by_its_new_address_in_its_unit(actions, rest, action):
    resource = change("module.vpc.aws_vpc.this", actions, **rest) | {"previous_address": "module.vpc.aws_vpc.old[0]"}
    found = read_one(resource)
    assert (found.address, found.action, found.previous_address) == ("aws_vpc.this", action, "aws_vpc.old[0]")


@pytest.mark.parametrize(
    ("resource", "action"),
    [
        (change("module.vpc.aws_vpc.this", ["no-op"], importing={"id": "vpc-1"}), "import"),
        (change("module.vpc.aws_vpc.this", ["forget"]), "forget"),
    ],
)
def test_c3_what_terraform_does_not_count_is_a_change_all_the_same(resource, action):
    plan = planned(resource)
    assert plan.units["vpc"][0].action == action
    assert (bool(plan), plan.touches("vpc"), plan.changes()) == (True, True, Changes())


def outputs_of(**changes):
    """Output changes of the root module as Terraform writes them."""
    document = {"output_changes": {name: {"actions": actions} for name, actions in changes.items()}}
    return read_plan(document, units=UNITS)


@pytest.mark.parametrize("actions", [["create"], ["update"], ["delete"]])
def test_c3_an_output_alone_touches_its_unit(actions):
    plan = outputs_of(vpc=["no-op"], data__aurora=actions)
    assert plan.outputs == {"data/aurora"}
    assert (plan.touches("vpc"), plan.touches("data/aurora")) == (False, True)
    assert not plan, "no resource changes"


def test_c8_values_of_outputs_are_not_taken_over():
    before, after = '{"password":"hunter1"}', '{"password":"hunter2"}'
    document = {"output_changes": {"vpc": {"actions": ["update"], "before": before, "after": after}}}
    assert "hunter" not in repr(read_plan(document, units=UNITS))


def test_c3_drift_is_read_by_unit_and_left_out_where_there_is_none():
    gone = change("module.vpc.aws_vpc.this", ["delete"], before={"id": "vpc-1"}, after=None)
    same = change("module.data__aurora.aws_rds_cluster.this", ["no-op"])
    plan = read_plan({"resource_drift": [gone, same]}, units=UNITS, providers=2)
    assert {unit: [item.address for item in found] for unit, found in plan.drift.items()} == {"vpc": ["aws_vpc.this"]}
    assert (plan.providers, bool(plan)) == (2, False)


def test_counts_add_up_over_units():
    create, delete = PlannedChange(address="a", action=Action.CREATE), PlannedChange(address="b", action=Action.DELETE)
    plan = StackPlan(units={"x": (create, create), "y": (delete,), "z": ()})
    assert plan.changes() == Changes(add=2, destroy=1)


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
