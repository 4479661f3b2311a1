"""The JSON form of a plan: its schema, its way back, and what is refused (C3, C7, C8)."""

import copy
import json
import re
from functools import partial
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.engine.plan import (
    FORMAT_VERSION,
    AttributeChange,
    Basis,
    KeptPlan,
    PlannedChange,
    StackPlan,
    parse_document,
    read_plan,
    to_document,
)
from orchestrator.errors import ExitCode, UsageError
from orchestrator.model.status import Action
from tests.fakes.errors import error_of

SCHEMA = json.loads((Path(__file__).parents[4] / "docs/plan.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def kept(plan, **changed):
    defaults = {
        "suffix": "pr42",
        "environment": "dev",
        "target": "local",
        "account": "123456789012",
        "created": "2026-01-31T08:15:00+00:00",
        "only": (),
        "account_settings": ("api-logs", "config"),
        "plan": plan,
        "basis": Basis(
            configuration=dict.fromkeys(plan.units, "0" * 64), states=dict.fromkeys(plan.units, "") | {"vpc": "3f2c/7"}
        ),
        "orphans": (),
    }
    return KeptPlan(**(defaults | changed))


EMPTY = StackPlan(units={"kms": (), "vpc": ()})
FULL = StackPlan(
    units={
        "kms": (PlannedChange(address="aws_kms_key.this", action=Action.CREATE),),
        "vpc": (
            PlannedChange(
                address='aws_subnet.this["a"]',
                action=Action.REPLACE,
                reason="replace_because_cannot_update",
                attributes=(
                    AttributeChange(name="arn", before="x", unknown=True),
                    AttributeChange(name="cidr_block", before="10.0.0.0/24", after=None, forces_replacement=True),
                    AttributeChange(name="tags", before=None, after={"a": [1, 1.5, True, None]}),
                ),
            ),
            PlannedChange(address="aws_vpc.this", action=Action.UPDATE, previous_address="aws_vpc.old"),
            PlannedChange(address="aws_eip.x", action=Action.DELETE, reason="delete_because_no_resource_config"),
            PlannedChange(address="aws_eip.y", action=Action.MOVE, previous_address="aws_eip.z"),
            PlannedChange(address="aws_eip.i", action=Action.IMPORT),
            PlannedChange(address="aws_eip.f", action=Action.FORGET),
        ),
        "data/aurora": (
            PlannedChange(
                address="aws_rds_cluster.this",
                action=Action.UPDATE,
                attributes=(AttributeChange(name="master_password", sensitive=True),),
            ),
        ),
        "docs": (),
    },
    outputs=frozenset({"vpc", "docs"}),
    drift={
        "vpc": (
            PlannedChange(
                address="aws_vpc.this",
                action=Action.UPDATE,
                attributes=(AttributeChange(name="tags", before={}, after=None),),
            ),
        )
    },
    providers=2,
)
PLANS = {
    "empty": kept(EMPTY),
    "full": kept(FULL, orphans=("old", "data/older")),
    "of some units": kept(EMPTY, only=("kms", "vpc"), account_settings=(), target="aws"),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_c3_the_documented_schema_describes_what_is_written(plan):
    VALIDATOR.check_schema(SCHEMA)
    VALIDATOR.validate(json.loads(json.dumps(to_document(plan))))


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_c3_what_is_written_can_be_read_back(plan):
    assert parse_document(json.loads(json.dumps(to_document(plan))), name="plan.json") == plan


def test_c3_numbers_for_programs_that_only_count():
    document = to_document(PLANS["full"])
    assert document["summary"] == {"add": 2, "change": 2, "destroy": 2}
    assert [(unit["unit"], unit["changes"], unit["outputs_change"]) for unit in document["units"]] == [
        ("kms", {"add": 1, "change": 0, "destroy": 0}, False),
        ("vpc", {"add": 1, "change": 1, "destroy": 2}, True),
        ("data/aurora", {"add": 0, "change": 1, "destroy": 0}, False),
        ("docs", {"add": 0, "change": 0, "destroy": 0}, True),
    ]


def test_c3_a_kept_plan_still_knows_which_units_only_write_down_an_output():
    """``up --plan`` would take the unit for one that is as it should be."""
    found = parse_document(to_document(PLANS["full"]), name="plan.json").plan
    assert (found.touches("docs"), bool(found.units["docs"])) == (True, False)


def test_c8_no_secret_of_terraforms_plan_gets_into_the_document():
    change = {
        "actions": ["update"],
        "before": {"password": "hunter1", "settings": [{"token": "hunter1"}]},
        "after": {"password": "hunter2", "settings": [{"token": "hunter2"}]},
        "before_sensitive": {"password": True, "settings": [{"token": True}]},
        "after_sensitive": {"password": True, "settings": [{"token": True}]},
    }
    resource = {"address": "module.vpc.aws_x.y", "mode": "managed", "change": change}
    output = {"actions": ["update"], "before": '{"p":"hunter1"}', "after": '{"p":"hunter2"}', "after_sensitive": True}
    plan = read_plan(
        {"resource_changes": [resource], "resource_drift": [resource], "output_changes": {"vpc__p": output}},
        units=["vpc"],
        outputs={"vpc__p": ("vpc", "p")},
    )
    text = json.dumps(to_document(kept(plan)))
    assert "hunter" not in text
    assert text.count('"password"') == 2, "that it changes is said, in the plan and in the drift"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
names = st.text(min_size=1, max_size=8)
attributes = st.builds(
    AttributeChange,
    name=names,
    before=json_values,
    after=json_values,
    unknown=st.booleans() | st.just({"a": True}),
    sensitive=st.booleans(),
    forces_replacement=st.booleans(),
)
changes = st.builds(
    PlannedChange,
    address=names,
    action=st.sampled_from(Action),
    reason=st.sampled_from([None, "replace_because_tainted"]),
    previous_address=st.none() | names,
    attributes=st.lists(attributes, max_size=3).map(tuple),
)


@st.composite
def kept_plans(draw):
    units = draw(st.dictionaries(names, st.lists(changes, max_size=3).map(tuple), max_size=3))
    drift = draw(st.dictionaries(names, st.lists(changes, min_size=1, max_size=2).map(tuple), max_size=2))
    outputs = draw(st.sets(st.sampled_from(sorted(units)))) if units else set()
    plan = StackPlan(units=units, outputs=frozenset(outputs), drift=drift, providers=draw(st.integers(1, 5)))
    texts = st.lists(names, max_size=2).map(tuple)
    fingerprints = st.fixed_dictionaries(dict.fromkeys(units, st.text(max_size=4)))
    return kept(
        plan,
        suffix=draw(names),
        target=draw(st.sampled_from(["local", "aws"])),
        only=draw(texts),
        account_settings=draw(texts),
        orphans=draw(texts),
        basis=Basis(configuration=draw(fingerprints), states=draw(fingerprints)),
    )


@settings(max_examples=30)
@given(kept_plans())
def test_c3_every_plan_comes_back_as_it_was(plan):
    document = json.loads(json.dumps(to_document(plan)))
    VALIDATOR.validate(document)
    assert parse_document(document, name="plan.json") == plan


def test_fields_that_a_newer_version_adds_are_no_obstacle():
    document = json.loads(json.dumps(to_document(PLANS["full"])))
    document["format_version"] = "1.7"
    document["later"] = {"a": 1}
    document["units"][0]["later"] = document["units"][1]["resources"][0]["later"] = 1
    VALIDATOR.validate(document)
    assert parse_document(document, name="plan.json") == PLANS["full"]


REMOVED = object()


def paths_of(document, path=()):
    """Every place in the document."""
    for key, value in document.items() if isinstance(document, dict) else enumerate(document):
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from paths_of(value, (*path, key))


def damaged(document, path, value):
    found = copy.deepcopy(document)
    place = found
    for key in path[:-1]:
        place = place[key]
    if value is REMOVED:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return found


def is_field(path):
    """A field that is read: no element of a list, nothing inside of a value, and no total, which is worked out anew."""
    free = {"before", "after", "unknown", "summary", "changes"}
    return (
        isinstance(path[-1], str)
        and not free & {str(part) for part in path}
        and path[-2:-1] not in {("configuration",), ("states",)}
    )


DOCUMENT = json.loads(json.dumps(to_document(PLANS["full"])))
LATER = {"deposed", "digest", "warnings", "salt"}
"""Fields that plans of an earlier version do not have."""
FIELDS = [path for path in paths_of(DOCUMENT) if is_field(path)]


@pytest.mark.parametrize("path", FIELDS, ids=[".".join(map(str, path)) for path in FIELDS])
def test_c7_a_field_that_is_missing_or_of_another_type_is_refused(path):
    assert parse_document(DOCUMENT, name="plan.json") == PLANS["full"]
    for value in (REMOVED, 5.5, {"a": 1}, [5]):
        if value is REMOVED and path[-1] in LATER:
            continue
        document = damaged(DOCUMENT, path, value)
        if path[-1] == "states" and value == {"a": 1}:
            continue
        assert error_of(partial(parse_document, document, name="plan.json")).summary == "The plan cannot be used"
        assert not VALIDATOR.is_valid(document), "the schema is as strict"


DAMAGED = "it is damaged, or was edited by hand: "
STRANGE = "it is not a plan that platformctl kept"


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (None, STRANGE),
        ([], STRANGE),
        ("1.0", STRANGE),
        ({}, STRANGE),
        ({"format_version": 1}, STRANGE),
        ({"format_version": "1.2", "planned_values": {}}, DAMAGED),
        ({**DOCUMENT, "format_version": "2.0"}, f"its format is 2.0, and this platformctl reads {FORMAT_VERSION}"),
        ({**DOCUMENT, "format_version": ""}, f"its format is , and this platformctl reads {FORMAT_VERSION}"),
        ({**DOCUMENT, "units": {}}, DAMAGED),
        ({**DOCUMENT, "units": DOCUMENT["units"] * 2}, DAMAGED + "a unit is listed twice."),
        ({**DOCUMENT, "only": "kms"}, DAMAGED + "Expected `array`, got `str` - at `$.only`."),
        ({**DOCUMENT, "provider_configurations": True}, DAMAGED),
        (damaged(DOCUMENT, ("units", 0, "resources", 0, "action"), "destroy"), DAMAGED),
        (damaged(DOCUMENT, ("units", 0, "resources", 0, "action"), None), DAMAGED),
        (damaged(DOCUMENT, ("basis", "states", "vpc"), 7), DAMAGED),
    ],
)
def test_c7_what_is_no_plan_of_this_format_is_refused(document, why):
    error = error_of(lambda: parse_document(document, name="plan.json"), UsageError)
    assert (error.summary, error.hint) == ("The plan cannot be used", "Make one with platformctl plan --out FILE.")
    assert error.detail.startswith(f"plan.json: {why}")
    assert error.exit_code is ExitCode.BAD_INPUT


def test_c3_every_field_that_is_written_is_in_the_schema():
    """Fields may be added, so a validator alone would not notice one that is not described."""
    written = {path[-1] for path in paths_of(DOCUMENT) if is_field(path)} | {"before", "after", "summary", "changes"}
    assert written - set(re.findall(r'"(\w+)": \{', json.dumps(SCHEMA))) == set()


BASIS = Basis(configuration={"kms": "1", "vpc": "2", "api": "3"}, states={"kms": "a/1", "vpc": "a/1", "api": ""})


def now(configuration=None, states=None):
    return Basis(
        configuration={**BASIS.configuration, **(configuration or {})}, states={**BASIS.states, **(states or {})}
    )


@pytest.mark.parametrize(
    ("basis", "differences"),
    [
        (now(), ()),
        (now({"kms": "x"}), ("unit kms is configured differently",)),
        (now({"vpc": "x", "kms": "x"}), ("units kms, vpc are configured differently",)),
        (now(states={"api": "b/1"}), ("unit api has been applied or changed",)),
        (now(states={"kms": "a/2", "vpc": ""}), ("units kms, vpc have been applied or changed",)),
        # Said once: that it is configured differently is reason enough.
        (now({"kms": "x"}, {"kms": "a/2"}), ("unit kms is configured differently",)),
        (now({"s3": "4"}, {"s3": ""}), ("unit s3 is new",)),
        (now({"s3": "4", "sqs": "5"}), ("units s3, sqs are new",)),
        (Basis(configuration={"kms": "1"}, states={"kms": "a/1"}), ("units api, vpc no longer exist",)),
        (
            Basis(configuration={"kms": "1", "vpc": "2"}, states={"kms": "a/1", "vpc": "a/1"}),
            ("unit api no longer exists",),
        ),
        (
            Basis(configuration={"kms": "x", "vpc": "2", "new": "1"}, states={"kms": "a/1", "vpc": "a/9"}),
            (
                "unit api no longer exists",
                "unit new is new",
                "unit kms is configured differently",
                "unit vpc has been applied or changed",
            ),
        ),
        # No state, and none recorded, are the same.
        (Basis(configuration=BASIS.configuration, states={"kms": "a/1", "vpc": "a/1"}), ()),
    ],
)
def test_c7_what_makes_a_plan_stale(basis, differences):
    assert BASIS.differences(basis) == differences
