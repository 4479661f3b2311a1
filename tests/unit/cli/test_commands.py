"""up, plan, drift, outputs, destroy and recover over fakes: options, texts, JSON and exit codes (A2, A4, B14, C3, C5, C7, C8)."""

import json
import stat
from datetime import timedelta

import pytest

from orchestrator.adapters.runs import ProjectJournal
from orchestrator.cli import options
from orchestrator.commands import Target
from orchestrator.engine.environments import Lifetime
from orchestrator.engine.ports import Applied, UnitChange
from orchestrator.model.action import Action
from orchestrator.model.status import Changes
from tests.fakes.cloud import FakeKept, FakeLeftover, FakeLock, FakeResource
from tests.fakes.world import plan_of, planned_change

UPDATE = planned_change("update")
PR42 = ("--suffix", "pr42")
FAILED = Applied(succeeded=False, changes=Changes(), errors=("DependencyViolation: eni-1",))
CONFIRMATION = (
    "error: Confirmation needed\n"
    'Destroying "pr42" on the local cloud (account 123456789012) has to be confirmed, and there is no terminal to ask on.\n'
    "fix: Pass --yes.\n"
)


@pytest.mark.parametrize(
    ("planned", "code"), [(plan_of(), 0), (plan_of(vpc=(UPDATE,)), 2), (plan_of(outputs=["kms"]), 2)]
)
def test_c3_the_exit_code_tells_whether_anything_would_change_if_it_is_asked_to(platformctl, world, planned, code):
    world.planner.plan_made = planned
    assert platformctl("plan", *PR42, "--detailed-exitcode").code == code
    assert platformctl("plan", *PR42).code == 0


def test_c3_a_plan_as_text_and_as_json(platformctl, world):
    world.put("old")
    world.planner.plan_made = plan_of(vpc=(planned_change("replace"),))
    text = platformctl("plan", *PR42).out
    assert "kms  no changes\n" in text
    assert "old  orphaned: " in text
    result = platformctl("plan", *PR42, "--json", "--account-settings", "config")
    document = json.loads(result.out)
    assert (document["summary"], document["orphans"]) == ({"add": 1, "change": 0, "destroy": 1}, ["old"])
    assert (document["suffix"], document["environment"], document["account"]) == ("pr42", "dev", "123456789012")
    assert document["account_settings"] == ["config"]


@pytest.fixture
def kept(platformctl, world):
    """A plan, kept in a file."""

    def make(*arguments, **units):
        world.planner.plan_made = plan_of(**units)
        result = platformctl("plan", *PR42, "--out", "stack.plan", *arguments)
        assert result.code == 0, result.err
        assert result.err.endswith("Kept in stack.plan. Apply it with: up --plan stack.plan\n")
        return platformctl.tree.root / "stack.plan"

    return make


def test_c3_a_kept_plan_is_private_and_is_applied(platformctl, world, kept):
    world.terraform.plans["vpc"] = (UnitChange(address="aws_x.y", action=Action.UPDATE),)
    file = kept("--only", "vpc", vpc=(UPDATE,))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    result = platformctl("up", *PR42, "--plan", "stack.plan", "--only", "vpc")
    assert (result.code, world.worked_on, len(world.planner.planned)) == (0, ["vpc"], 1), result.err


def test_c7_a_stale_plan_and_one_for_something_else_name_the_file(platformctl, world, kept):
    created = json.loads(kept().read_text())["created"]
    result = platformctl("up", *PR42, "--plan", "stack.plan", "--only", "docs")
    assert (result.code, result.err) == (
        2,
        (
            "error: The plan is for something else\nstack.plan was made for --only all, not docs.\n"
            "fix: Give the options that it was made with, or make another plan.\n"
        ),
    )
    platformctl.tree.unit("more", module="docs")
    result = platformctl("up", *PR42, "--plan", "stack.plan")
    assert (result.code, world.worked_on) == (2, [])
    assert result.err.endswith(
        f"error: The plan is stale\nSince stack.plan was made at {created}, unit more is new.\n"
        "fix: Make another one with platformctl plan --out, and look at it.\n"
    )


@pytest.mark.parametrize("contents", ["", "{", "[]", '{"format_version": "1.0"}'])
def test_c7_a_file_that_is_no_plan_is_refused_before_anything_is_opened(platformctl, world, contents):
    (platformctl.tree.root / "stack.plan").write_text(contents)
    result = platformctl("up", *PR42, "--plan", "stack.plan")
    assert (result.code, world.connector.connected) == (2, [])
    assert result.err.startswith("error: The plan cannot be used\nstack.plan: ")


def test_c8_no_secret_is_in_any_form_of_a_plan_or_in_what_a_run_leaves(platformctl, world, kept):
    world.journal = ProjectJournal(home=platformctl.tree.root / ".platformctl")
    file = kept(vpc=(UPDATE,), drift={"vpc": (UPDATE,)})
    commands = (("plan",), ("plan", "--json"), ("drift",), ("up",), ("destroy", "--yes"))
    printed = [platformctl(*command, *PR42) for command in commands]
    assert not any("hunter2" in text for result in printed for text in (result.out, result.err))
    left = [file, *(path for path in world.journal.home.rglob("*") if path.is_file())]
    assert len(left) > 5
    assert not any(b"hunter2" in path.read_bytes() for path in left)


def test_c5_an_up_that_goes_beyond_its_plan_says_so(platformctl, world):
    world.planner.plan_made = plan_of(vpc=(UPDATE,))
    world.terraform.plans["vpc"] = (UnitChange(address="aws_x.y", action=Action.REPLACE),)
    result = platformctl("up", *PR42)
    assert result.code == 1
    assert 'stopped, because the plan of "vpc" exceeds the approved one' in result.err
    assert "  replace aws_x.y" in result.err


def test_b14_after_an_up_what_users_look_for_is_the_result(platformctl, world):
    result = platformctl("up", *PR42, "--ttl", "8h")
    assert (result.code, result.out) == (0, "VPC  v\n")
    assert world.bucket.registered["pr42"].expires is not None
    world.terraform.ends["docs"] = FAILED
    world.planner.plan_made = plan_of(docs=(UPDATE,))
    assert (platformctl("up", *PR42).code, platformctl("up", *PR42).out) == (1, "")


def test_a4_on_aws_up_asks_on_the_terminal(platformctl, world, person):
    person.answers.extend(["no", "pr42"])
    assert [platformctl("up", *PR42, "--target", "aws").code for _ in range(2)] == [2, 0]
    assert 'Apply this to 4 units of environment dev, as "pr42", in AWS account 123456789012?' in person.questions[0]
    assert platformctl("up", *PR42, "--target", "aws", "--yes").code == 0
    assert len(person.questions) == 2


def test_c4_outputs_as_text_and_as_json_without_secrets_unless_asked_for(platformctl, world):
    assert platformctl("outputs", *PR42).out == "docs\nkms\n  key_arn = arn:1\nvpc\n  vpc_id = v\napi\n"
    assert json.loads(platformctl("outputs", *PR42, "--json").out) == {
        "api": {},
        "docs": {},
        "kms": {"key_arn": "arn:1"},
        "vpc": {"vpc_id": "v"},
    }
    assert "  password = hunter2\n" in platformctl("outputs", *PR42, "--show-sensitive").out


@pytest.mark.parametrize(
    ("planned", "code", "text"),
    [
        (plan_of(), 0, "No drift: the cloud is as it was deployed.\n"),
        (plan_of(drift={"vpc": (UPDATE,)}), 0, "1 more resource has other values"),
        (
            plan_of(vpc=(planned_change("create"),), drift={"vpc": (planned_change("delete"),)}),
            3,
            "  - aws_x.y  is gone from the cloud; up creates it\n",
        ),
    ],
    ids=["none", "left open", "deleted"],
)
def test_c5_drift_says_by_its_exit_code_whether_anything_differs(platformctl, world, planned, code, text):
    world.planner.plan_made = planned
    result = platformctl("drift", *PR42)
    assert result.code == code
    assert text in result.out
    document = platformctl("drift", *PR42, "--json")
    assert (document.code, json.loads(document.out)["drifted"]) == (code, code == 3)


@pytest.mark.parametrize("command", [("drift",), ("outputs",), ("invoke", "api"), ("logs",), ("smoke",)])
def test_c7_a_deployment_that_does_not_exist_is_named(platformctl, command):
    result = platformctl(*command, *PR42)
    assert (result.code, result.out, platformctl.started) == (2, "", [])
    assert "error: No such deployment\n" in result.err
    assert result.err.endswith("fix: Deploy it: platformctl up --suffix pr42\n")


def test_a4_destroy_without_yes_and_without_a_terminal_is_refused_before_anything_runs(platformctl, world):
    result = platformctl("destroy", *PR42)
    assert (result.code, result.out, result.err, world.worked_on) == (2, "", CONFIRMATION, [])


@pytest.mark.parametrize("answer", ["", "yes", "y", "PR42", "pr4"])
def test_a4_only_the_suffix_itself_confirms_a_destroy(platformctl, world, person, answer):
    person.answers.append(answer)
    result = platformctl("destroy", *PR42)
    assert (result.code, world.worked_on) == (2, [])
    assert "error: Not confirmed\nNothing was run.\n" in result.err
    assert 'This destroys "pr42" on the local cloud (account 123456789012), with all its data.' in person.questions[0]


def test_a2_a_destroy_ends_with_the_proof(platformctl, world):
    result = platformctl("destroy", *PR42, "--yes", "--parallelism", "1")
    assert (result.code, result.out) == (0, "")
    assert 'proof: no service lists anything whose name or tag is of "pr42"' in result.err


def test_a2_destroying_what_does_not_exist_is_no_error_and_starts_no_cloud(platformctl):
    result = platformctl("destroy", *PR42, "--yes")
    assert (result.code, result.out, platformctl.started) == (0, "", [])
    assert result.err == 'Nothing to destroy: there is no "pr42" on the local cloud.\n'


@pytest.mark.parametrize(
    ("options", "destroyed"),
    [((), ["vpc"]), (("--with-dependents",), ["api", "vpc"])],
    ids=["refused", "with dependents"],
)
def test_c7_what_others_depend_on_goes_with_them_or_not_at_all(platformctl, world, options, destroyed):
    result = platformctl("destroy", *PR42, "--yes", "--only", "vpc", *options)
    if options:
        assert (result.code, world.worked_on) == (0, destroyed)
    else:
        assert (result.code, world.worked_on) == (2, [])
        assert '"api" is still applied and depends on "vpc".' in result.err
        assert "fix: Destroy them together: add --with-dependents, or name them: --only api --only vpc\n" in result.err


def test_c5_a_failed_destroy_says_why_and_what_was_skipped(platformctl, world):
    world.terraform.ends["vpc"] = FAILED
    result = platformctl("destroy", *PR42, "--yes")
    assert result.code == 1
    assert 'kms   skipped, because "vpc" failed' in result.err
    assert "DependencyViolation: eni-1" in result.err
    assert "proof" not in result.err


def test_a2_what_is_left_in_the_account_is_named(platformctl, world):
    world.account.resources = [FakeResource(name="/aws/lambda/x-pr42")]
    result = platformctl("destroy", *PR42, "--yes")
    assert result.code == 1
    assert "  logs log-group /aws/lambda/x-pr42\n" in result.err


VPC = FakeLeftover("vpc-1")


def test_nothing_to_recover(platformctl, world):
    result = platformctl("recover", *PR42)
    assert (result.code, result.out) == (0, "")
    assert result.err == 'Nothing to recover: "pr42" on the local cloud is as its states say.\n'


def test_c6_a_dry_run_of_recover_says_everything(platformctl, world):
    world.locks.locks = [FakeLock(name="kms"), FakeLock(name="api", foreign=True)]
    world.sweeper.leftovers = [VPC]
    result = platformctl("recover", *PR42, "--dry-run")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "Locks of processes that have ended: 1",
        '  unit "dev/kms": me@here',
        "Locks whose holder may be alive: 1",
        '  unit "dev/api": ada@elsewhere',
        "In the cloud, and in no state: 1",
        "  ec2 vpc vpc-1",
    ]
    assert (len(world.locks.locks), world.sweeper.swept) == (2, [])
    refused = platformctl("recover", *PR42, "--yes")
    assert (refused.code, world.sweeper.swept) == (2, [])
    assert "--release-foreign-locks" in refused.err
    assert platformctl("recover", *PR42, "--yes", "--release-foreign-locks").code == 0
    assert world.locks.locks == []


def test_a4_recover_needs_a_yes_and_ends_with_what_it_did(platformctl, world):
    world.locks.locks = [FakeLock(name="kms")]
    result = platformctl("recover", *PR42)
    assert (result.code, len(world.locks.locks)) == (2, 1)
    assert result.err.startswith("error: Confirmation needed\n")
    result = platformctl("recover", *PR42, "--yes")
    assert (result.code, world.locks.locks) == (0, [])
    assert result.err.splitlines()[-1] == '"pr42" is as its states say, and nobody holds a lock on it.'


def test_what_recover_cannot_remove_is_a_failure(platformctl, world):
    world.sweeper.leftovers = [VPC]
    world.sweeper.kept = (FakeKept(VPC, "AccessDenied"),)
    result = platformctl("recover", *PR42, "--yes")
    assert result.code == 1
    assert "by hand: aws ec2 delete-vpc --vpc-id vpc-1" in result.err


def test_the_terraform_of_a_run_is_chosen_by_the_account(platformctl, world):
    """Options reach the request: a target, an environment, a parallelism."""
    platformctl.tree.standard(environment="prod")
    result = platformctl("up", *PR42, "--env", "prod", "--target", "aws", "--yes", "--parallelism", "1")
    assert (result.code, world.connector.connected) == (0, [(Target.AWS, False)])
    assert world.bucket.registered["pr42"].environment == "prod"


def test_a2_a_time_to_live_is_parsed_by_its_option():
    assert options.parse_lifetime("8h") == Lifetime(span=timedelta(hours=8))
