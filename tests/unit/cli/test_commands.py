"""Commands on deployments over fakes: options, texts, JSON, questions and exit codes (A2, A4, B14, B15, C3, C4, C5, C6, C7, C8)."""

import json
import os
import shutil
import signal
import stat
import time
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.adapters.runs import ProjectJournal
from orchestrator.cli import deployments
from orchestrator.commands import Target
from orchestrator.engine.environments import LastRun
from orchestrator.engine.ports import Applied
from orchestrator.model.status import Action, Changes
from tests.fakes.cloud import FakeLeftover, FakeLock
from tests.fakes.terraform import FakeTerraform, Intended
from tests.fakes.world import plan_of, planned_change

UPDATE = planned_change("update")
GONE = plan_of(vpc=(planned_change("create"),), drift={"vpc": (planned_change("delete"),)})
FAILED = Applied(succeeded=False, changes=Changes(), errors=("DependencyViolation: eni-1",))
PLACE = "the local cloud (account 123456789012)"


@pytest.fixture
def run(platformctl):
    """Runs a command line: run("plan --json"), on pr42 unless it names something else."""

    def call(line):
        words = line.split()
        named = {"list", "reap", "--suffix"} & set(words)
        return platformctl(*words, *([] if named else ["--suffix", "pr42"]))

    return call


def fail_vpc(world):
    world.terraform.ends["vpc"] = FAILED


def exceed_the_plan(world):
    world.planner.plan_made = plan_of(vpc=(UPDATE,))
    world.terraform.plans["vpc"] = (Intended("aws_x.y", Action.REPLACE),)


def plan_an_output(world):
    world.planner.plan_made = plan_of(outputs=["kms"])


def lose_a_resource(world):
    world.planner.plan_made = GONE


def leave_an_orphan(world):
    world.put("old")


def kill_a_run(world):
    world.locks.locks = [FakeLock(name="kms"), FakeLock(name="api", foreign=True)]
    world.sweeper.leftovers = [FakeLeftover("vpc-1")]


def nothing(_world):
    pass


FOUND = """\
Locks of processes that have ended: 1
  unit "dev/kms": me@here
Locks whose holder may be alive: 1
  unit "dev/api": ada@elsewhere
In the cloud, and in no state: 1
  ec2 vpc vpc-1
"""
LINES = [
    (nothing, "plan", 0, "vpc  no changes\n", ""),
    (nothing, "plan --detailed-exitcode", 0, "", ""),
    (plan_an_output, "plan", 0, "", ""),
    (plan_an_output, "plan --detailed-exitcode", 2, "", ""),
    (leave_an_orphan, "plan", 0, "old  orphaned: ", ""),
    (nothing, "up --ttl 8h", 0, "VPC  v\n", ""),
    (exceed_the_plan, "up", 1, "", 'stopped after "vpc" failed'),
    (exceed_the_plan, "up", 1, "", "  replace aws_x.y"),
    (nothing, "drift", 0, "No drift: the cloud is as it was deployed.\n", ""),
    (lose_a_resource, "drift", 3, "  - aws_x.y  is gone from the cloud; up creates it\n", ""),
    (lose_a_resource, "drift --json", 3, '"drifted": true', ""),
    (nothing, "outputs", 0, "docs\nkms\n  key_arn = arn:1\nvpc\n  vpc_id = v\napi\n", ""),
    (nothing, "outputs --show-sensitive", 0, "  password = hunter2\n", ""),
    (nothing, "destroy --yes", 0, "", 'proof: no service lists anything whose name or tag is of "pr42"'),
    (nothing, "destroy --yes --only vpc", 2, "", '"api" is still applied and depends on "vpc".'),
    (nothing, "destroy --yes --only vpc --with-dependents", 0, "", ""),
    (fail_vpc, "destroy --yes", 1, "", 'kms   skipped, because "vpc" failed'),
    (fail_vpc, "destroy --yes", 1, "", "DependencyViolation: eni-1"),
    (nothing, "recover", 0, "", 'Nothing to recover: "pr42" on the local cloud matches its states.\n'),
    (kill_a_run, "recover --dry-run", 0, FOUND, ""),
    (kill_a_run, "recover --yes", 2, FOUND, "--release-foreign-locks"),
    (kill_a_run, "recover --yes --release-foreign-locks", 0, FOUND, "and nobody holds a lock on it.\n"),
    (
        nothing,
        "destroy",
        2,
        "",
        f'error: Confirmation needed\nDestroying "pr42" on {PLACE} has to be confirmed, and there ',
    ),
    (kill_a_run, "recover --release-foreign-locks", 2, FOUND, "error: Confirmation needed\n"),
]


@pytest.mark.parametrize(("setup", "line", "code", "out", "err"), LINES)
def test_what_a_command_prints_and_how_it_ends(run, world, setup, line, code, out, err):
    setup(world)
    result = run(line)
    assert result.code == code, result.err
    assert out in result.out
    assert err in result.err


def test_c3_a_plan_and_outputs_as_json(run, world):
    world.put("old")
    world.planner.plan_made = plan_of(vpc=(planned_change("replace"),))
    document = json.loads(run("plan --json --account-settings config").out)
    assert (document["summary"], document["orphans"]) == ({"add": 1, "change": 0, "destroy": 1}, ["old"])
    assert (document["suffix"], document["environment"], document["account"]) == ("pr42", "dev", "123456789012")
    assert document["account_settings"] == ["config"]
    outputs = {"api": {}, "docs": {}, "kms": {"key_arn": "arn:1"}, "vpc": {"vpc_id": "v"}}
    assert json.loads(run("outputs --json").out) == outputs


def test_c3_a_kept_plan_is_private_and_is_applied(run, platformctl, world):
    world.terraform.plans["vpc"] = (Intended("aws_x.y", Action.UPDATE),)
    world.planner.plan_made = plan_of(vpc=(UPDATE,))
    result = run("plan --out stack.plan --only vpc")
    apply = "up --suffix pr42 --only vpc --plan stack.plan"
    assert result.err.endswith(f"Kept in stack.plan. Apply it with: platformctl {apply}\n")
    assert stat.S_IMODE((platformctl.tree.root / "stack.plan").stat().st_mode) == 0o600
    assert "stack.plan was made for --only vpc, not all." in run("up --plan stack.plan").err
    result = platformctl(*apply.split())
    assert (result.code, world.worked_on, len(world.planner.planned)) == (0, ["vpc"], 1), result.err


@pytest.mark.parametrize("contents", ["", "{", "[]", '{"format_version": "1.0"}'])
def test_c7_a_file_that_is_no_plan_is_refused_before_anything_is_opened(run, platformctl, world, contents):
    (platformctl.tree.root / "stack.plan").write_text(contents)
    result = run("up --plan stack.plan")
    assert (result.code, world.connector.connected) == (2, [])
    assert result.err.startswith("error: The plan cannot be used\nstack.plan: ")


def test_c8_no_secret_is_in_any_form_of_a_plan_or_in_what_a_run_leaves(run, platformctl, world):
    world.journal = ProjectJournal(home=platformctl.tree.root / ".platformctl")
    world.planner.plan_made = plan_of(vpc=(UPDATE,), drift={"vpc": (UPDATE,)})
    results = [run(line) for line in ("plan --out stack.plan", "plan", "plan --json", "drift", "up", "destroy --yes")]
    assert not any("hunter2" in text for result in results for text in (result.out, result.err))
    left = [platformctl.tree.root / "stack.plan", *(path for path in world.journal.home.rglob("*") if path.is_file())]
    assert len(left) > 5
    assert not any(b"hunter2" in path.read_bytes() for path in left)


def test_b14_what_users_look_for_is_printed_only_after_success(run, world):
    world.planner.plan_made = plan_of(vpc=(UPDATE,))
    fail_vpc(world)
    result = run("up")
    assert (result.code, result.out) == (1, "")


@pytest.mark.parametrize(
    ("line", "word", "question"),
    [
        (
            "up --target aws",
            "pr42",
            'Apply this to 4 units of environment dev, as "pr42", in AWS account 123456789012?',
        ),
        ("destroy", "pr42", f'This destroys "pr42" on {PLACE}, with all its data.'),
        ("reap", "reap", "This destroys 1 deployment on the local cloud, with all their data."),
    ],
)
def test_a4_on_a_terminal_only_the_word_itself_confirms(run, world, person, line, word, question):
    world.register(ttl=-1)
    person.answers = ["", "yes", word.upper(), word]
    assert [run(line).code for _ in range(4)] == [2, 2, 2, 0]
    assert all(asked.startswith(question) for asked in person.questions)
    assert len(person.questions) == 4


@pytest.mark.parametrize("line", ["drift", "outputs", "invoke api", "logs", "smoke"])
def test_c7_a_deployment_that_does_not_exist_is_named(run, platformctl, line):
    result = run(line)
    assert (result.code, result.out, platformctl.started) == (2, "", [])
    assert result.err.startswith('error: No such deployment\nThere is no "pr42" on the local cloud')
    assert result.err.endswith("fix: Deploy it: platformctl up --suffix pr42\n")


def test_options_reach_the_request(run, platformctl, world):
    platformctl.tree.standard(environment="prod")
    result = run("up --env prod --target aws --yes --parallelism 1 --ttl 8h")
    assert (result.code, world.connector.connected) == (0, [(Target.AWS, False)])
    record = world.bucket.registered["pr42"]
    assert (record.environment, record.expires is None) == ("prod", False)


@pytest.mark.parametrize(
    ("line", "out", "err"),
    [
        ("list", "", "No deployments on the local cloud.\n"),
        ("list --json", "[]\n", ""),
        ("reap", "", "Nothing has expired on the local cloud.\n"),
        ("reap --dry-run", "", "Nothing has expired on the local cloud.\n"),
        ("destroy --yes", "", 'Nothing to destroy: there is no "pr42" on the local cloud.\n'),
        ("recover", "", 'Nothing to recover: there is no "pr42" on the local cloud.\n'),
    ],
)
def test_a4_a_local_cloud_that_does_not_run_holds_nothing_and_is_not_started(run, platformctl, line, out, err):
    result = run(line)
    assert (result.code, result.out, result.err, platformctl.started) == (0, out, err, [])


@pytest.fixture
def account(world):
    """An account with deployments of several kinds."""

    def ago(hours, exit_code):
        finished = (datetime.now(UTC).replace(microsecond=0) - timedelta(hours=hours)).isoformat()
        return LastRun(id="r", command="up", finished=finished, exit_code=exit_code)

    world.account.held_states.states.clear()
    world.tree.standard(environment="prod")
    world.register("pr42", ttl=5, last_run=ago(2, 0))
    world.put("kms", resources=12)
    world.put("vpc", resources=50)
    world.register("main", environment="prod", hours=500, last_run=ago(499, 1))
    world.put("kms", suffix="main", environment="prod", resources=12)
    world.register("pr41", ttl=-2, hours=10, last_run=ago(10, 130))
    world.register("a-suffix-of-20-chars", ttl=-1)
    world.put("docs", suffix="a-suffix-of-20-chars")
    return world


EXPIRED = """\
SUFFIX                ENV  AGE  RESOURCES  TIME TO LIVE    LAST RUN
a-suffix-of-20-chars  dev  3h           1  expired 1h ago  none recorded
pr41                  dev  10h          0  expired 2h ago  up interrupted, 10h ago
"""


def test_a2_every_deployment_is_listed_by_suffix(run, account):
    result = run("list --target aws")
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "SUFFIX                ENV   AGE  RESOURCES  TIME TO LIVE    LAST RUN\n"
        "a-suffix-of-20-chars  dev   3h           1  expired 1h ago  none recorded\n"
        "main                  prod  20d         12  none            up failed, 20d ago\n"
        "pr41                  dev   10h          0  expired 2h ago  up interrupted, 10h ago\n"
        "pr42                  dev   3h          62  5h              up ok, 2h ago\n"
    )


def test_a2_orphans_and_states_without_a_record_are_told_below(run, platformctl, account):
    account.put("old", "older", resources=3)
    account.put("gone", suffix="pr41")
    account.put("kms", suffix="pr9", resources=12)
    shutil.rmtree(platformctl.tree.root / "live/dev/api")
    result = run("list")
    assert "pr9                   ?     ?           12  none            none recorded\n" in result.out
    assert result.out.endswith(
        "\npr41: gone is not in live/dev, but has a state with 1 resource.\n"
        "pr42: old, older are not in live/dev, but have states with 6 resources.\n"
        "pr9: has states but is not registered; up --suffix pr9 registers it.\n"
    )


def test_c7_environments_with_mistakes_are_named_beside_the_list(run, platformctl, account):
    platformctl.tree.write({"live/prod/kms/terragrunt.hcl": "nonsense {}\n"})
    result = run("list --json")
    assert (result.code, [item["orphans"] for item in json.loads(result.out)]) == (0, [[]] * 4)
    assert result.err == "live/prod has mistakes, so its orphans are not known: platformctl validate --env prod\n"


def test_c4_json_is_stable(run, account):
    record = account.bucket.registered["pr42"]
    assert json.loads(run("list --json").out)[-1] == {
        "suffix": "pr42",
        "environment": "dev",
        "target": "local",
        "created": record.created,
        "expires": record.expires,
        "expired": False,
        "resources": 62,
        "units": {"kms": 12, "vpc": 50},
        "orphans": [],
        "last_run": {"id": "r", "command": "up", "finished": record.last_run.finished, "exit_code": 0},
    }


@pytest.mark.parametrize(
    ("options", "code", "left", "err"),
    [
        ("--dry-run", 0, 4, ""),
        (
            "",
            2,
            4,
            "Destroying 2 deployments on the local cloud has to be confirmed, and there is no terminal to ask on.",
        ),
        ("--yes", 0, 2, '\ndestroying "pr41"\n'),
    ],
)
def test_a4_reap_shows_what_has_expired_and_destroys_it_if_it_may(run, account, options, code, left, err):
    result = run(f"reap {options}")
    assert (result.code, result.out, len(account.bucket.registered)) == (code, EXPIRED, left)
    assert err in result.err


def test_c5_what_reap_cannot_destroy_is_named_and_the_exit_code_is_1(run, account):
    account.journal.held.append("local-pr41")
    account.put("vpc", suffix="a-suffix-of-20-chars")
    fail_vpc(account)
    result = run("reap --yes")
    assert result.code == 1
    assert "error: Another run works on this deployment\n" in result.err
    assert result.err.endswith("Not destroyed: a-suffix-of-20-chars, pr41.\n")


def test_c6_after_an_interrupt_the_exit_code_is_130(run, account, monkeypatch):
    monkeypatch.setattr(deployments, "Terminal", lambda: account.operator)
    account.operator.interrupt.request()
    assert run("reap --yes").code == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_c6_from_the_signal_to_the_exit_code(run, world, number):
    class Signalled(FakeTerraform):
        def apply(self, unit, **settings):
            os.kill(os.getpid(), number)
            deadline = time.monotonic() + 5
            while number == signal.SIGTERM and not self.interrupted and time.monotonic() < deadline:
                time.sleep(0.01)
            return super().apply(unit, **settings)

    world.account.held_states.states.clear()
    world.tools.runner = terraform = Signalled(states=world.account.held_states)
    result = run("up --parallelism 1")
    assert (result.code, terraform.interrupted) == (130, number == signal.SIGTERM)
    assert len(terraform.applied) == 1, "nothing is started after the signal"
