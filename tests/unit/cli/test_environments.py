"""``list`` and ``reap`` over a register in memory (A2, A4, B15, C5)."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest
import typer

from orchestrator.adapters.aws.session import CloudSession
from orchestrator.adapters.aws.state_bucket import Deployment
from orchestrator.cli import environments, register
from orchestrator.engine.environments import LastRun
from orchestrator.errors import PlatformctlError, UsageError

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


class FakeBucket:
    """Registers and states, in memory, in the one bucket that the live tree names."""

    registered: dict
    states: dict
    there = True

    def __init__(self, session, name):
        assert name == "states"

    def exists(self):
        return self.there

    def keys(self, prefix=""):
        records = [f"{suffix}/platformctl.json" for suffix in self.registered]
        return tuple(sorted(key for key in [*records, *self.states] if key.startswith(prefix)))

    def deployment(self, suffix):
        return self.registered.get(suffix)

    def resources(self, key):
        return self.states[key]


class Account:
    """What there is, and what was destroyed."""

    def __init__(self):
        self.destroyed = []
        self.ends = {}
        self.meanwhile = {}

    def put(self, suffix, *, environment="dev", ttl=None, hours=3, last_run=None, **resources):
        FakeBucket.registered[suffix] = Deployment(
            suffix=suffix,
            environment=environment,
            created=(NOW - timedelta(hours=hours)).isoformat(),
            account_settings=(),
            expires=(NOW + timedelta(hours=ttl)).isoformat() if ttl is not None else None,
            last_run=last_run,
        )
        FakeBucket.states |= {
            f"{suffix}/{environment}/{unit}/terraform.tfstate": count for unit, count in resources.items()
        }

    def destroy(self, *, suffix, environment, target, yes):
        assert yes is True, "a question for each would be one too many"
        self.destroyed.append((suffix, environment, str(target)))
        self.meanwhile.get(suffix, lambda: None)()
        end = self.ends.get(suffix, 0)
        if isinstance(end, Exception):
            raise end
        raise typer.Exit(end)


@pytest.fixture
def account(platformctl, monkeypatch):
    session = CloudSession(environ={}, endpoint=None, account_id="123456789012", _session=None)
    monkeypatch.setattr(register, "aws_session", lambda _environ: session)
    monkeypatch.setattr(register, "StateBucket", FakeBucket)
    monkeypatch.setattr(FakeBucket, "registered", {}, raising=False)
    monkeypatch.setattr(FakeBucket, "states", {}, raising=False)
    monkeypatch.setattr(FakeBucket, "there", True)
    monkeypatch.setattr(environments, "_now", lambda: NOW)
    platformctl.tree.standard(environment="prod")
    made = Account()
    monkeypatch.setattr(environments, "destroy", made.destroy)
    return made


def aws(platformctl, *arguments):
    return platformctl(*arguments, "--target", "aws")


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


def test_a2_an_account_without_a_state_bucket(platformctl, account, monkeypatch):
    monkeypatch.setattr(FakeBucket, "there", False)
    result = aws(platformctl, "list")
    assert (result.code, result.out, result.err) == (0, "", "No deployments on AWS.\n")


def up(exit_code, *, hours):
    finished = (NOW - timedelta(hours=hours)).isoformat()
    return LastRun(id="r", command="up", finished=finished, exit_code=exit_code)


def test_a2_every_deployment_is_listed_by_suffix(platformctl, account):
    account.put("pr42", kms=12, vpc=50, ttl=5, last_run=up(0, hours=2))
    account.put("main", environment="prod", kms=12, hours=500, last_run=up(1, hours=499))
    account.put("pr41", ttl=-2, hours=10, last_run=up(130, hours=10))
    account.put("a-suffix-of-20-chars", api=1)
    result = aws(platformctl, "list")
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "SUFFIX                ENV   AGE  RESOURCES  TIME TO LIVE    LAST RUN\n"
        "a-suffix-of-20-chars  dev   3h           1  none            none recorded\n"
        "main                  prod  20d         12  none            up failed, 20d ago\n"
        "pr41                  dev   10h          0  expired 2h ago  up interrupted, 10h ago\n"
        "pr42                  dev   3h          62  5h              up ok, 2h ago\n"
    )


def test_a2_orphans_are_found_by_their_states(platformctl, account):
    account.put("pr42", kms=12, old=3, older=4)
    account.put("pr43", kms=1, gone=1)
    shutil.rmtree(platformctl.tree.root / "live/dev/docs")
    result = aws(platformctl, "list")
    assert result.out.endswith(
        "\npr42: old, older are not in live/dev, but have states with 7 resources.\n"
        "pr43: gone is not in live/dev, but has a state with 1 resource.\n"
    )
    (first, second) = json.loads(aws(platformctl, "list", "--json").out)
    assert (first["orphans"], second["orphans"]) == (["old", "older"], ["gone"])
    assert first["units"] == {"kms": 12, "old": 3, "older": 4}


def test_a2_an_environment_that_was_removed_leaves_nothing_but_orphans(platformctl, account):
    account.put("pr42", environment="test", kms=12)
    (found,) = json.loads(aws(platformctl, "list", "--json").out)
    assert (found["environment"], found["resources"], len(found["orphans"])) == ("test", 12, 1)


def test_c7_an_environment_with_mistakes_is_listed_without_its_orphans(platformctl, account):
    account.put("main", environment="prod", old=3)
    platformctl.tree.write({"live/prod/kms/terragrunt.hcl": "nonsense {}\n"})
    result = aws(platformctl, "list", "--json")
    (found,) = json.loads(result.out)
    assert (result.code, found["resources"], found["orphans"]) == (0, 3, [])
    assert result.err == ("live/prod has mistakes, so nothing is said about orphans: platformctl validate --env prod\n")


def test_c7_a_live_tree_that_cannot_be_read_at_all(platformctl, account):
    for name in ("dev", "prod"):
        platformctl.tree.write({f"live/{name}/kms/terragrunt.hcl": "nonsense {}\n"})
    result = aws(platformctl, "list")
    assert (result.code, result.out) == (2, "")
    assert "live/dev/kms/terragrunt.hcl" in result.err


def test_b15_states_without_a_record_are_listed_too(platformctl, account):
    FakeBucket.states["pr9/dev/kms/terraform.tfstate"] = 12
    FakeBucket.states["pr8/left-over.txt"] = 0
    result = aws(platformctl, "list")
    assert result.out.splitlines() == [
        "SUFFIX  ENV  AGE  RESOURCES  TIME TO LIVE  LAST RUN",
        "pr9     ?    ?           12  none          none recorded",
        "",
        "pr9: has states but is not registered; up --suffix pr9 registers it.",
    ]


def test_c4_json_is_stable(platformctl, account):
    account.put("pr42", kms=12, ttl=-1, last_run=up(0, hours=2))
    assert json.loads(aws(platformctl, "list", "--json").out) == [
        {
            "suffix": "pr42",
            "environment": "dev",
            "target": "aws",
            "created": "2026-01-31T09:00:00+00:00",
            "expires": "2026-01-31T11:00:00+00:00",
            "expired": True,
            "resources": 12,
            "units": {"kms": 12},
            "orphans": [],
            "last_run": {"id": "r", "command": "up", "finished": "2026-01-31T10:00:00+00:00", "exit_code": 0},
        }
    ]


@pytest.fixture
def three(account):
    """Two that have expired, of different environments, and two that have not."""
    account.put("pr41", ttl=-2)
    account.put("pr42", environment="prod", ttl=0)
    account.put("pr43", ttl=1)
    account.put("main")
    return account


def test_a2_reap_destroys_what_has_expired_and_nothing_else(platformctl, three):
    result = aws(platformctl, "reap", "--yes")
    assert result.code == 0
    assert three.destroyed == [("pr41", "dev", "aws"), ("pr42", "prod", "aws")]
    assert [line.split()[0] for line in result.out.splitlines()] == ["SUFFIX", "pr41", "pr42"]


def test_a4_a_dry_run_destroys_nothing_and_asks_nothing(platformctl, three):
    result = aws(platformctl, "reap", "--dry-run")
    assert (result.code, three.destroyed, result.err) == (0, [], "")
    assert [line.split()[0] for line in result.out.splitlines()] == ["SUFFIX", "pr41", "pr42"]


def test_a4_reap_without_yes_and_without_a_terminal_is_refused(platformctl, three):
    result = aws(platformctl, "reap")
    assert (result.code, three.destroyed) == (2, [])
    assert result.err == (
        "error: Confirmation needed\n"
        "Destroying 2 deployments on AWS has to be confirmed, and there is no terminal to ask on.\n"
        "fix: Pass --yes.\n"
    )


@pytest.mark.parametrize(("answer", "destroyed"), [("reap", 2), ("yes", 0), ("", 0), ("REAP", 0)])
def test_a4_reap_asks_once(platformctl, three, monkeypatch, answer, destroyed):
    questions = []

    def ask(question, **_):
        questions.append(str(question))
        return answer

    monkeypatch.setattr(type(environments.console.err), "is_terminal", property(lambda _self: True))
    monkeypatch.setattr(environments.console.err, "input", ask)
    aws(platformctl, "reap")
    (question,) = questions
    assert question.startswith("This destroys 2 deployments on AWS, with all their data.")
    assert len(three.destroyed) == destroyed


@pytest.mark.parametrize(
    "end",
    [1, 2, UsageError("Another run works on this deployment"), PlatformctlError("No network")],
    ids=["failed", "refused", "held", "offline"],
)
def test_c5_one_that_fails_does_not_keep_the_others(platformctl, three, end):
    three.ends["pr41"] = end
    result = aws(platformctl, "reap", "--yes")
    assert (result.code, [suffix for suffix, *_ in three.destroyed]) == (1, ["pr41", "pr42"])
    assert result.err.endswith("Not destroyed: pr41.\n")
    if isinstance(end, PlatformctlError):
        assert f"error: {end.summary}\n" in result.err


def test_c6_after_an_interrupt_nothing_more_is_destroyed(platformctl, three):
    three.ends["pr41"] = 130
    assert aws(platformctl, "reap", "--yes").code == 130
    assert [suffix for suffix, *_ in three.destroyed] == ["pr41"]


@pytest.mark.parametrize("change", ["more time", "for ever", "destroyed"])
def test_b15_whether_one_has_expired_is_asked_again_when_its_turn_comes(platformctl, three, change):
    def meanwhile():
        if change == "destroyed":
            del FakeBucket.registered["pr42"]
        else:
            three.put("pr42", environment="prod", ttl=8 if change == "more time" else None)

    three.meanwhile["pr41"] = meanwhile
    result = aws(platformctl, "reap", "--yes")
    assert (result.code, [suffix for suffix, *_ in three.destroyed]) == (0, ["pr41"])
    assert '"pr42" has not expired any more; it is left alone.\n' in result.err


def test_c7_endpoint_overrides_are_refused_like_everywhere(platformctl, account, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    result = aws(platformctl, "list")
    assert (result.code, result.out) == (2, "")
    assert "Endpoint overrides are set" in result.err
