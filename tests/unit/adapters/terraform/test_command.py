"""Command lines through python-terraform's builder, and the process behind them."""

import signal

import pytest

from orchestrator.adapters.processes import Processes, living
from orchestrator.adapters.terraform.command import FLAG, Command, Invocation, ending_signal


@pytest.fixture
def run(terraform, tmp_path):
    def call(*arguments, before=(), environment=None, **options):
        folder = tmp_path / "root"
        folder.mkdir(exist_ok=True)
        invocation = Invocation(
            arguments=(str(terraform.path), *before), folder=folder, environment=environment or {"PATH": "/bin"}
        )
        lines = []
        command = Command(invocation, processes=Processes(), on_line=lines.append)
        code, out, err = command.cmd(*arguments, **options)
        assert (out, err) == (None, None)
        return code, lines, terraform.calls()[-1] if terraform.calls() else None

    return call


@pytest.mark.parametrize(
    ("arguments", "options", "built"),
    [
        (("init",), {}, ["init"]),
        (("init",), {"input": False, "no_color": FLAG}, ["init", "-input=false", "-no-color"]),
        (("plan",), {"refresh": True, "lock": False}, ["plan", "-refresh=true", "-lock=false"]),
        (("apply",), {"destroy": None, "parallelism": 40}, ["apply", "-parallelism=40"]),
        (("apply",), {"destroy": FLAG, "lock_timeout": "60s"}, ["apply", "-destroy", "-lock-timeout=60s"]),
        (
            ("init",),
            {"backend_config": ["a.tfbackend", "b.tfbackend"]},
            ["init", "-backend-config=a.tfbackend", "-backend-config=b.tfbackend"],
        ),
        (("init",), {"backend_config": None}, ["init"]),
        (("show", "stack.tfplan"), {"json": FLAG}, ["show", "-json", "stack.tfplan"]),
        (("providers lock",), {"platform": ["linux_amd64"]}, ["providers", "lock", "-platform=linux_amd64"]),
        (("plan",), {"out": "a b.tfplan"}, ["plan", "-out=a b.tfplan"]),
    ],
)
def test_arguments(run, arguments, options, built):
    _, _, call = run(*arguments, **options)
    assert call["arguments"] == built


def test_the_embedded_terraform_keeps_the_beginning_of_its_command_line(run):
    _, _, call = run("init", before=("-m", "module"))
    assert call["arguments"] == ["-m", "module", "init"]


def test_output_and_exit_code_are_handed_over_and_no_state_is_read(run, terraform):
    terraform.answer("apply", "one", {"two": 2}, code=5)
    (code, lines, call) = run("apply")
    assert (code, lines) == (5, ["one", '{"two": 2}'])
    assert terraform.calls() == [call]


def test_the_process_has_the_folder_and_nothing_but_the_environment_of_the_invocation(run, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    _, _, call = run("init", environment={"ONLY": "this"})
    assert call["folder"] == str(tmp_path / "root")
    assert {name for name in call["environment"] if name != "LC_CTYPE"} == {"ONLY"}


def test_a_program_that_is_not_there_is_an_os_error(tmp_path):
    invocation = Invocation(arguments=("/no/such/terraform",), folder=tmp_path, environment={})
    with pytest.raises(FileNotFoundError):
        Command(invocation, processes=Processes(), on_line=print).cmd("init")


@pytest.mark.parametrize("log", [None, "unit.log"])
def test_output_goes_to_a_log_only_if_there_is_one_and_the_command_is_recorded(terraform, tmp_path, log):
    terraform.answer("apply", "one")
    invocation = Invocation(arguments=(str(terraform.path),), folder=tmp_path, environment={}, unit="vpc")
    file = tmp_path / log if log else None
    lines, children = [], []

    def note(line):
        lines.append(line)
        children.extend(living(tmp_path / "records"))

    terraform.answer("apply", "one", waits=["two"])
    terraform.go()
    command = Command(invocation, processes=Processes(records=tmp_path / "records"), on_line=note, log=file)
    assert command.cmd("apply")[0] == 0
    assert lines == ["one", "two"]
    assert {(child.command, child.unit, child.log) for child in children} <= {("apply", "vpc", file)}
    assert file is None or file.read_text() == "one\ntwo\n"


@pytest.mark.parametrize(
    ("code", "interrupted", "name"),
    [
        (0, False, ""),
        (1, False, ""),
        (-signal.SIGKILL, False, "SIGKILL"),
        (-signal.SIGKILL, True, "SIGKILL"),
        (-signal.SIGINT, False, "SIGINT"),
        (-signal.SIGINT, True, ""),
        (128 + signal.SIGKILL, False, "SIGKILL"),
        (128 + signal.SIGINT, True, ""),
        (255, False, ""),
        (-77, False, "signal 77"),
    ],
)
def test_c5_what_ended_a_command_that_did_not_end_itself(code, interrupted, name):
    assert ending_signal(code, interrupted=interrupted) == name
