"""``platformctl destroy``: what is refused, what is asked, what goes in which order, and the proof (A2, A4, C2, C5, C7)."""

from types import SimpleNamespace

import pytest

from orchestrator.cli import destroy as destroying
from orchestrator.engine.ports import Applied
from orchestrator.hcl.values import Sensitive
from orchestrator.model.status import Changes
from tests.fakes.deployment import FakeDeployment

STATES = {"kms": {"key_arn": "arn:1", "password": Sensitive("hunter2")}, "vpc": {"vpc_id": "v"}, "api": {}, "docs": {}}


class Account:
    """A deployment that is there, and what is left in the account after it."""

    def __init__(self):
        self.applied = dict(STATES)
        self.recorded = {}
        self.ends = {}
        self.left = []
        self.deployment = None

    def open(self, asked, *, start):
        assert start is False, "destroy starts no cloud"
        self.deployment = found = FakeDeployment(asked)
        for name, outputs in self.applied.items():
            found.states.put(name, outputs)
        if self.recorded:
            found.bucket.registered = {"pr42": SimpleNamespace(suffix="pr42", units=self.recorded)}
        found.terraform.ends = self.ends
        return found

    @property
    def destroyed(self):
        assert all(destroy for _, destroy in self.deployment.terraform.applied)
        return [name for name, _ in self.deployment.terraform.applied]


@pytest.fixture
def account(platformctl, monkeypatch):
    made = Account()
    monkeypatch.setattr(destroying, "open_deployment", made.open)
    monkeypatch.setattr(destroying, "list_resources", lambda _client, *, suffix: made.left)
    return made


def destroy(platformctl, *arguments):
    return platformctl("destroy", "--suffix", "pr42", "--yes", "--parallelism", "1", *arguments)


def asked(monkeypatch, answer):
    """Gives the answer on a terminal; returns the questions."""
    questions = []

    def ask(question, **_):
        questions.append(str(question))
        return answer

    monkeypatch.setattr(type(destroying.console.err), "is_terminal", property(lambda _self: True))
    monkeypatch.setattr(destroying.console.err, "input", ask)
    return questions


def test_a4_destroy_without_yes_and_without_a_terminal_is_refused_before_anything_runs(platformctl, account):
    result = platformctl("destroy", "--suffix", "pr42")
    assert (result.code, result.out, platformctl.started, account.destroyed) == (2, "", [], [])
    assert result.err == (
        "error: Confirmation needed\n"
        'Destroying "pr42" on the local cloud (account 123456789012) has to be confirmed, and there is no terminal to '
        "ask on.\n"
        "fix: Pass --yes.\n"
    )


@pytest.mark.parametrize("answer", ["", "yes", "y", "PR42", "pr4"])
def test_a4_only_the_suffix_itself_confirms_a_destroy(platformctl, account, monkeypatch, answer):
    questions = asked(monkeypatch, answer)
    result = platformctl("destroy", "--suffix", "pr42")
    assert (result.code, platformctl.started, account.destroyed) == (2, [], [])
    assert "error: Not confirmed\nNothing was run.\n" in result.err
    (question,) = questions
    assert 'This destroys "pr42" on the local cloud (account 123456789012), with all its data.' in question


def test_a4_the_question_names_what_only_some_of_it_is(platformctl, account, monkeypatch):
    questions = asked(monkeypatch, "no")
    platformctl("destroy", "--suffix", "pr42", "--only", "vpc", "--with-dependents")
    assert 'This destroys api, vpc of "pr42" on the local cloud' in questions[0]


def test_a4_as_many_units_as_there_are_in_the_live_tree_are_not_all_of_it(platformctl, account, monkeypatch):
    account.applied["old"] = {}
    questions = asked(monkeypatch, "no")
    only = [argument for name in ("old", "api", "vpc", "kms") for argument in ("--only", name)]
    platformctl("destroy", "--suffix", "pr42", *only)
    assert 'This destroys old, api, vpc, kms of "pr42"' in questions[0]


def test_c7_destroying_what_others_stand_on_is_refused_before_the_question(platformctl, account):
    account.applied = {name: STATES[name] for name in ("kms", "vpc")}
    result = destroy(platformctl, "--only", "kms")
    assert (result.code, platformctl.started, account.destroyed) == (2, [], [])
    assert result.err == (
        "error: Other units depend on what would be destroyed\n"
        '"vpc" is still applied and depends on "kms".\n'
        "fix: Destroy them together: add --with-dependents, or name them: --only vpc --only kms\n"
    )


def test_a2_destroying_what_does_not_exist_is_no_error_and_starts_no_cloud(platformctl):
    result = platformctl("destroy", "--suffix", "pr42", "--yes")
    assert (result.code, result.out) == (0, "")
    assert result.err == 'Nothing to destroy: there is no "pr42" on the local cloud.\n'
    assert platformctl.started == []


def test_c7_a_unit_that_is_neither_in_the_live_tree_nor_an_orphan(platformctl, account):
    account.applied["old"] = {}
    result = destroy(platformctl, "--only", "odl", "--only", "old")
    assert (result.code, account.destroyed) == (2, [])
    assert '"odl" is not in environment dev.' in result.err


def test_a2_dependents_go_first_and_the_proof_comes_last(platformctl, account):
    result = destroy(platformctl)
    assert result.code == 0, result.err
    assert sorted(account.destroyed) == ["api", "docs", "kms", "vpc"]
    order = account.destroyed.index
    assert order("api") < order("vpc") < order("kms")
    assert account.deployment.states.states == {}
    assert 'proof: no service lists anything whose name or tag is of "pr42"' in result.err
    assert account.deployment.bucket.unregistered == ["pr42"]


def test_a2_what_is_left_in_the_account_is_named_and_the_exit_code_says_so(platformctl, account):
    account.left = [
        SimpleNamespace(service="logs", type="log-group", name=f"/aws/lambda/x{number}-pr42", identifier="i")
        for number in range(51)
    ]
    result = destroy(platformctl)
    assert result.code == 1
    assert "  logs log-group /aws/lambda/x0-pr42\n" in result.err
    assert "  and 1 more\n" in result.err
    assert "proof" not in result.err


@pytest.mark.parametrize(
    ("only", "destroyed"),
    [
        (("api",), ["api"]),
        (("kms", "--with-dependents"), ["api", "vpc", "kms"]),
        (("vpc", "--with-dependents"), ["api", "vpc"]),
        (("docs", "--with-dependents"), ["docs"]),
    ],
)
def test_a2_a_selection_and_what_stands_on_it(platformctl, account, only, destroyed):
    result = destroy(platformctl, "--only", *only)
    assert (result.code, account.destroyed) == (0, destroyed), result.err
    assert "proof" not in result.err, "nothing can be proved of a part"
    assert account.deployment.bucket.unregistered == [], "the rest is still there"


def test_a2_orphans_go_with_the_whole(platformctl, account):
    account.applied["old"] = {}
    assert destroy(platformctl).code == 0
    assert account.destroyed[0] == "old", "of which nothing is known, first"
    assert sorted(account.destroyed) == ["api", "docs", "kms", "old", "vpc"]
    assert account.deployment.terraform.inputs["old"] == {}


def test_a2_an_orphan_goes_in_the_order_in_which_it_was_applied(platformctl, account):
    """vpc was called old, and stood between api and kms."""
    account.applied["old"] = {}
    account.recorded = {"api": ("old",), "old": ("kms",), "kms": ()}
    assert destroy(platformctl).code == 0
    order = account.destroyed.index
    assert order("api") < order("old") < order("kms")


def test_a2_an_orphan_alone_can_be_named(platformctl, account):
    account.applied["old"] = {}
    result = destroy(platformctl, "--only", "old")
    assert (result.code, account.destroyed) == (0, ["old"]), result.err
    assert sorted(account.deployment.states.states) == ["api", "docs", "kms", "vpc"]


def test_a2_what_is_not_known_any_more_is_destroyed_all_the_same(platformctl, account):
    """A destroy that broke off has taken kms down, of which vpc reads an output."""
    account.applied = {"vpc": {"vpc_id": "v"}}
    result = destroy(platformctl)
    assert (result.code, account.destroyed) == (0, ["vpc"]), result.err
    assert account.deployment.terraform.inputs["vpc"] == {}


def test_c5_a_failure_keeps_what_it_stands_on_and_the_register(platformctl, account):
    account.ends = {"vpc": Applied(succeeded=False, changes=Changes(), errors=("DependencyViolation: eni-1",))}
    result = destroy(platformctl)
    assert result.code == 1
    assert sorted(account.deployment.states.states) == ["kms", "vpc"]
    assert 'kms   skipped, because "vpc" failed' in result.err
    assert "DependencyViolation: eni-1" in result.err
    assert account.deployment.bucket.unregistered == []
    assert "proof" not in result.err


def test_c8_no_secret_of_a_state_is_shown(platformctl, account):
    result = destroy(platformctl)
    assert "hunter2" not in result.out + result.err
    runs = platformctl.tree.root / ".platformctl"
    assert not any(b"hunter2" in path.read_bytes() for path in runs.rglob("*") if path.is_file())
