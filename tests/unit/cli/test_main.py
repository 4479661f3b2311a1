"""The command line as a whole: help, version, exit codes, errors once and without a traceback (C7)."""

import subprocess
import sys

import pytest

from orchestrator import __version__
from orchestrator.cli import destroy as destroying
from orchestrator.cli import main
from orchestrator.errors import InterruptedRunError, PlatformctlError


def test_version(platformctl):
    result = platformctl("--version")
    assert (result.code, result.out, result.err) == (0, f"platformctl {__version__}\n", "")


def test_c7_no_arguments_show_the_help_and_are_bad_input(platformctl):
    result = platformctl()
    assert result.code == 2
    assert "Usage: platformctl" in result.out + result.err


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_command_and_the_exit_codes(platformctl, option):
    result = platformctl(option)
    text = " ".join(result.out.split())
    assert result.code == 0
    for command in (
        "up",
        "plan",
        "outputs",
        "smoke",
        "destroy",
        "build",
        "graph",
        "validate",
        "render",
        "local",
        "doctor",
    ):
        assert f"│ {command} " in text
    assert "0 done, 1 something failed, 2 bad input and nothing was run, 130 interrupted" in text


@pytest.mark.parametrize(
    "command",
    [
        "up",
        "plan",
        "outputs",
        "smoke",
        "invoke",
        "logs",
        "destroy",
        "build",
        "graph",
        "validate",
        "render",
        "local",
        "doctor",
    ],
)
def test_every_command_has_a_help_text_that_fits_80_columns(platformctl, command):
    result = platformctl(command, "--help")
    assert result.code == 0
    assert max(len(line) for line in result.out.splitlines()) <= 80
    assert "Usage: platformctl" in result.out


def fail_with(monkeypatch, error):
    """Makes ``graph`` fail."""

    def fail():
        raise error

    monkeypatch.setattr("orchestrator.cli.inspect.find_project", fail)
    monkeypatch.setattr("orchestrator.cli.deployment.find_project", fail)


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (PlatformctlError("It broke", detail="Why.", hint="Do."), 1, "error: It broke\nWhy.\nfix: Do.\n"),
        (InterruptedRunError("Interrupted"), 130, "error: Interrupted\n"),
    ],
)
def test_the_class_of_an_error_is_the_exit_code(platformctl, monkeypatch, error, code, text):
    fail_with(monkeypatch, error)
    result = platformctl("graph")
    assert (result.code, result.out, result.err) == (code, "", text)


def test_a_traceback_only_with_debug(platformctl):
    assert "Traceback" not in platformctl("graph", "--env", "nope").err
    result = platformctl("--debug", "graph", "--env", "nope")
    assert result.code == 2
    assert "Traceback" in result.err
    assert "error: Unknown environment" in result.err


def test_c6_ctrl_c_before_anything_runs_is_an_interrupt(platformctl, monkeypatch):
    fail_with(monkeypatch, KeyboardInterrupt())
    assert platformctl("graph").code == 130


def test_a_defect_keeps_its_traceback(platformctl, monkeypatch):
    fail_with(monkeypatch, ZeroDivisionError("a defect"))
    with pytest.raises(ZeroDivisionError, match="a defect"):
        platformctl("graph")


def test_a_reader_that_goes_away_gets_no_traceback(platformctl):
    """platformctl graph | true"""
    with subprocess.Popen(
        [sys.executable, "-c", "from orchestrator.cli.main import main; main()", "graph", "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert said == ""


def test_the_exit_code_of_the_process_is_that_of_the_command(platformctl, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["platformctl", "graph", "--env", "nope"])
    with pytest.raises(SystemExit) as caught:
        main.main()
    assert caught.value.code == 2


class FakeBucket:
    def exists(self):
        return True


class FakeSession:
    account_id = "123456789012"


@pytest.fixture
def deployed(platformctl, monkeypatch):
    """A deployment that is there, as far as destroy can see; nothing of it may be touched."""
    from orchestrator.cli.deployment import load  # noqa: PLC0415 - wired as the command wires it
    from orchestrator.engine.operations import Outputs  # noqa: PLC0415
    from tests.fakes.states import FakeStates  # noqa: PLC0415

    class FakeDeployment:
        def __init__(self, asked):
            self.asked = asked
            self.stack = load(asked, environment="dev", account_id="0" * 12)
            self.states = FakeStates()
            self.outputs = Outputs(stack=self.stack, states=self.states)
            self.bucket = FakeBucket()
            self.session = FakeSession()

    made = []

    def open_deployment(asked, *, start):
        assert start is False, "destroy starts no cloud"
        made.append(FakeDeployment(asked))
        return made[-1]

    monkeypatch.setattr(destroying, "open_deployment", open_deployment)
    return made


def test_a4_destroy_without_yes_and_without_a_terminal_is_refused_before_anything_runs(platformctl, deployed):
    result = platformctl("destroy", "--suffix", "pr42")
    assert (result.code, result.out, platformctl.started) == (2, "", [])
    assert result.err == (
        "error: Confirmation needed\n"
        'Destroying "pr42" on the local cloud (account 123456789012) has to be confirmed, and there is no terminal to '
        "ask on.\n"
        "fix: Pass --yes.\n"
    )
    assert deployed[0].states.removed == []


@pytest.mark.parametrize("answer", ["", "yes", "y", "PR42", "pr4"])
def test_a4_only_the_suffix_itself_confirms_a_destroy(platformctl, deployed, monkeypatch, answer):
    questions = []

    def ask(question, **_):
        questions.append(str(question))
        return answer

    monkeypatch.setattr(type(destroying.console.err), "is_terminal", property(lambda _self: True))
    monkeypatch.setattr(destroying.console.err, "input", ask)
    result = platformctl("destroy", "--suffix", "pr42")
    assert (result.code, platformctl.started) == (2, [])
    assert "error: Not confirmed\nNothing was run.\n" in result.err
    (question,) = questions
    assert 'This destroys "pr42" on the local cloud (account 123456789012), with all its data.' in question


def test_c7_destroying_what_others_stand_on_is_refused_before_the_question(platformctl, deployed, monkeypatch):
    original = destroying.open_deployment

    def with_states(asked, *, start):
        deployment = original(asked, start=start)
        deployment.states.put("vpc", {"vpc_id": "v"})
        return deployment

    monkeypatch.setattr(destroying, "open_deployment", with_states)
    result = platformctl("destroy", "--suffix", "pr42", "--only", "kms", "--yes")
    assert (result.code, platformctl.started) == (2, [])
    assert result.err == (
        "error: Other units depend on what would be destroyed\n"
        '"vpc" is still applied and depends on "kms".\n'
        "fix: Destroy them together: --only vpc --only kms\n"
    )


def test_a2_destroying_what_does_not_exist_is_no_error_and_starts_no_cloud(platformctl):
    result = platformctl("destroy", "--suffix", "pr42", "--yes")
    assert (result.code, result.out) == (0, "")
    assert result.err == 'Nothing to destroy: there is no "pr42" on the local cloud.\n'
    assert platformctl.started == []


def test_c7_outputs_of_what_does_not_exist(platformctl):
    result = platformctl("outputs", "--suffix", "pr42")
    assert (result.code, result.out, platformctl.started) == (2, "", [])
    assert result.err == (
        'error: No such deployment\nThere is no "pr42" on the local cloud.\n'
        "fix: Deploy it: platformctl up --suffix pr42\n"
    )


@pytest.mark.parametrize(
    ("command", "code", "out", "err"),
    [
        (("local", "status"), 1, "The local cloud does not run.\n", ""),
        (("local", "stop"), 0, "The local cloud does not run.\n", ""),
        (("local", "env"), 1, "", "The local cloud does not run. Start it: platformctl local start\n"),
        (
            ("local", "logs"),
            1,
            "",
            "There is no log yet: the local cloud has not been started in this project.\n",
        ),
    ],
)
def test_a_local_cloud_that_does_not_run(platformctl, command, code, out, err):
    result = platformctl(*command)
    assert (result.code, result.out, result.err) == (code, out, err)
    assert not (platformctl.tree.root / ".platformctl/local/server.json").exists()


def test_a3_doctor_says_what_is_missing(platformctl):
    result = platformctl("doctor")
    assert result.code == 1
    assert "1.11.4" in result.out
    assert "does not run; up starts it" in result.out
    assert "!!" in result.out, "the project has no lock file"
