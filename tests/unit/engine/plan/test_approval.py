"""Whether a unit's own plan stays within what was approved (C5)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.plan import Approval, AttributeChange, PlannedChange, StackPlan
from orchestrator.engine.plan.values import Secrets, agrees, known_part, pruned
from orchestrator.engine.ports import Refusal
from orchestrator.model.status import Action
from tests.fakes.terraform import Intended, unit_plan

THIS = "aws_vpc.this"


def one(action, address=THIS, *attributes, **more):
    return PlannedChange(address=address, action=Action(action), attributes=attributes, **more)


def approved(*actions, address=THIS):
    return Approval(units={"vpc": tuple(one(action, address) for action in actions)})


def judged(accept, *actions):
    """Put a plan to the judge; each action is a word, or a word and an address."""
    pairs = [(action, THIS) if isinstance(action, str) else action for action in actions]
    return accept(unit_plan(*(Intended(address, Action(action)) for action, address in pairs)))


@pytest.mark.parametrize("action", Action)
def test_c5_what_was_approved_may_be_done_and_what_was_not_may_not(action):
    assert approved(action).beyond("vpc", [one(action)]) == ()
    assert Approval().beyond("vpc", [one(action)]) == (f"{action} {THIS}",)
    assert approved(action).beyond("kms", [one(action)]) == (f"{action} {THIS}",), "of another unit"
    assert approved(action).beyond("vpc", [one(action, "aws_vpc.other")]) == (f"{action} aws_vpc.other",)
    assert approved(action).beyond("vpc", [one(action, deposed="1")]) == (f"{action} {THIS} (deposed object 1)",)


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
    assert approved("replace").beyond("vpc", []) == ()


@pytest.mark.parametrize(("previous", "contained"), [("aws_vpc.old", True), (None, True), ("aws_vpc.other", False)])
def test_c5_a_move_is_approved_with_where_it_comes_from(previous, contained):
    approval = Approval(units={"vpc": (one("update", previous_address="aws_vpc.old"),)})
    assert (approval.beyond("vpc", [one("update", previous_address=previous)]) == ()) is contained


def test_c5_a_move_alone_is_no_licence_to_change():
    approval = Approval(units={"vpc": (one("move", previous_address="aws_vpc.old"),)})
    beyond = approval.beyond("vpc", [one("update"), one("delete", "aws_vpc.old")])
    assert beyond == (f"update {THIS} (approved: move)", "delete aws_vpc.old")


X = AttributeChange(name="x", before=1, after=2)
S = AttributeChange(name="s", after={"p": "hunter2"}, sensitive=True)
SECRETS = Secrets("salt")


def hashed(value, unknown=False):
    return AttributeChange(name="s", sensitive=True, unknown=unknown, digest=SECRETS.digest(value, unknown))


# Approved, planned, and what is wrong with it; "" where it is contained.
VALUES = {
    "the same": ((X,), (X,), ""),
    "less": ((X,), (), ""),
    "another": ((X,), (replace(X, after=3),), "x has another value"),
    "true is not 1": ((replace(X, after=1),), (replace(X, after=True),), "x has another value"),
    "more": ((), (X,), "x was not to change"),
    "unknown before": ((replace(X, after=None, unknown=True),), (X,), ""),
    "unknown now": ((X,), (replace(X, after=None, unknown=True),), "x was known, and is not any longer"),
    "the same secret": ((hashed({"p": "hunter2"}),), (S,), ""),
    "another secret": ((hashed({"p": "hunter1"}),), (S,), "s has another value (sensitive)"),
    "a secret that was unknown in part": (
        (hashed({"q": 1}, {"p": True}),),
        (replace(S, after={"p": "x", "q": 1}),),
        "",
    ),
    "its known part": (
        (hashed({"q": 1}, {"p": True}),),
        (replace(S, after={"p": "x", "q": 2}),),
        "s has another value (sensitive)",
    ),
}


@pytest.mark.parametrize(("before", "now", "problem"), VALUES.values(), ids=VALUES)
def test_c9_what_was_known_has_the_value_that_was_shown(before, now, problem):
    approval = Approval(units={"vpc": (one("update", THIS, *before),)}, salt="salt")
    found = approval.beyond("vpc", [one("update", THIS, *now)])
    assert found == ((f"update {THIS}: {problem}",) if problem else ())
    assert "hunter" not in repr(found) + repr(approval), "C8"


def test_c9_half_a_replacement_sets_attributes_that_were_not_to_change():
    approval = Approval(units={"vpc": (one("replace", THIS, X),)})
    other = AttributeChange(name="same", after=5)
    assert approval.beyond("vpc", [one("create", THIS, X, other)]) == ()
    assert approval.beyond("vpc", [one("replace", THIS, X, other)]) == (f"replace {THIS}: same was not to change",)


# What was approved and where it was unknown, what became of it, and whether that agrees.
AGREES = [
    ({"a": 1}, {"b": True}, {"a": 1, "b": 2}, True),
    ({"a": 1}, {"b": True}, {"a": 2, "b": 2}, False),
    ({"a": 1}, {"b": True}, {"a": 1, "c": 2}, False),
    ({"a": 1}, {"b": True}, {"a": 1, "c": None}, True),
    ({"a": 1}, {"b": True}, [], False),
    (["a", None], [False, True], ["a", "new"], True),
    (["a", None], [False, True], ["new", "a"], True),
    (["a", None], [False, True], ["a"], True),
    (["a", None], [False, True], ["b", "c"], False),
    (["a", None], [False, True], ["a", "b", "c"], False),
    ([{"k": 1}], [{"id": True}], [{"k": 1, "id": "x"}], True),
    ([{"k": 1}], [{"id": True}], [{"k": 2, "id": "x"}], False),
    (None, True, "anything", True),
]


@pytest.mark.parametrize(("before", "unknown", "actual", "expected"), AGREES)
def test_c9_what_was_unknown_may_become_anything_of_its_shape(before, unknown, actual, expected):
    assert agrees(actual, before, unknown) is expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(json_values, json_values)
def test_c9_a_value_agrees_with_itself_and_with_no_other(one_value, other):
    assert agrees(one_value, one_value, False)
    assert agrees(one_value, other, False) is (repr(one_value) == repr(other))
    assert (SECRETS.digest(one_value, False) == SECRETS.digest(other, False)) is (repr(one_value) == repr(other))


def test_c9_marks_that_mark_nothing_are_none():
    assert pruned({"a": {"b": [False, {}]}, "c": None}) is False
    assert pruned({"a": {"b": True}, "c": [False]}) == {"a": {"b": True}}
    assert known_part({"a": {"b": 1, "c": 2}}, {"a": {"b": True}}) == {"a": {"c": 2}}


def test_c5_the_decision_on_a_unit_knows_its_first_attempt_from_the_others():
    accept = approved("create").accept("vpc")
    assert judged(accept, "create") is None
    assert judged(accept, "replace") is None
    assert judged(approved("create").accept("vpc"), "replace") is not None


def test_c5_attempts_are_counted_by_unit():
    approval = approved("create")
    first, second = approval.accept("vpc"), approval.accept("vpc")
    judged(first, "create")
    assert judged(second, "replace") is not None


def test_c5_a_refusal_says_what_and_what_to_do():
    accept = approved("update").accept("vpc")
    assert judged(accept, "replace", ("create", "aws_subnet.a")) == Refusal(
        reason="Its plan exceeds the approved one, so nothing of it was applied. Not approved:\n"
        "  create aws_subnet.a\n"
        "  replace aws_vpc.this (approved: update)\n"
        "Look at the plan as it is now (platformctl plan), and run up again."
    )


@pytest.mark.parametrize(("count", "lines", "more"), [(1, 1, ""), (10, 10, ""), (11, 10, "  and 1 more")])
def test_a_long_refusal_is_cut(count, lines, more):
    text = judged(
        Approval().accept("vpc"), *(("create", f"aws_subnet.this[{number:02}]") for number in range(count))
    ).reason
    assert text.count("  create ") == lines
    assert ("more" in text) is bool(more)
    assert more in text


planned_changes = st.builds(
    PlannedChange,
    address=st.sampled_from([THIS, 'aws_subnet.this["a"]', "aws_subnet.this[0]", "module.a.aws_eip.x"]),
    action=st.sampled_from(Action),
    previous_address=st.sampled_from([None, "aws_vpc.old"]),
    deposed=st.sampled_from([None, "1"]),
    attributes=st.lists(
        st.builds(AttributeChange, name=st.sampled_from("ab"), after=json_values),
        unique_by=lambda one: one.name,
        max_size=2,
    ).map(tuple),
)
plans = st.builds(
    StackPlan,
    units=st.dictionaries(
        st.sampled_from(["kms", "vpc"]),
        st.lists(planned_changes, unique_by=lambda change: (change.address, change.deposed)).map(tuple),
    ),
)


@given(plans, st.booleans())
def test_c5_a_plan_is_contained_in_its_own_approval(plan, again):
    for unit, changes in plan.units.items():
        assert Approval.of(plan).beyond(unit, changes, again=again) == ()


@given(plans, st.sampled_from(["kms", "vpc"]), planned_changes, st.booleans())
def test_c5_a_change_of_a_resource_that_was_not_in_the_plan_is_always_reported(plan, unit, added, again):
    strange = replace(added, address=f"{added.address}.strange")
    beyond = Approval.of(plan).beyond(unit, [*plan.units.get(unit, ()), strange], again=again)
    assert beyond == (f"{strange.action} {strange.subject}",)
