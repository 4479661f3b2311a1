"""The work on one unit: outputs go downstream, failures are told, destroy leaves nothing (A2, C2, C5, C8)."""

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.config import LocalSource
from orchestrator.engine.environments import stand_in
from orchestrator.engine.execution import Outcome, describe
from orchestrator.engine.operations import dependents_of, require_applied, require_no_dependents, select, total
from orchestrator.engine.plan import Approval, PlannedChange
from orchestrator.engine.ports import Applied, Phase
from orchestrator.errors import ExitCode, PlatformctlError, UsageError
from orchestrator.hcl.values import Sensitive, is_wholly_known, unmark
from orchestrator.model.status import Action, Changes, Status
from tests.fakes.errors import error_of
from tests.fakes.terraform import Intended

FAILED = Applied(succeeded=False, changes=Changes(add=1), errors=("aws_vpc.this: no room", "second error"))


def test_c2_up_passes_outputs_downstream(bench):
    outcomes = bench.up("kms", "vpc", "api")
    assert [outcome.status for outcome in outcomes] == [Status.CHANGED] * 3
    assert bench.terraform.inputs["vpc"] == {"kms_key_arn": "arn:aws:kms:key/1"}
    assert unmark(dict(bench.terraform.inputs["api"])) == {"vpc_id": "vpc-1", "password": "hunter2"}


def test_c8_a_secret_output_stays_marked_on_its_way_downstream(bench):
    bench.up("kms", "vpc", "api")
    assert isinstance(bench.terraform.inputs["api"]["password"], Sensitive)
    for thing in (bench.outputs.evaluate("api"), bench.outputs.state("kms"), bench.outputs, bench.work):
        assert "hunter2" not in repr(thing)


def test_c8_the_raw_document_of_a_state_is_not_in_its_repr(bench):
    bench.states.put("kms", {}, document={"outputs": {"password": {"value": "hunter2", "sensitive": True}}})
    assert "hunter2" not in repr(bench.outputs.state("kms"))


def test_a_state_is_read_once_until_the_unit_is_applied(bench):
    bench.states.put("kms", {"key_arn": "arn:old", "password": Sensitive("p")})
    bench.outputs.evaluate("vpc")
    bench.outputs.evaluate("vpc")
    assert bench.states.read_names.count("kms") == 1
    bench.up("kms")
    assert bench.outputs.evaluate("vpc").inputs == {"kms_key_arn": "arn:aws:kms:key/1"}
    assert bench.states.read_names.count("kms") == 2


def test_that_there_is_no_state_is_remembered_too(bench):
    assert bench.outputs.state("kms") is None
    assert bench.outputs.state("kms") is None
    assert bench.states.read_names == ["kms"]


def test_a_unit_whose_inputs_are_not_known_is_not_applied(bench):
    error = error_of(lambda: bench.up("api"))
    assert (error.summary, error.detail, error.hint) == (
        "Inputs are not known",
        'Unit "api" needs "password", "vpc_id" from units that have not been applied.',
        "Apply the units it depends on first; without --only, up does that by itself.",
    )
    assert bench.terraform.applied == []


def test_an_emptied_state_gives_no_outputs(bench):
    bench.states.put("kms", {}, resources=0)
    assert bench.outputs.of_dependencies("vpc") == {}
    assert not is_wholly_known(bench.outputs.evaluate("vpc").inputs["kms_key_arn"])


def test_c5_a_failure_of_terraform_is_an_outcome_with_its_text(bench):
    bench.terraform.ends["kms"] = FAILED
    (outcome,) = bench.up("kms")
    assert outcome == Outcome(
        status=Status.FAILED,
        changes=Changes(add=1),
        error="aws_vpc.this: no room\n\nsecond error",
        log="/runs/1/logs/kms.log",
    )


def test_c5_after_a_failure_the_state_is_read_anew(bench):
    """What was created before the failure is in the state: the next run resumes from there."""
    assert bench.outputs.state("kms") is None
    bench.terraform.ends["kms"] = FAILED
    bench.up("kms")
    bench.states.put("kms", {"key_arn": "arn:half"})
    assert bench.outputs.state("kms").outputs == {"key_arn": "arn:half"}


def test_c6_an_interrupted_unit_is_cancelled_not_failed(bench):
    bench.terraform.ends["kms"] = Applied(succeeded=False, interrupted=True, changes=Changes(add=1))
    (outcome,) = bench.up("kms")
    assert (outcome.status, outcome.changes) == (Status.CANCELLED, Changes(add=1))


def test_nothing_to_do_is_unchanged(bench):
    bench.terraform.changes = Changes()
    (outcome,) = bench.up("docs")
    assert outcome.status is Status.UNCHANGED


def test_c4_up_reports_its_phases(bench):
    told = []
    bench.work.up("kms", told.append)
    assert told == [Phase(name="apply"), Phase(name="outputs")]


def test_the_log_of_a_nested_unit_lies_beside_the_others(tree, bench):
    tree.unit("data/aurora", module="docs")
    bench.outputs.stack = tree.load()
    bench.up("data/aurora")
    assert bench.terraform.logs["data/aurora"] == Path("/runs/1/logs/data__aurora.log")


def test_a2_destroy_of_what_was_never_applied_is_unchanged_and_runs_nothing(bench):
    assert bench.destroy("api") == [Outcome(status=Status.UNCHANGED)]
    assert (bench.terraform.applied, bench.states.removed) == ([], [])


def test_a2_destroy_takes_everything_down_and_removes_the_state(bench):
    bench.up("kms", "vpc", "api")
    outcomes = bench.destroy("api", "vpc", "kms")
    assert [(outcome.status, outcome.changes) for outcome in outcomes] == [(Status.CHANGED, Changes(destroy=1))] * 3
    assert bench.states.removed == ["api", "vpc", "kms"]
    assert bench.terraform.applied[3:] == [("api", True), ("vpc", True), ("kms", True)]
    assert bench.outputs.state("kms") is None


def test_a2_an_empty_state_is_removed_without_terraform(bench):
    bench.states.put("docs", resources=0)
    assert bench.destroy("docs") == [Outcome(status=Status.UNCHANGED)]
    assert (bench.terraform.applied, bench.states.removed) == ([], ["docs"])


def test_a2_what_is_left_after_destroy_fails_the_unit_and_keeps_its_state(bench):
    bench.up("docs")
    bench.terraform.left["docs"] = 2
    (outcome,) = bench.destroy("docs")
    assert outcome == Outcome(
        status=Status.FAILED,
        changes=Changes(destroy=1),
        error="2 resources are still in the state after destroy.",
        log="/runs/1/logs/docs.log",
    )
    assert bench.states.removed == []


def test_a2_a_failed_destroy_keeps_the_state(bench):
    bench.up("docs")
    bench.terraform.ends["docs"] = FAILED
    (outcome,) = bench.destroy("docs")
    assert (outcome.status, outcome.error) == (Status.FAILED, "aws_vpc.this: no room\n\nsecond error")
    assert "docs" in bench.states.states
    assert bench.states.removed == []


def test_a2_destroy_never_hands_terraform_an_input_that_is_not_known(bench):
    """The unit is applied, a dependency that was given to it later is not: it still has to go."""
    bench.states.put("vpc", {"vpc_id": "vpc-1"})
    try:
        bench.destroy("vpc")
    except PlatformctlError:
        assert bench.terraform.applied == []
    else:
        assert all(is_wholly_known(value) for value in bench.terraform.inputs["vpc"].values())
        assert bench.states.removed == ["vpc"]


@pytest.mark.parametrize(
    ("only", "selected"),
    [((), ("docs", "kms", "vpc", "api")), (("api", "kms"), ("kms", "api")), (("vpc", "vpc"), ("vpc",))],
)
def test_c2_the_selection_is_in_dependency_order(bench, only, selected):
    assert select(bench.stack, only) == selected


def test_c7_a_selection_of_what_does_not_exist(bench):
    error = error_of(lambda: select(bench.stack, ["vcp", "kms", "aurora"]), UsageError)
    assert (error.detail, error.hint) == (
        '"aurora", "vcp" is not in environment dev.',
        "Units of this environment: api, docs, kms, vpc.",
    )
    assert error.exit_code is ExitCode.BAD_INPUT


def test_c7_what_is_read_from_outside_the_selection_must_be_applied(bench):
    error = error_of(lambda: require_applied(bench.outputs, ["api", "vpc"]), UsageError)
    assert (error.summary, error.detail, error.hint) == (
        "A dependency has not been applied",
        '"api", "vpc" reads outputs of "kms", which has no state yet.',
        "Apply it first: add --only kms, or leave --only out to apply everything in order.",
    )
    bench.up("kms")
    require_applied(bench.outputs, ["api", "vpc"])


def test_an_order_only_edge_needs_no_outputs(tree, bench):
    tree.unit("docs", 'dependencies {\n  paths = ["../vpc"]\n}\n')
    bench.outputs.stack = tree.load()
    require_applied(bench.outputs, ["docs"])


def test_nothing_is_destroyed_under_what_still_stands_on_it(bench):
    bench.up("kms", "vpc", "api")
    error = error_of(lambda: require_no_dependents(bench.outputs, ["kms"]), UsageError)
    assert (error.summary, error.detail, error.hint) == (
        "Other units depend on what would be destroyed",
        '"api", "vpc" is still applied and depends on "kms".',
        "Destroy them together: add --with-dependents, or name them: --only api --only vpc --only kms",
    )
    bench.destroy("api", "vpc")
    require_no_dependents(bench.outputs, ["kms"])


def test_a_dependent_of_a_dependent_counts_even_when_the_one_between_is_gone(bench):
    bench.up("kms", "vpc", "api")
    bench.states.remove(bench.stack.units["vpc"].evaluate({}))
    with pytest.raises(UsageError, match="Other units depend on what would be destroyed"):
        require_no_dependents(bench.outputs, ["vpc"])


def test_total_adds_up_what_all_units_did():
    outcomes = {
        "a": Outcome(status=Status.CHANGED, changes=Changes(add=2, destroy=1)),
        "b": Outcome(status=Status.FAILED, changes=Changes(add=1, change=4)),
        "c": Outcome(status=Status.SKIPPED),
    }
    assert total(outcomes) == Changes(add=3, change=4, destroy=1)
    assert total({}) == Changes()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PlatformctlError("No room"), "No room"),
        (PlatformctlError("No room", detail="Five VPCs.", hint="Ask."), "No room\nFive VPCs.\nAsk."),
        (PlatformctlError("No room", detail="No room"), "No room"),
        (ValueError(), "ValueError"),
        (ValueError("bad"), "bad"),
    ],
)
def test_an_exception_as_text(error, text):
    assert describe(error) == text


CREATE, REPLACE = (Intended("aws_vpc.this", action) for action in (Action.CREATE, Action.REPLACE))
APPROVED = Approval(units={"docs": (PlannedChange(address="aws_vpc.this", action=Action.CREATE),)})


def working(bench, **settings):
    """The same work, with other settings."""
    return replace(bench.work, **settings)


def quiet(_progress):
    pass


def test_c5_what_was_approved_is_applied(bench):
    bench.terraform.plans["docs"] = (CREATE,)
    work = working(bench, approval=APPROVED)
    assert work.up("docs", quiet).status is Status.CHANGED


def test_c5_what_goes_beyond_the_approved_plan_is_not_applied_and_stops_the_run(bench):
    bench.terraform.plans["docs"] = (REPLACE,)
    work = working(bench, approval=APPROVED)
    outcome = work.up("docs", quiet)
    assert (outcome.status, outcome.stops_run, outcome.changes) == (Status.FAILED, True, Changes())
    assert outcome.error.splitlines()[1:2] == ["  replace aws_vpc.this (approved: create)"]
    assert "docs" not in bench.states.states
    assert outcome.log == "/runs/1/logs/docs.log"


def test_c5_without_an_approval_nobody_is_asked(bench):
    bench.terraform.plans["docs"] = (REPLACE,)
    (outcome,) = bench.up("docs")
    assert (outcome.status, outcome.stops_run) == (Status.CHANGED, False)


def test_c5_an_ordinary_failure_does_not_stop_the_run(bench):
    bench.terraform.ends["kms"] = FAILED
    assert [outcome.stops_run for outcome in bench.up("kms")] == [False]


def test_c5_a_unit_that_is_as_it_should_be_starts_nothing(bench):
    """Not even its inputs are read: it is not touched, whatever is known of the others."""
    told = []
    work = working(bench, idle=frozenset({"api"}))
    assert work.up("api", told.append) == Outcome(status=Status.UNCHANGED)
    assert (bench.terraform.applied, bench.states.read_names, told) == ([], [], [])


def test_c5_the_dependents_of_an_idle_unit_read_its_outputs_all_the_same(bench):
    bench.states.put("kms", {"key_arn": "arn:1", "password": Sensitive("p")})
    work = working(bench, idle=frozenset({"kms"}))
    assert [work.up(name, quiet).status for name in ("kms", "vpc")] == [Status.UNCHANGED, Status.CHANGED]
    assert bench.terraform.applied == [("vpc", False)]
    assert bench.terraform.inputs["vpc"] == {"kms_key_arn": "arn:1"}


class Sources:
    """A Terraform that notes which module it is given, and goes on."""

    def __init__(self, terraform):
        self.terraform = terraform
        self.sources = {}
        self.generated = {}

    def apply(self, unit, **settings):
        self.sources[unit.name] = unit.source
        self.generated[unit.name] = [file.path for file in unit.generated]
        return self.terraform.apply(unit, **settings)

    def interrupt(self):
        pass


NOTHING = LocalSource(root=Path("/nothing"))


def test_a2_what_cannot_be_evaluated_any_more_is_destroyed_without_its_module(bench):
    """kms was destroyed before vpc had the chance: what vpc reads of it is gone for good."""
    bench.states.put("vpc", {"vpc_id": "vpc-1"})
    terraform = Sources(bench.terraform)
    work = working(bench, terraform=terraform, nothing=NOTHING)
    assert work.destroy("vpc", quiet).status is Status.CHANGED
    assert (terraform.sources["vpc"], bench.terraform.inputs["vpc"]) == (NOTHING, {})
    assert "provider.tf" in terraform.generated["vpc"], "the provider is needed to destroy"
    assert bench.states.removed == ["vpc"]


def test_a2_what_is_known_is_destroyed_with_its_own_module(bench):
    bench.up("kms", "vpc")
    terraform = Sources(bench.terraform)
    assert working(bench, terraform=terraform, nothing=NOTHING).destroy("vpc", quiet).status is Status.CHANGED
    assert terraform.sources["vpc"] == bench.stack.units["vpc"].evaluate({}).source
    assert bench.terraform.inputs["vpc"] == {"kms_key_arn": "arn:aws:kms:key/1"}


def test_a2_without_a_place_to_go_to_it_is_an_error_with_the_fix(bench):
    bench.states.put("vpc", {"vpc_id": "vpc-1"})
    with pytest.raises(PlatformctlError, match="Inputs are not known"):
        bench.destroy("vpc")
    assert (bench.terraform.applied, bench.states.removed) == ([], [])


@pytest.fixture
def orphaned(bench):
    """The bench, with a unit "old" that has a state and is in no live tree."""
    template = bench.stack.units["kms"].evaluate({})
    key = template.remote_state.config["key"]
    unit = stand_in(template, name="old", key=key, state_key="pr42/dev/old/terraform.tfstate", nothing=NOTHING)
    bench.outputs.orphans = {"old": unit}
    bench.states.put("old", {"secret": Sensitive("hunter2")}, resources=2)
    return bench


def test_a2_an_orphan_is_destroyed_and_its_state_removed(orphaned):
    terraform = Sources(orphaned.terraform)
    outcome = working(orphaned, terraform=terraform, nothing=NOTHING).destroy("old", quiet)
    assert (outcome.status, outcome.log) == (Status.CHANGED, "/runs/1/logs/old.log")
    assert terraform.sources["old"] == NOTHING
    assert orphaned.terraform.inputs["old"] == {}
    assert orphaned.states.removed == ["old"]
    assert orphaned.outputs.state("old") is None


def test_a2_an_orphan_depends_on_nothing(orphaned):
    assert orphaned.outputs.of_dependencies("old") == {}
    assert orphaned.outputs.evaluate("old").name == "old"


def test_c8_an_orphans_secrets_are_in_no_repr(orphaned):
    for thing in (orphaned.outputs, orphaned.outputs.state("old"), orphaned.outputs.evaluate("old")):
        assert "hunter2" not in repr(thing)


def test_an_orphan_is_not_among_what_stands_on_others(orphaned):
    assert dependents_of(orphaned.outputs, {"old"}) == ()
    require_no_dependents(orphaned.outputs, {"old"})


@pytest.mark.parametrize(
    ("applied", "selected", "standing"),
    [
        ((), {"kms"}, ()),
        (("kms", "vpc", "api"), {"kms"}, ("api", "vpc")),
        (("kms", "vpc", "api"), {"kms", "vpc"}, ("api",)),
        (("kms", "vpc", "api"), {"kms", "vpc", "api"}, ()),
        (("kms", "vpc", "api"), {"api"}, ()),
        (("kms", "vpc"), {"kms"}, ("vpc",)),
        (("docs",), {"docs"}, ()),
    ],
)
def test_c2_what_would_go_with_its_foundation(bench, applied, selected, standing):
    bench.up(*applied)
    assert dependents_of(bench.outputs, selected) == standing


def test_a2_an_empty_state_stands_on_nothing(bench):
    bench.states.put("vpc", resources=0)
    assert dependents_of(bench.outputs, {"kms"}) == ()
