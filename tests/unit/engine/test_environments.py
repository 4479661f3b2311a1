"""Deployments as a whole: times to live, orphans, and the record of what was applied (A2, B15)."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.engine.environments import (
    Environment,
    LastRun,
    Lifetime,
    has_expired,
    merged_units,
    state_units,
)

NOW = datetime(2026, 1, 31, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "end"),
    [
        (timedelta(hours=8), "2026-01-31T16:15:00+00:00"),
        (timedelta(days=1), "2026-02-01T08:15:00+00:00"),
        (None, None),
    ],
)
def test_a_lifetime_ends_so_long_after_now(span, end):
    assert Lifetime(span=span).end(NOW) == end


@pytest.mark.parametrize(
    ("expires", "expected"),
    [
        (None, False),
        (NOW + timedelta(seconds=1), False),
        (NOW, True),
        (NOW - timedelta(days=1), True),
    ],
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
