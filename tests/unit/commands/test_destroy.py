"""Destroy: what is refused, what is asked, what goes in which order, and the proof (A2, A4, C2, C5, C7)."""

import pytest

from orchestrator.commands import DestroyRequest, Target, destroy
from orchestrator.engine.ports import Applied
from orchestrator.errors import ExitCode, UsageError
from orchestrator.model.status import Changes
from tests.fakes.cloud import FakeLeftover, FakeLock, FakeResource

UNITS = ("api", "docs", "kms", "vpc")


@pytest.fixture
def run(world):
    """Destroys deployments."""
    world.put(*UNITS)
    world.register()

    def call(*only, confirmed=True, **settings):
        settings.setdefault("parallelism", 1)
        request = DestroyRequest(suffix="pr42", only=only, confirmed=confirmed, **settings)
        return destroy(request, world.ports, world.operator)

    return call


def say(world):
    return "\n".join(world.operator.lines)


def proofs(world):
    return [event.text for event in world.operator.events if getattr(event, "text", "").startswith("proof")]


@pytest.mark.parametrize(
    ("only", "settings", "what"),
    [
        ((), {}, '"pr42"'),
        (("vpc",), {"with_dependents": True}, 'api, vpc of "pr42"'),
        # As many units as the live tree has, but not all units of the deployment.
        (("old", "api", "vpc", "kms"), {}, 'old, api, vpc, kms of "pr42"'),
    ],
)
def test_a4_the_question_says_what_goes_and_a_refusal_keeps_everything(world, run, refused, only, settings, what):
    world.put("old")
    world.operator.approves = False
    error = refused(run, *only, confirmed=False, error=UsageError, **settings)
    assert (error.detail, world.worked_on, world.journal.runs) == ("Nothing was run.", [], [])
    (question,) = world.operator.questions
    place = "the local cloud (account 123456789012)"
    assert question.text == f"This destroys {what} on {place}, with all its data."
    assert question.word == "pr42"
    assert question.detail == f'Destroying "pr42" on {place} has to be confirmed, and there is no terminal to ask on.'


def test_c10_a_protected_unit_is_refused_before_anything_runs(world, run, refused):
    file = world.tree.root / "live/dev/vpc/terragrunt.hcl"
    file.write_text(f"{file.read_text()}\nprevent_destroy = true\n")

    error = refused(run, error=UsageError)

    assert error.detail == "prevent_destroy is true in vpc."
    assert world.worked_on == []
    assert run("docs").code is ExitCode.OK


def test_a4_a_confirmed_request_asks_nothing(world, run):
    run()
    assert world.operator.questions == []


def test_c7_what_others_depend_on_is_refused_before_the_question(world, run, refused):
    error = refused(run, "vpc", confirmed=False, error=UsageError)
    assert (error.summary, world.worked_on) == ("Other units depend on what would be destroyed", [])
    assert error.detail == '"api" is still applied and depends on "vpc".'
    assert error.hint == "Destroy them together: add --with-dependents, or name them: --only api --only vpc"
    assert world.operator.questions == []


@pytest.mark.parametrize("missing", ["cloud", "bucket"])
def test_a2_destroying_what_does_not_exist_is_no_error_and_starts_no_cloud(world, run, refused, missing):
    world.connector.running = missing != "cloud"
    world.bucket.present = missing != "bucket"
    result = run()
    assert (result.code, dict(result.outcomes), world.journal.runs) == (ExitCode.OK, {}, [])
    assert world.operator.lines == ['Nothing to destroy: there is no "pr42" on the local cloud.']
    assert not any(start for _, start in world.connector.connected)
    # Nothing is an orphan there, so a name that the live tree does not have is a mistake.
    assert refused(run, "old", error=UsageError).summary == "No such unit"


def test_c7_a_unit_that_is_neither_in_the_live_tree_nor_an_orphan(world, run, refused):
    world.put("old")
    assert refused(run, "odl", "old").detail == '"odl" is not in environment dev.'
    assert world.worked_on == []


def test_a2_dependents_go_first_and_the_proof_comes_last(world, run):
    result = run()
    assert result.code is ExitCode.OK
    assert all(destroyed for _, destroyed in world.terraform.applied)
    order = world.worked_on.index
    assert order("api") < order("vpc") < order("kms")
    assert (sorted(world.worked_on), world.states) == (["api", "docs", "kms", "vpc"], [])
    assert proofs(world) == ['proof: no service lists anything whose name or tag is of "pr42"']
    assert (world.bucket.registered, world.tools.workspaces_removed) == ({}, 1)


@pytest.mark.parametrize(
    ("endpoint", "others", "ends"), [("http://x", False, True), ("http://x", True, False), (None, False, False)]
)
def test_a3_after_the_last_deployment_the_local_cloud_ends(world, run, endpoint, others, ends):
    world.account.endpoint = endpoint
    if others:
        world.register("pr43")
    run()
    assert (world.account.retired, not world.bucket.present) == (ends, ends)


def test_e4_what_services_made_by_themselves_is_removed_before_the_proof(world, run):
    world.sweeper.reclaimed = [FakeLeftover("RDS's log group")]
    run("api")
    assert "removed" not in say(world)
    result = run()
    assert "removed ec2 vpc RDS's log group" in say(world)
    assert (result.code, len(proofs(world))) == (ExitCode.OK, 1)


def test_a2_what_is_left_in_the_account_is_named_and_the_exit_code_says_so(world, run):
    world.account.resources = [FakeResource(name=f"/aws/lambda/x{number}-pr42") for number in range(51)]
    result = run()
    assert (result.code, len(result.left), proofs(world)) == (ExitCode.FAILED, 51, [])
    assert "  logs log-group /aws/lambda/x0-pr42\n" in say(world)
    assert "  and 1 more\n" in f"{say(world)}\n"
    assert world.operator.lines[-1] == f"report: {result.report_file}"


@pytest.mark.parametrize(
    ("only", "dependents", "destroyed"),
    [
        ("api", False, ["api"]),
        ("kms", True, ["api", "vpc", "kms"]),
        ("vpc", True, ["api", "vpc"]),
        ("docs", True, ["docs"]),
    ],
)
def test_a2_a_selection_and_what_depends_on_it(world, run, only, dependents, destroyed):
    result = run(only, with_dependents=dependents)
    assert (result.code, world.worked_on) == (ExitCode.OK, destroyed)
    assert proofs(world) == [], "nothing can be proved of a part"
    assert list(world.bucket.registered) == ["pr42"], "the rest is still there"


def test_a2_orphans_go_with_the_whole(world, run):
    world.put("old", outputs={})
    assert run().code is ExitCode.OK
    assert world.worked_on[0] == "old", "of which nothing is known, first"
    assert sorted(world.worked_on) == ["api", "docs", "kms", "old", "vpc"]
    assert world.terraform.inputs["old"] == {}


def test_a2_an_orphan_goes_in_the_order_in_which_it_was_applied(world, run):
    """vpc was called old, and stood between api and kms."""
    world.put("old")
    world.register(units={"api": ("old",), "old": ("kms",), "kms": ()})
    assert run().code is ExitCode.OK
    order = world.worked_on.index
    assert order("api") < order("old") < order("kms")


def test_a2_an_orphan_alone_can_be_named(world, run):
    world.put("old")
    assert run("old").code is ExitCode.OK
    assert (world.worked_on, world.states) == (["old"], list(UNITS))


def test_a2_what_is_no_longer_known_is_destroyed_all_the_same(world, run):
    """A destroy that broke off has taken kms down, of which vpc reads an output."""
    world.account.held_states.states.clear()
    world.put("vpc")
    assert run().code is ExitCode.OK
    assert (world.worked_on, world.terraform.inputs["vpc"]) == (["vpc"], {})


def test_c5_a_failure_keeps_what_the_unit_depends_on_and_the_register(world, run):
    world.terraform.ends["vpc"] = Applied(succeeded=False, changes=Changes(), errors=("DependencyViolation: eni-1",))
    result = run()
    assert (result.code, world.states, proofs(world)) == (ExitCode.FAILED, ["kms", "vpc"], [])
    assert {name: str(outcome.status) for name, outcome in result.outcomes.items()} == {
        "api": "changed",
        "docs": "changed",
        "vpc": "failed",
        "kms": "skipped",
    }
    assert result.outcomes["vpc"].error == "DependencyViolation: eni-1"
    assert list(world.bucket.registered) == ["pr42"]
    assert world.bucket.registered["pr42"].last_run.exit_code == 1


def test_c5_on_aws_a_locked_deployment_is_refused(world, run, refused):
    world.locks.locks.append(FakeLock(name="kms", foreign=True))
    assert refused(run, target=Target.AWS).summary == "Units of this deployment are locked"
    assert world.worked_on == []


def test_c6_the_deployment_is_held_for_the_whole_run_and_the_register_at_its_end(world, run):
    run()
    assert world.journal.history == ["local-pr42", "register of local"]
    assert world.journal.held == []
