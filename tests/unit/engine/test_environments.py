"""Units that the live tree does not have any more: found by their states, destroyed in order (A2, C2).

Deployments as a whole: times to live, orphans, and the record of what was applied (A2, B15).
"""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config import Behaviour, Hook, HookKind, LocalSource
from orchestrator.engine.environments import (
    Environment,
    LastRun,
    Lifetime,
    has_expired,
    merged_units,
    order_of_destruction,
    orphaned,
    stand_in,
    state_units,
)
from orchestrator.model.schedule import Schedule
from orchestrator.model.status import Status

# The units of the live tree, all states under the suffix, and the orphans; a folder stands for the state in it.
FOUND = {
    "nothing else": ("kms=pr42/kms", "pr42/kms", ""),
    "a unit that was taken out": ("kms=pr42/kms vpc=pr42/vpc", "pr42/kms pr42/old pr42/vpc", "old=pr42/old"),
    "the environment in the key": ("kms=pr42/dev/kms", "pr42/dev/kms pr42/dev/old", "old=pr42/dev/old"),
    "a nested orphan": ("kms=pr42/dev/kms", "pr42/dev/data/old", "data/old=pr42/dev/data/old"),
    "the first known unit is nested": (
        "data/aurora=pr42/dev/data/aurora kms=pr42/dev/kms",
        "pr42/dev/data/aurora pr42/dev/data/old pr42/dev/s3",
        "data/old=pr42/dev/data/old s3=pr42/dev/s3",
    ),
    "keys with the last part of a unit's name alone": (
        "data/aurora=pr42/aurora",
        "pr42/aurora pr42/old",
        "old=pr42/old",
    ),
    "a suffix that is called like a unit": ("kms=kms/dev/kms", "kms/dev/kms kms/dev/old", "old=kms/dev/old"),
    "a unit whose key does not hold its name is passed over": (
        "a=pr42/special.tfstate kms=pr42/kms",
        "pr42/special.tfstate pr42/old",
        "old=pr42/old",
    ),
    "locks and other objects are no states": (
        "kms=pr42/kms",
        "pr42/old/terraform.tfstate.tflock pr42/kms/notes.txt other/old/terraform.tfstate",
        "",
    ),
    "a state beside the units": ("kms=pr42/kms", "pr42", ""),
    "no live tree says how keys are made": ("", "pr42/old", ""),
    "no key holds a name": ("kms=one.tfstate", "one.tfstate two.tfstate", ""),
}


def key(path):
    return path if "." in path else f"{path}/terraform.tfstate"


def keys(text):
    return {name: key(path) for name, path in (item.split("=") for item in text.split())}


@pytest.mark.parametrize("case", FOUND)
def test_a2_states_that_belong_to_no_unit(case):
    known, states, expected = FOUND[case]
    found = orphaned([key(path) for path in states.split()], keys(known))
    assert found == keys(expected)
    assert list(found) == sorted(found)


def test_a2_an_orphan_takes_provider_and_backend_of_the_others(bench):
    template = bench.stack.units["vpc"].evaluate({})
    nothing = LocalSource(root=Path("/nothing"))
    key = "pr42/dev/vpc/terraform.tfstate"
    hook = Hook(kind=HookKind.BEFORE, name="x", commands=frozenset({"destroy"}), execute=("touch", "x"))
    template = replace(template, behaviour=Behaviour(hooks=(hook,), prevent_destroy=True))
    unit = stand_in(template, name="old", key=key, state_key="pr42/dev/old/terraform.tfstate", nothing=nothing)
    assert (unit.name, unit.source, unit.inputs) == ("old", nothing, {})
    assert unit.remote_state.config == {**template.remote_state.config, "key": "pr42/dev/old/terraform.tfstate"}
    assert unit.remote_state.config["bucket"] == "states"
    assert unit.behaviour == Behaviour(), "a hook of another unit must not run"
    before, after = ({file.path: file.contents for file in item.generated} for item in (template, unit))
    assert after.keys() == before.keys()
    assert after["provider.tf"] == before["provider.tf"]
    assert "pr42/dev/old/terraform.tfstate" in after["backend.tf"]
    assert not any(key in text for text in after.values()), "it must never write into the state of the template"


# By name, what each unit of the live tree waits for; the orphans; what was recorded; and what each must wait for.
# In the live tree api stands on vpc, vpc on kms.
LIVE = {"api": set(), "vpc": {"api"}, "kms": {"api", "vpc"}}
ORDERS = [
    ("no orphans", [], {}, {}),
    (
        "unknown: first",
        ["old"],
        {},
        {"old": set(), "api": {"old"}, "vpc": {"old", "api"}, "kms": {"old", "api", "vpc"}},
    ),
    (
        "between those that stood on it and those that it stood on",
        ["old"],
        {"api": ("old",), "old": ("kms",)},
        {"old": {"api"}, "kms": {"api", "vpc", "old"}},
    ),
    ("stood on nothing", ["old"], {"old": (), "api": ("old",)}, {"old": {"api"}}),
    ("nothing stood on it", ["old"], {"old": ("vpc",)}, {"old": set(), "vpc": {"api", "old"}}),
    (
        "renamed",
        ["old"],
        {"old": ("kms",), "api": ("old",), "vpc": ("kms",)},
        {"old": {"api"}, "kms": {"api", "vpc", "old"}},
    ),
    ("what is not destroyed does not count", ["old"], {"old": ("gone",), "left": ("old",)}, {"old": set()}),
    (
        "two in a row",
        ["a", "b"],
        {"a": ("b",), "b": ("kms",), "vpc": ("a",)},
        {"a": {"vpc"}, "b": {"a"}, "kms": {"api", "vpc", "b"}},
    ),
    (
        "contradicts the live tree: first",
        ["old"],
        # It stood on api and kms on it; now api stands on kms.
        {"old": ("api",), "kms": ("old",)},
        {"old": set(), "api": {"old"}, "vpc": {"old", "api"}, "kms": {"old", "api", "vpc"}},
    ),
    (
        "stands on itself: first",
        ["old"],
        {"old": ("old",)},
        {"old": set(), "api": {"old"}, "vpc": {"old", "api"}, "kms": {"old", "api", "vpc"}},
    ),
    (
        "unknown, but others are known to have stood on it",
        ["old"],
        {"vpc": ("old",)},
        # api stands on vpc, so it goes before both.
        {"old": {"vpc"}, "api": set(), "vpc": {"api"}, "kms": {"api", "vpc", "old"}},
    ),
    (
        "unknown, under an orphan that is known",
        ["a", "b"],
        {"a": ("b",), "vpc": ("a",)},
        {"a": {"vpc"}, "b": {"a"}, "vpc": {"api"}, "kms": {"api", "vpc", "b"}},
    ),
    (
        "orphans that contradict each other",
        ["a", "b"],
        {"a": ("b",), "b": ("vpc",), "vpc": ("a",)},
        {"a": {"vpc"}, "b": {"a"}, "kms": {"api", "vpc", "b"}},
    ),
]


@pytest.mark.parametrize(
    ("orphans", "recorded", "expected"), [row[1:] for row in ORDERS], ids=[row[0] for row in ORDERS]
)
def test_a2_what_goes_before_what(orphans, recorded, expected):
    waits = order_of_destruction(LIVE, orphans, recorded)
    assert waits == {**LIVE, **{name: set() for name in orphans}, **expected}
    assert LIVE["api"] == set(), "what it was given is left as it is"


def destroyed(waits):
    """The order in which one worker at a time would destroy them; fails where the needs form a cycle."""
    schedule, order = Schedule(waits), []
    while not schedule.is_finished():
        name = schedule.ready(1)[0]
        schedule.start(name)
        schedule.finish(name, Status.CHANGED)
        order.append(name)
    return order


NAMES = ["a", "b", "c", "d", "e", "f"]


@st.composite
def histories(draw):
    """A live tree of some of the units; the rest are orphans; and a record that may say anything at all."""
    count = draw(st.integers(0, len(NAMES)))
    live = draw(st.permutations(NAMES))[:count]
    needs = {
        name: set(draw(st.lists(st.sampled_from(live[:place]), max_size=3)) if place else ())
        for place, name in enumerate(live)
    }
    recorded = draw(
        st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=3).map(tuple), max_size=6)
    )
    return needs, [name for name in NAMES if name not in needs], recorded


@given(histories())
def test_a2_every_unit_is_destroyed_once_whatever_is_recorded(history):
    needs, orphans, recorded = history
    waits = order_of_destruction(needs, orphans, recorded)
    assert sorted(destroyed(waits)) == NAMES
    assert all(needs[name] <= waits[name] for name in needs), "the order of the live tree is kept"


@st.composite
def consistent_histories(draw):
    """As above, where live tree and record agree: both follow one order of the units."""
    order = draw(st.permutations(NAMES))
    stands_on = {
        name: tuple(draw(st.lists(st.sampled_from(order[:place]), unique=True, max_size=3)) if place else ())
        for place, name in enumerate(order)
    }
    orphans = set(draw(st.lists(st.sampled_from(NAMES), max_size=4)))
    live = [name for name in order if name not in orphans]
    needs = {name: {other for other in live if name in stands_on[other]} for name in live}
    return needs, sorted(orphans), stands_on


@given(consistent_histories())
def test_a2_where_all_is_known_nothing_goes_before_what_stands_on_it(history):
    needs, orphans, recorded = history
    order = destroyed(order_of_destruction(needs, orphans, recorded))
    for name, below in recorded.items():
        assert all(order.index(name) < order.index(other) for other in below)


@given(consistent_histories())
def test_a2_an_orphan_of_which_nothing_is_known_goes_before_the_live_tree(history):
    needs, orphans, _ = history
    order = destroyed(order_of_destruction(needs, orphans, {}))
    assert set(order[: len(orphans)]) == set(orphans)


NOW = datetime(2026, 1, 31, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "end"),
    [(timedelta(hours=8), "2026-01-31T16:15:00+00:00"), (timedelta(days=1), "2026-02-01T08:15:00+00:00"), (None, None)],
)
def test_a_lifetime_ends_so_long_after_now(span, end):
    assert Lifetime(span=span).end(NOW) == end


@pytest.mark.parametrize(
    ("expires", "expected"),
    [(None, False), (NOW + timedelta(seconds=1), False), (NOW, True), (NOW - timedelta(days=1), True)],
)
def test_a_deployment_expires_at_the_moment_that_was_said(expires, expected):
    assert has_expired(expires, NOW) is expected


FLAT = {"kms": "pr42/kms/terraform.tfstate", "vpc": "pr42/vpc/terraform.tfstate"}


@pytest.mark.parametrize(
    ("keys", "known", "expected"),
    [
        ((), FLAT, {}),
        (("pr42/kms/terraform.tfstate",), FLAT, {"kms": "pr42/kms/terraform.tfstate"}),
        (
            ("pr42/old/terraform.tfstate", "pr42/kms/terraform.tfstate"),
            FLAT,
            {"kms": "pr42/kms/terraform.tfstate", "old": "pr42/old/terraform.tfstate"},
        ),
        # Terraform's locks and the register's own record are no states.
        (("pr42/vpc/terraform.tfstate.tflock", "pr42/platformctl.json"), FLAT, {}),
        # A live tree that makes its keys in another way.
        (
            ("pr42/dev/old/terraform.tfstate",),
            {"kms": "pr42/dev/kms/terraform.tfstate"},
            {"old": "pr42/dev/old/terraform.tfstate"},
        ),
        # Nothing is left of the environment in the live tree.
        (("pr42/kms/terraform.tfstate",), {}, {"kms": "pr42/kms/terraform.tfstate"}),
        (("pr42/odd.tfstate",), FLAT, {"odd.tfstate": "pr42/odd.tfstate"}),
    ],
)
def test_a2_units_are_found_by_the_states_that_there_are(keys, known, expected):
    assert state_units("pr42", keys, known) == expected


@pytest.mark.parametrize(
    ("registered", "applied", "states", "expected"),
    [
        ({}, {"kms": (), "vpc": ("kms",)}, (), {"kms": (), "vpc": ("kms",)}),
        # What is applied now is noted as it is now.
        ({"vpc": ("kms",)}, {"vpc": ("iam", "kms")}, ("vpc",), {"vpc": ("iam", "kms")}),
        # What is not, stays as it was: its resources still stand on what it was applied with.
        ({"vpc": ("kms",)}, {"kms": ()}, ("kms", "vpc"), {"kms": (), "vpc": ("kms",)}),
        # A unit that was removed from the live tree is never forgotten while it has a state ...
        ({"old": ("kms",)}, {"kms": ()}, ("kms", "old"), {"kms": (), "old": ("kms",)}),
        # ... and is, when it has none.
        ({"old": ("kms",)}, {"kms": ()}, ("kms",), {"kms": ()}),
    ],
)
def test_a2_the_register_knows_what_every_unit_stood_on_when_it_was_applied(registered, applied, states, expected):
    found = merged_units(registered, applied, states)
    assert found == expected
    assert list(found) == sorted(found)


def test_c4_json_form():
    item = Environment(
        suffix="pr42",
        environment="dev",
        target="local",
        created=NOW,
        expires=NOW + timedelta(hours=1),
        last_run=LastRun(id="r", command="up", finished="2026-01-31T08:00:00+00:00", exit_code=1),
        resources={"vpc": 50, "kms": 12, "old": 1},
        orphans=("old",),
    )
    document = item.to_json(NOW)
    assert json.loads(json.dumps(document)) == {
        "suffix": "pr42",
        "environment": "dev",
        "target": "local",
        "created": "2026-01-31T08:15:00+00:00",
        "expires": "2026-01-31T09:15:00+00:00",
        "expired": False,
        "resources": 63,
        "units": {"kms": 12, "old": 1, "vpc": 50},
        "orphans": ["old"],
        "last_run": {"id": "r", "command": "up", "finished": "2026-01-31T08:00:00+00:00", "exit_code": 1},
    }
    assert item.to_json(NOW + timedelta(hours=1))["expired"] is True


def test_c4_json_form_of_what_is_not_registered():
    item = Environment(
        suffix="pr42",
        environment=None,
        target="aws",
        created=None,
        expires=None,
        last_run=None,
        resources={},
        orphans=(),
    )
    assert item.to_json(NOW) == {
        "suffix": "pr42",
        "environment": None,
        "target": "aws",
        "created": None,
        "expires": None,
        "expired": False,
        "resources": 0,
        "units": {},
        "orphans": [],
        "last_run": None,
    }
