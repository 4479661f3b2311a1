"""Terraform's JSON form of the stack's plan, read back to units (C3, C8)."""

from dataclasses import replace

import pytest

from orchestrator.engine.plan import AttributeChange, PlannedChange, StackPlan, read_plan
from orchestrator.model.status import Action, Changes

UNITS = ("vpc", "data/aurora")
OUTPUTS = {"vpc__id": ("vpc", "id"), "data__aurora__url": ("data/aurora", "url")}


def planned(*resources):
    return read_plan({"format_version": "1.2", "resource_changes": list(resources)}, units=UNITS, outputs={})


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
            (attribute("t", [{"k": 1}], [{}], unknown=[{"k": True}]),),
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
    assert replace(found, digest="") == AttributeChange(name="p", sensitive=True, unknown=unknown)
    assert bool(found.digest) is not unknown
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
    document = {"output_changes": {name: {"actions": actions, "before": "x"} for name, actions in changes.items()}}
    return read_plan(document, units=UNITS, outputs=OUTPUTS)


@pytest.mark.parametrize("actions", [["create"], ["update"], ["delete"]])
def test_c3_an_output_alone_touches_its_unit(actions):
    plan = outputs_of(vpc__id=["no-op"], data__aurora__url=actions)
    assert plan.outputs == {"data/aurora"}
    assert (plan.touches("vpc"), plan.touches("data/aurora")) == (False, True)
    assert not plan, "no resource changes"


def test_c9_an_output_that_is_null_and_stays_null_is_no_change():
    assert outputs_of().outputs == frozenset()
    document = {"output_changes": {"vpc__id": {"actions": ["delete"], "before": None}}}
    assert read_plan(document, units=UNITS, outputs=OUTPUTS).outputs == frozenset()


def test_c9_objects_that_a_replacement_left_behind_are_told_apart():
    document = change("module.vpc.aws_vpc.this", ["delete"]) | {"deposed": "00000001"}
    plan = planned(document, change("module.vpc.aws_vpc.this", ["update"]))
    assert [(item.deposed, item.subject) for item in plan.units["vpc"]] == [
        (None, "aws_vpc.this"),
        ("00000001", "aws_vpc.this (deposed object 00000001)"),
    ]


def test_c9_an_action_of_a_later_terraform_is_no_plan():
    with pytest.raises(ValueError, match=r"defer of aws_vpc.this is an action that this version does not know"):
        planned(change("module.vpc.aws_vpc.this", ["defer"]))


def test_c8_values_of_outputs_are_not_taken_over():
    before, after = '{"password":"hunter1"}', '{"password":"hunter2"}'
    document = {"output_changes": {"vpc__id": {"actions": ["update"], "before": before, "after": after}}}
    assert "hunter" not in repr(read_plan(document, units=UNITS, outputs=OUTPUTS))


def test_c3_drift_is_read_by_unit_and_left_out_where_there_is_none():
    gone = change("module.vpc.aws_vpc.this", ["delete"], before={"id": "vpc-1"}, after=None)
    same = change("module.data__aurora.aws_rds_cluster.this", ["no-op"])
    plan = read_plan({"resource_drift": [gone, same]}, units=UNITS, outputs={}, providers=2)
    assert {unit: [item.address for item in found] for unit, found in plan.drift.items()} == {"vpc": ["aws_vpc.this"]}
    assert (plan.providers, bool(plan)) == (2, False)


def test_counts_add_up_over_units():
    create, delete = PlannedChange(address="a", action=Action.CREATE), PlannedChange(address="b", action=Action.DELETE)
    plan = StackPlan(units={"x": (create, create), "y": (delete,), "z": ()})
    assert plan.changes() == Changes(add=2, destroy=1)
