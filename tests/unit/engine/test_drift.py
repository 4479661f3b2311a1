"""Drift: what the cloud, the states and the configuration say of each resource (C5, C8)."""

import json
from pathlib import Path

import jsonschema
import pytest

from orchestrator.engine.drift import Difference, Drift, Kind, drift_of, to_document
from orchestrator.engine.plan import AttributeChange, PlannedChange, StackPlan, read_plan
from orchestrator.model.status import Action

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/drift.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def change(action, *names, address="aws_vpc.this", unknown=(), **rest):
    """A change of attributes by name; those in ``unknown`` have values that are known only after apply."""
    attributes = [AttributeChange(name=name, before=1, after=2) for name in names]
    attributes += [AttributeChange(name=name, before=1, unknown=True) for name in unknown]
    return PlannedChange(address=address, action=Action(action), attributes=tuple(attributes), **rest)


def drift(cloud, repair):
    return drift_of(
        StackPlan(units={"vpc": (repair,) if repair else (), "kms": ()}, drift={"vpc": (cloud,)} if cloud else {})
    )


KINDS = [
    ("deleted and made anew", change("delete"), change("create", "cidr", unknown=["id"]), Kind.DELETED),
    ("deleted, and not configured any more either", change("delete"), None, Kind.DELETED),
    ("changed and changed back", change("update", "tags"), change("update", "tags"), Kind.CHANGED),
    ("changed so that it has to be replaced", change("update", "cidr"), change("replace", "cidr"), Kind.CHANGED),
    (
        "changed back to what is known later",
        change("update", "policy"),
        change("update", unknown=["policy"]),
        Kind.CHANGED,
    ),
    ("changed where the configuration leaves it open", change("update", "tags_all"), None, Kind.OUTSIDE),
    (
        "changed, and configured differently elsewhere",
        change("update", "tags"),
        change("update", "name"),
        Kind.NOT_APPLIED,
    ),
    ("configured differently", None, change("update", "tags"), Kind.NOT_APPLIED),
    ("configured and never made", None, change("create", "cidr", unknown=["id"]), Kind.NOT_APPLIED),
    ("made of nothing that is known", None, change("create", unknown=["id"]), Kind.NOT_APPLIED),
    ("not configured any more", None, change("delete", "cidr"), Kind.NOT_APPLIED),
    ("moved", None, change("move", previous_address="aws_vpc.old"), Kind.NOT_APPLIED),
    ("behind one that is made anew", None, change("update", unknown=["policy"]), Kind.FOLLOWS),
    ("replaced behind one that is made anew", None, change("replace", unknown=["key_arn", "id"]), Kind.FOLLOWS),
    ("behind it, and configured differently", None, change("update", "tags", unknown=["policy"]), Kind.NOT_APPLIED),
    (
        "broken by a creation that broke off",
        None,
        change("replace", unknown=["id"], reason="replace_because_tainted"),
        Kind.NOT_APPLIED,
    ),
    ("behind it, and changed elsewhere", change("update", "x"), change("update", unknown=["policy"]), Kind.FOLLOWS),
]


@pytest.mark.parametrize(("cloud", "repair", "kind"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS])
def test_c5_in_what_way_a_resource_differs(cloud, repair, kind):
    found = drift(cloud, repair)
    assert found.units == {"vpc": (Difference(kind=kind, address="aws_vpc.this", cloud=cloud, repair=repair),)}
    assert bool(found) is (kind is not Kind.OUTSIDE)


def test_c5_what_agrees_is_no_drift():
    assert drift(None, None) == Drift(units={})
    assert not drift(None, None)


def test_c5_differences_are_sorted_and_by_unit_in_the_order_of_the_plan():
    plan = StackPlan(
        units={
            "vpc": (change("update", "a", address="aws_c.c"), change("update", "a", address="aws_a.a")),
            "kms": (change("update", "a", address="aws_k.k"),),
            "docs": (),
        },
        drift={"vpc": (change("delete", address="aws_b.b"),)},
    )
    found = drift_of(plan)
    assert {unit: [item.address for item in items] for unit, items in found.units.items()} == {
        "vpc": ["aws_a.a", "aws_b.b", "aws_c.c"],
        "kms": ["aws_k.k"],
    }
    assert list(found.units) == ["vpc", "kms"]


def test_c5_a_resource_that_moves_and_was_changed_is_one_difference():
    """Terraform 1.11 calls it by its new address in resource_drift, too (recorded from a plan on the local cloud)."""
    address, previous = "module.vpc.aws_cloudwatch_log_group.b", "module.vpc.aws_cloudwatch_log_group.a"
    before, after = {"retention_in_days": 7}, {"retention_in_days": 30}
    moved = {"address": address, "previous_address": previous, "mode": "managed"}
    document = {
        "resource_drift": [moved | {"change": {"actions": ["update"], "before": before, "after": after}}],
        "resource_changes": [moved | {"change": {"actions": ["update"], "before": after, "after": before}}],
    }
    ((item,),) = drift_of(read_plan(document, units=["vpc"], outputs={})).units.values()
    assert (item.kind, item.address) == (Kind.CHANGED, "aws_cloudwatch_log_group.b")


SECRET = AttributeChange(name="password", sensitive=True)
FULL = StackPlan(
    units={
        "vpc": (
            change("create", "cidr", address="aws_vpc.gone"),
            change("update", "tags", address="aws_vpc.changed"),
            change("update", unknown=["vpc_id"], address="aws_vpc.follows"),
            change("move", address="aws_vpc.moved", previous_address="aws_vpc.old"),
        ),
        "data/aurora": (PlannedChange(address="aws_rds_cluster.this", action=Action.UPDATE, attributes=(SECRET,)),),
        "docs": (),
    },
    drift={
        "vpc": (
            change("delete", "cidr", address="aws_vpc.gone"),
            change("update", "tags", address="aws_vpc.changed"),
            change("update", "tags_all", address="aws_vpc.outside"),
        ),
        "data/aurora": (PlannedChange(address="aws_rds_cluster.this", action=Action.UPDATE, attributes=(SECRET,)),),
    },
)


def resource(address, kind, repair, *attributes):
    return {"address": address, "kind": kind, "repair": repair, "attributes": list(attributes)}


def attribute(name):
    return {"name": name, "state": 1, "cloud": 2, "sensitive": False}


def test_c5_the_documented_form():
    document = to_document(drift_of(FULL), suffix="pr42", environment="dev")
    assert document == {
        "format_version": "1.0",
        "suffix": "pr42",
        "environment": "dev",
        "drifted": True,
        "units": [
            {
                "unit": "vpc",
                "resources": [
                    resource("aws_vpc.changed", "changed", "update", attribute("tags")),
                    resource("aws_vpc.follows", "follows", "update"),
                    resource("aws_vpc.gone", "deleted", "create"),
                    resource("aws_vpc.moved", "not applied", "move"),
                    resource("aws_vpc.outside", "outside", None, attribute("tags_all")),
                ],
            },
            {
                "unit": "data/aurora",
                "resources": [
                    resource(
                        "aws_rds_cluster.this",
                        "changed",
                        "update",
                        {"name": "password", "state": None, "cloud": None, "sensitive": True},
                    )
                ],
            },
        ],
    }


@pytest.mark.parametrize("plan", [FULL, StackPlan(units={"vpc": ()})], ids=["full", "empty"])
def test_c5_the_documented_schema_describes_what_is_written(plan):
    VALIDATOR.check_schema(SCHEMA)
    document = json.loads(json.dumps(to_document(drift_of(plan), suffix="pr42", environment="dev")))
    VALIDATOR.validate(document)


@pytest.mark.parametrize(
    ("field", "value"),
    [("format_version", "2.0"), ("suffix", ""), ("drifted", "yes"), ("units", {}), ("units", [{"unit": "vpc"}])],
)
def test_c5_the_schema_refuses_what_is_something_else(field, value):
    document = to_document(drift_of(FULL), suffix="pr42", environment="dev")
    assert not VALIDATOR.is_valid(document | {field: value})
    assert not VALIDATOR.is_valid({name: item for name, item in document.items() if name != field})


def test_c5_every_kind_is_in_the_schema():
    assert SCHEMA["$defs"]["resource"]["properties"]["kind"]["enum"] == [str(kind) for kind in Kind]


def test_c8_no_secret_of_terraforms_plan_gets_into_the_document():
    found = {
        "actions": ["update"],
        "before": {"password": "hunter1"},
        "after": {"password": "hunter2"},
        "after_sensitive": {"password": True},
    }
    entry = {"address": "module.vpc.aws_x.y", "mode": "managed", "change": found}
    plan = read_plan({"resource_drift": [entry], "resource_changes": [entry]}, units=["vpc"], outputs={})
    text = json.dumps(to_document(drift_of(plan), suffix="pr42", environment="dev"))
    assert "hunter" not in text
    assert '"password"' in text
