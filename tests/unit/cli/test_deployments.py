"""``list`` and ``reap``: the table, JSON, questions and exit codes (A2, A4, B15, C4, C5, C7)."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.engine.environments import LastRun
from orchestrator.engine.ports import Applied
from orchestrator.model.status import Changes

AWS = ("--target", "aws")


@pytest.fixture
def account(world):
    """An account without deployments."""
    world.account.held_states.states.clear()
    world.tree.standard(environment="prod")
    return world


@pytest.mark.parametrize(
    ("command", "out", "err"),
    [
        (("list",), "", "No deployments on the local cloud.\n"),
        (("list", "--json"), "[]\n", ""),
        (("reap",), "", "Nothing has expired on the local cloud.\n"),
        (("reap", "--dry-run"), "", "Nothing has expired on the local cloud.\n"),
    ],
)
def test_a4_a_local_cloud_that_does_not_run_holds_nothing_and_is_not_started(platformctl, command, out, err):
    result = platformctl(*command)
    assert (result.code, result.out, result.err, platformctl.started) == (0, out, err, [])


def last_run(exit_code, *, hours):
    finished = (datetime.now(UTC).replace(microsecond=0) - timedelta(hours=hours)).isoformat()
    return LastRun(id="r", command="up", finished=finished, exit_code=exit_code)


def test_a2_every_deployment_is_listed_by_suffix(platformctl, account):
    account.register("pr42", ttl=5, last_run=last_run(0, hours=2))
    account.put("kms", resources=12)
    account.put("vpc", resources=50)
    account.register("main", environment="prod", hours=500, last_run=last_run(1, hours=499))
    account.put("kms", suffix="main", environment="prod", resources=12)
    account.register("pr41", ttl=-2, hours=10, last_run=last_run(130, hours=10))
    account.register("a-suffix-of-20-chars")
    account.put("api", suffix="a-suffix-of-20-chars")
    result = platformctl("list", *AWS)
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "SUFFIX                ENV   AGE  RESOURCES  TIME TO LIVE    LAST RUN\n"
        "a-suffix-of-20-chars  dev   3h           1  none            none recorded\n"
        "main                  prod  20d         12  none            up failed, 20d ago\n"
        "pr41                  dev   10h          0  expired 2h ago  up interrupted, 10h ago\n"
        "pr42                  dev   3h          62  5h              up ok, 2h ago\n"
    )


def test_a2_orphans_and_states_without_a_record_are_told_below(platformctl, account):
    account.register("pr42")
    account.put("kms", "old", "older", resources=3)
    account.register("pr43")
    account.put("kms", "gone", suffix="pr43")
    account.put("kms", suffix="pr9", resources=12)
    shutil.rmtree(platformctl.tree.root / "live/dev/docs")
    result = platformctl("list", *AWS)
    assert "pr9     ?    ?           12  none          none recorded\n" in result.out
    assert result.out.endswith(
        "\npr42: old, older are not in live/dev, but have states with 6 resources.\n"
        "pr43: gone is not in live/dev, but has a state with 1 resource.\n"
        "pr9: has states but is not registered; up --suffix pr9 registers it.\n"
    )


def test_c7_an_environment_with_mistakes_is_named_beside_the_list(platformctl, account):
    account.register("main", environment="prod")
    account.put("old", suffix="main", environment="prod", resources=3)
    platformctl.tree.write({"live/prod/kms/terragrunt.hcl": "nonsense {}\n"})
    result = platformctl("list", *AWS, "--json")
    (found,) = json.loads(result.out)
    assert (result.code, found["resources"], found["orphans"]) == (0, 3, [])
    assert result.err == ("live/prod has mistakes, so its orphans are not known: platformctl validate --env prod\n")


def test_c7_a_live_tree_that_cannot_be_read_at_all(platformctl, account):
    for name in ("dev", "prod"):
        platformctl.tree.write({f"live/{name}/{unit}/terragrunt.hcl": "nonsense {}\n" for unit in ("api", "kms")})
    result = platformctl("list", *AWS)
    assert (result.code, result.out) == (2, "")
    assert "live/dev/api/terragrunt.hcl" in result.err


def test_c4_json_is_stable(platformctl, account):
    account.register(ttl=-1, last_run=last_run(0, hours=2))
    account.put("kms", resources=12)
    record = account.bucket.registered["pr42"]
    assert json.loads(platformctl("list", *AWS, "--json").out) == [
        {
            "suffix": "pr42",
            "environment": "dev",
            "target": "aws",
            "created": record.created,
            "expires": record.expires,
            "expired": True,
            "resources": 12,
            "units": {"kms": 12},
            "orphans": [],
            "last_run": {"id": "r", "command": "up", "finished": record.last_run.finished, "exit_code": 0},
        }
    ]


@pytest.fixture
def two(account):
    """Two deployments that have expired, and one that has not."""
    for suffix, ttl in (("pr41", -2), ("pr42", 0), ("pr43", 1)):
        account.register(suffix, ttl=ttl)
        account.put("docs", suffix=suffix)
    return account


def test_a2_reap_shows_what_has_expired_and_destroys_it(platformctl, two):
    result = platformctl("reap", *AWS, "--yes")
    assert (result.code, sorted(two.bucket.registered)) == (0, ["pr43"])
    assert [line.split()[0] for line in result.out.splitlines()] == ["SUFFIX", "pr41", "pr42"]
    assert '\ndestroying "pr41"\n' in result.err


def test_a4_a_dry_run_destroys_nothing_and_asks_nothing(platformctl, two):
    result = platformctl("reap", *AWS, "--dry-run")
    assert (result.code, len(two.bucket.registered), result.err) == (0, 3, "")
    assert [line.split()[0] for line in result.out.splitlines()] == ["SUFFIX", "pr41", "pr42"]


def test_a4_reap_without_yes_and_without_a_terminal_is_refused(platformctl, two):
    result = platformctl("reap", *AWS)
    assert (result.code, len(two.bucket.registered)) == (2, 3)
    assert result.err == (
        "error: Confirmation needed\n"
        "Destroying 2 deployments on AWS has to be confirmed, and there is no terminal to ask on.\n"
        "fix: Pass --yes.\n"
    )


@pytest.mark.parametrize(("answer", "left"), [("reap", 1), ("yes", 3), ("", 3), ("REAP", 3)])
def test_a4_reap_asks_once(platformctl, two, person, answer, left):
    person.answers.append(answer)
    platformctl("reap", *AWS)
    (question,) = person.questions
    assert question.startswith("This destroys 2 deployments on AWS, with all their data.")
    assert len(two.bucket.registered) == left


def test_c5_what_fails_is_named_and_the_exit_code_is_1(platformctl, two):
    two.put("vpc", suffix="pr41")
    two.terraform.ends["vpc"] = Applied(succeeded=False, changes=Changes(), errors=("no",))
    two.journal.held.append("aws-pr42")
    result = platformctl("reap", *AWS, "--yes")
    assert result.code == 1
    assert "error: Another run works on this deployment\n" in result.err
    assert result.err.endswith("Not destroyed: pr41, pr42.\n")


def test_c6_after_an_interrupt_the_exit_code_is_130(platformctl, two, monkeypatch):
    monkeypatch.setattr("orchestrator.cli.terminal.Terminal", lambda: two.operator)
    monkeypatch.setattr("orchestrator.cli.deployments.Terminal", lambda: two.operator)
    two.operator.interrupt.request()
    assert platformctl("reap", *AWS, "--yes").code == 130


def test_c7_endpoint_overrides_are_refused_like_everywhere(platformctl, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    result = platformctl("list", *AWS)
    assert (result.code, result.out) == (2, "")
    assert "Endpoint overrides are set" in result.err
