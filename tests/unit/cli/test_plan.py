"""``platformctl plan``, ``drift`` and kept plans, over a fake planner (C3, C5, C7, C8)."""

import json
import stat
from types import SimpleNamespace

import pytest
from orchestrator.cli.planning import require_fresh, require_same_request, subject

from orchestrator.adapters.plans import read_kept_plan
from orchestrator.cli import drift as drifting
from orchestrator.cli import plan as planning
from orchestrator.cli import up as applying
from orchestrator.engine.plan import AttributeChange, PlannedChange, StackPlan
from orchestrator.engine.ports import UnitChange
from orchestrator.hcl.values import Sensitive
from orchestrator.model.action import Action
from tests.fakes.deployment import FakeDeployment

STATES = {"kms": {"key_arn": "arn:1", "password": Sensitive("hunter2")}, "vpc": {"vpc_id": "v"}, "api": {}, "docs": {}}
SECRET = AttributeChange(name="password", sensitive=True)


def change(action, address="aws_x.y"):
    return PlannedChange(address=address, action=Action(action), attributes=(SECRET,))


def plan_of(*, outputs=(), drift=(), **units):
    return StackPlan(
        units={name: units.get(name, ()) for name in ("docs", "kms", "vpc", "api")},
        outputs=frozenset(outputs),
        drift=dict(drift),
    )


class Cloud:
    """A deployment that is there, the plan that is made of it, and what its units' own plans say."""

    def __init__(self):
        self.applied = dict(STATES)
        self.serial = 1
        self.planned = plan_of()
        self.plans = {}
        self.opened = []

    def open(self, asked, *, start):
        found = FakeDeployment(asked)
        for name, outputs in self.applied.items():
            found.states.put(name, outputs, document={"version": 4, "lineage": name, "serial": self.serial})
        found.fake_planner.planned = self.planned
        found.terraform.plans = self.plans
        found.terraform.outputs = {name: dict(outputs) for name, outputs in STATES.items()}
        self.opened.append(found)
        return found

    @property
    def deployment(self):
        return self.opened[-1]

    @property
    def worked_on(self):
        return sorted(name for name, _ in self.deployment.terraform.applied)


@pytest.fixture
def cloud(platformctl, monkeypatch):
    made = Cloud()
    for command in (planning, drifting, applying):
        monkeypatch.setattr(command, "open_deployment", made.open)
    for command in (planning, applying):
        monkeypatch.setattr(command, "require_room", lambda _deployment, _units: None)
    monkeypatch.setattr(applying, "print_deployment", lambda _deployment: None)
    return made


@pytest.mark.parametrize(
    ("planned", "code"),
    [
        (plan_of(), 0),
        (plan_of(vpc=(change("update"),)), 2),
        (plan_of(vpc=(change("move"),)), 2),
    ],
    ids=["no changes", "an update", "a move alone"],
)
def test_c3_the_exit_code_tells_whether_anything_would_change_if_it_is_asked_to(platformctl, cloud, planned, code):
    cloud.planned = planned
    assert platformctl("plan", "--suffix", "pr42", "--detailed-exitcode").code == code
    assert platformctl("plan", "--suffix", "pr42").code == 0


def test_c3_everything_is_planned_together_against_the_states_that_there_are(platformctl, cloud):
    del cloud.applied["api"]
    result = platformctl("plan", "--suffix", "pr42")
    assert (result.code, cloud.deployment.fake_planner.asked) == (
        0,
        [(("docs", "kms", "vpc", "api"), ["docs", "kms", "vpc"])],
    )
    assert "vpc  no changes\n" in result.out
    assert cloud.worked_on == []


def test_c3_a_selection_is_planned_with_the_outputs_of_the_others(platformctl, cloud):
    platformctl("plan", "--suffix", "pr42", "--only", "vpc")
    assert cloud.deployment.fake_planner.asked == [(("vpc",), ["vpc"])]
    (unit,) = subject(cloud.deployment, ["vpc"]).units
    assert unit.inputs == {"kms_key_arn": "arn:1"}


def test_c7_a_selection_whose_dependencies_are_not_applied_is_refused(platformctl, cloud):
    cloud.applied = {}
    result = platformctl("plan", "--suffix", "pr42", "--only", "vpc")
    assert result.code == 2
    assert '"vpc" reads outputs of "kms", which has no state yet.' in result.err


def test_c3_orphans_are_named_in_the_plan(platformctl, cloud):
    cloud.applied["old"] = {}
    assert "old  orphaned: " in platformctl("plan", "--suffix", "pr42").out
    document = json.loads(platformctl("plan", "--suffix", "pr42", "--json").out)
    assert document["orphans"] == ["old"]


def test_c3_json_is_all_that_is_printed_for_programs(platformctl, cloud):
    cloud.planned = plan_of(vpc=(change("replace"),))
    document = json.loads(platformctl("plan", "--suffix", "pr42", "--json").out)
    assert document["summary"] == {"add": 1, "change": 0, "destroy": 1}
    assert (document["suffix"], document["environment"], document["account"]) == ("pr42", "dev", "123456789012")


def kept(platformctl, *arguments):
    """A plan, kept in a file."""
    file = platformctl.tree.root / "stack.plan"
    result = platformctl("plan", "--suffix", "pr42", "--out", str(file), *arguments)
    assert result.code == 0, result.err
    return file


def test_c3_a_kept_plan_says_how_to_apply_it_and_is_private(platformctl, cloud):
    file = platformctl.tree.root / "stack.plan"
    result = platformctl("plan", "--suffix", "pr42", "--out", str(file))
    assert result.err.endswith("Kept in stack.plan. Apply it with: up --plan stack.plan\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_c8_no_secret_is_in_any_form_of_a_plan(platformctl, cloud):
    cloud.planned = plan_of(vpc=(change("update"),), drift={"vpc": (change("update"),)})
    file = kept(platformctl)
    said = [platformctl(*command, "--suffix", "pr42") for command in (("plan",), ("plan", "--json"), ("drift",))]
    texts = [file.read_text(), *(result.out + result.err for result in said)]
    assert not any("hunter2" in text for text in texts)


def test_c5_a_kept_plan_is_applied_without_another_one(platformctl, cloud):
    cloud.planned = plan_of(vpc=(change("update"),))
    cloud.plans = {"vpc": (UnitChange(address="aws_x.y", action="update"),)}
    file = kept(platformctl)
    result = platformctl("up", "--suffix", "pr42", "--plan", str(file))
    assert result.code == 0, result.err
    assert cloud.worked_on == ["vpc"], "what is as it should be is not even started"
    assert cloud.deployment.fake_planner.asked == []


def test_c5_what_is_shown_is_what_is_approved(platformctl, cloud):
    cloud.planned = plan_of(vpc=(change("update"),))
    cloud.plans = {"vpc": (UnitChange(address="aws_x.y", action="replace"),)}
    result = platformctl("up", "--suffix", "pr42")
    assert result.code == 1
    assert 'stopped, because the plan of "vpc" exceeds the approved one' in result.err
    assert "  replace aws_x.y" in result.err


def test_c5_a_unit_of_which_an_output_alone_changes_is_applied(platformctl, cloud):
    cloud.planned = plan_of(outputs=["kms"])
    assert platformctl("up", "--suffix", "pr42").code == 0
    assert cloud.worked_on == ["kms"]


def test_c5_also_by_a_kept_plan(platformctl, cloud):
    cloud.planned = plan_of(outputs=["kms"])
    file = kept(platformctl)
    assert platformctl("up", "--suffix", "pr42", "--plan", str(file)).code == 0
    assert cloud.worked_on == ["kms"]


def test_c5_a_unit_that_was_never_applied_is_not_idle(platformctl, cloud):
    """A module without resources and outputs leaves nothing to plan; its state has to be written once."""
    del cloud.applied["docs"]
    assert platformctl("up", "--suffix", "pr42").code == 0
    assert cloud.worked_on == ["docs"]


def change_state(cloud, _platformctl):
    cloud.serial = 2


def change_unit(_cloud, platformctl):
    platformctl.tree.unit("docs", "inputs = {\n  a = 1\n}\n")


def change_module(_cloud, platformctl):
    platformctl.tree.write({"modules/docs/new.tf": "locals {}\n"})


def add_unit(_cloud, platformctl):
    platformctl.tree.unit("more", module="docs")


STALE = [
    (change_state, "units api, docs, kms, vpc have been applied or changed"),
    (change_unit, "unit docs is configured differently"),
    (change_module, "unit docs is configured differently"),
    (add_unit, "unit more is new"),
]


@pytest.mark.parametrize(("happens", "why"), STALE, ids=[happens.__name__ for happens, _ in STALE])
def test_c7_a_stale_plan_is_refused_and_nothing_is_run(platformctl, cloud, happens, why):
    cloud.planned = plan_of(vpc=(change("update"),))
    file = kept(platformctl)
    happens(cloud, platformctl)
    result = platformctl("up", "--suffix", "pr42", "--plan", str(file))
    assert (result.code, cloud.worked_on, cloud.deployment.registrations) == (2, [], [])
    created = json.loads(file.read_text())["created"]
    assert result.err.endswith(
        f"error: The plan is stale\nSince stack.plan was made at {created}, {why}.\n"
        "fix: Make another one with platformctl plan --out, and look at it.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "differing"),
    [
        (("--only", "docs"), "--only all, not docs"),
        (("--suffix", "pr43"), "suffix pr42, not pr43"),
        (("--env", "prod"), "environment dev, not prod"),
    ],
)
def test_c7_a_plan_for_something_else_is_refused(platformctl, cloud, arguments, differing):
    platformctl.tree.standard(environment="prod")
    file = kept(platformctl)
    result = platformctl("up", "--suffix", "pr42", "--plan", str(file), *arguments)
    assert (result.code, cloud.worked_on) == (2, [])
    assert result.err.endswith(
        f"error: The plan is for something else\nstack.plan was made for {differing}.\n"
        "fix: Give the options that it was made with, or make another plan.\n"
    )


def test_c7_the_order_of_a_selection_does_not_matter(platformctl, cloud):
    file = kept(platformctl, "--only", "kms", "--only", "vpc")
    result = platformctl("up", "--suffix", "pr42", "--plan", str(file), "--only", "vpc", "--only", "kms")
    assert result.code == 0, result.err


def test_c7_every_difference_of_the_request_is_named_at_once(platformctl, cloud):
    file = kept(platformctl)
    deployment = cloud.deployment
    plan = read_kept_plan(file)
    require_same_request(deployment, plan, file="stack.plan")
    require_fresh(plan, plan.basis, file="stack.plan")
    deployment.account_settings = ("config",)
    deployment.session = SimpleNamespace(account_id="210987654321")
    with pytest.raises(Exception, match="The plan is for something else") as caught:
        require_same_request(deployment, plan, file="stack.plan")
    assert caught.value.detail == (
        "stack.plan was made for account 123456789012, not 210987654321; --account-settings none, not config."
    )


@pytest.mark.parametrize("contents", ["", "{", "[]", '{"format_version": "1.0"}'])
def test_c7_a_file_that_is_no_plan_is_refused_before_anything_is_opened(platformctl, cloud, contents):
    file = platformctl.tree.root / "stack.plan"
    file.write_text(contents)
    result = platformctl("up", "--suffix", "pr42", "--plan", str(file))
    assert (result.code, cloud.opened) == (2, [])
    assert result.err.startswith("error: The plan cannot be used\nstack.plan: ")


@pytest.mark.parametrize(
    ("planned", "code", "text"),
    [
        (plan_of(), 0, "No drift: the cloud is as it was deployed.\n"),
        (plan_of(drift={"vpc": (change("update"),)}), 0, "1 more resource has other values"),
        (
            plan_of(vpc=(change("create"),), drift={"vpc": (change("delete"),)}),
            3,
            "  - aws_x.y  is gone from the cloud; up creates it\n",
        ),
    ],
    ids=["none", "left open", "deleted"],
)
def test_c5_drift_says_by_its_exit_code_whether_anything_differs(platformctl, cloud, planned, code, text):
    cloud.planned = planned
    result = platformctl("drift", "--suffix", "pr42")
    assert result.code == code
    assert text in result.out
    document = platformctl("drift", "--suffix", "pr42", "--json")
    assert document.code == code
    assert json.loads(document.out)["drifted"] is (code == 3)


def test_c7_what_is_not_deployed_cannot_have_drifted(platformctl, cloud):
    cloud.applied = {}
    result = platformctl("drift", "--suffix", "pr42")
    assert (result.code, result.out) == (2, "")
    assert "error: No such deployment\n" in result.err
    assert cloud.deployment.fake_planner.asked == []
