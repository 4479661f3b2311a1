"""Findings as text at 80 columns: place, underlined source, why, and the fix last (C7)."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from rich.cells import cell_len

from orchestrator.diagnostics import ConfigurationError, Diagnostic, Position, Range, Severity, Source
from orchestrator.display.diagnostics import print_diagnostics, print_error, validation_document
from orchestrator.errors import PlatformctlError
from orchestrator.hcl import Scope, evaluate, parse_expression
from tests.fakes.errors import error_of

BASE = Path("/project")
FILE = BASE / "live/dev/vpc/terragrunt.hcl"


def finding(line, start, end, *, number=3, last=None, **rest):
    source = Source(FILE, "\n" * (number - 1) + line)
    place = Range(source, Position(number, start), Position(last or number, end))
    return Diagnostic(summary="Unknown local", range=place, **rest)


def marked(line, what, **rest):
    start = line.index(what) + 1
    return finding(line, start, start + len(what), **rest)


TEXTS = [
    (
        marked(
            "  a = local.nmae", "local.nmae", detail="There is no local.nmae.", hint='Did you mean "name"?'
        ),
        """\
error: Unknown local
  --> live/dev/vpc/terragrunt.hcl:3:7
  |
3 |   a = local.nmae
  |       ^^^^^^^^^^
There is no local.nmae.
fix: Did you mean "name"?
""",
    ),
    # The margin is as wide as the number.
    (
        marked("a = b", "b", number=120, hint="Write c."),
        """\
error: Unknown local
    --> live/dev/vpc/terragrunt.hcl:120:5
    |
120 | a = b
    |     ^
fix: Write c.
""",
    ),
    # Tabs before the marks are kept, so marks and source move together whatever a tab's width is.
    (
        marked("\ta =\tlocal.x", "local.x"),
        """\
error: Unknown local
  --> live/dev/vpc/terragrunt.hcl:3:6
  |
3 |     a =     local.x
  |             ^^^^^^^
""",
    ),
    # A finding over several lines is underlined to the end of its first.
    (
        finding("  a = {\n    b = 1\n  }", 7, 4, last=5),
        """\
error: Unknown local
  --> live/dev/vpc/terragrunt.hcl:3:7
  |
3 |   a = {
  |       ^
""",
    ),
    # A place between two characters is marked, too.
    (
        finding("a = ", 5, 5),
        """\
error: Unknown local
  --> live/dev/vpc/terragrunt.hcl:3:5
  |
3 | a =\x20
  |     ^
""",
    ),
    # Windows line endings are no part of the line.
    (
        finding("a = [\r\n]\r\n", 5, 2, last=4),
        """\
error: Unknown local
  --> live/dev/vpc/terragrunt.hcl:3:5
  |
3 | a = [
  |     ^
""",
    ),
    # Brackets are text, not markup.
    (
        marked("a = [b]", "[b]", detail="[red]x[/red] is no list[string]."),
        """\
error: Unknown local
  --> live/dev/vpc/terragrunt.hcl:3:5
  |
3 | a = [b]
  |     ^^^
[red]x[/red] is no list[string].
""",
    ),
    # What the names stand for comes below the source.
    (
        marked(
            "  a = local.zones[local.index]",
            "local.zones[local.index]",
            detail="There is no element 7.",
            values=(("local.zones", '["a", "b"]'), ("local.index", "7")),
        ),
        """\
error: Unknown local
  --> live/dev/vpc/terragrunt.hcl:3:7
  |
3 |   a = local.zones[local.index]
  |       ^^^^^^^^^^^^^^^^^^^^^^^^
  = local.zones is ["a", "b"]
  = local.index is 7
There is no element 7.
""",
    ),
    (
        Diagnostic(summary="No place", detail="Why.", hint="Fix it.", severity=Severity.WARNING),
        "warning: No place\nWhy.\nfix: Fix it.\n",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("diagnostic", "text"), TEXTS)
def test_c7_a_finding_as_text(log, diagnostic, text):
    print_diagnostics(log, [diagnostic], base=BASE)
    assert log.text == text


@pytest.mark.parametrize(("diagnostic", "text"), TEXTS)
def test_c7_a_terminal_shows_the_same(terminal, diagnostic, text):
    print_diagnostics(terminal, [diagnostic], base=BASE)
    assert terminal.text == text


def test_paths_outside_the_project_stay_whole(log):
    print_diagnostics(log, [marked("a = b", "b")], base=Path("/elsewhere"))
    assert log.lines[1] == "  --> /project/live/dev/vpc/terragrunt.hcl:3:5"


def test_without_a_project_paths_stay_whole(log):
    print_diagnostics(log, [marked("a = b", "b")])
    assert log.lines[1] == "  --> /project/live/dev/vpc/terragrunt.hcl:3:5"


def test_wide_characters_before_the_marks_count_twice(log):
    line = '  名前 = "日本語" + local.x'
    print_diagnostics(log, [marked(line, "local.x")], base=BASE)
    _, _, _, source, marks = log.lines
    assert cell_len(marks.split("^")[0]) == cell_len(source.split("local.x")[0])


def test_wide_characters_under_the_marks_count_twice(log):
    print_diagnostics(log, [marked('a = "日本語"', '"日本語"')], base=BASE)
    assert log.lines[-1] == "  |     ^^^^^^^^"


@pytest.mark.parametrize(
    "line",
    [f"  a = {'word ' * 20}local.nmae", f"  a = {'x' * 200} + local.nmae", f"  a = local.nmae{' + 1' * 30}"],
    ids=["words", "one word", "behind the marks"],
)
def test_a_line_wider_than_the_terminal_keeps_its_marks_under_it(terminal, line):
    print_diagnostics(terminal, [marked(line, "local.nmae", detail="There is no local.nmae.")], base=BASE)
    marks = next(number for number, text in enumerate(terminal.lines) if "^" in text)
    source = terminal.lines[marks - 1]
    assert max(len(text) for text in terminal.lines) <= 80
    assert (terminal.lines[marks].index("^"), terminal.lines[marks].count("^")) == (source.index("local.nmae"), 10)


def test_c7_values_of_long_names_fit_the_terminal(terminal):
    found = marked("a = b", "b", values=((f"local.{'n' * 300}", "known only after apply"), ("b", f'"{"x" * 48}…')))
    print_diagnostics(terminal, [found], base=BASE)
    assert max(cell_len(line) for line in terminal.lines) <= 80
    assert terminal.lines[-2].startswith("  = local.nnn")


def test_a_log_keeps_long_lines_whole(log):
    print_diagnostics(log, [marked(f"{'word ' * 20}local.nmae", "local.nmae", detail="why " * 40)], base=BASE)
    assert len(log.lines) == 6
    assert log.lines[4].index("^") == log.lines[3].index("local.nmae")


def test_long_explanations_wrap_on_a_terminal_only(terminal, log):
    error = PlatformctlError("Broken", detail="word " * 30)
    print_error(terminal, error)
    print_error(log, error)
    assert (len(terminal.lines), len(log.lines)) == (3, 2)


def test_c7_every_finding_is_shown_in_the_order_of_files_and_lines(log):
    later = marked("b = y", "y", number=9, detail="second")
    sooner = marked("a = x", "x", number=2, detail="first")
    print_error(log, ConfigurationError([later, sooner, sooner]), base=BASE)
    assert log.text == (
        "error: Unknown local\n  --> live/dev/vpc/terragrunt.hcl:2:5\n  |\n2 | a = x\n  |     ^\nfirst\n"
        "\n"
        "error: Unknown local\n  --> live/dev/vpc/terragrunt.hcl:9:5\n  |\n9 | b = y\n  |     ^\nsecond\n"
    )


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PlatformctlError("No room"), "error: No room\n"),
        (PlatformctlError("No room", hint="Ask."), "error: No room\nfix: Ask.\n"),
        (
            PlatformctlError("No [b]room", detail="Five\nVPCs.", hint="Ask."),
            "error: No [b]room\nFive\nVPCs.\nfix: Ask.\n",
        ),
    ],
)
def test_an_error_without_a_place(log, error, text):
    print_error(log, error)
    assert log.text == text


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("terraform") is None, reason="there is no terraform on the PATH")
def test_c7_findings_for_programs_have_the_form_of_terraforms(tmp_path):
    (tmp_path / "main.tf").write_text('locals {\n  a = [1]\n}\noutput "b" {\n  value = local.a[7]\n}\n')
    command = ["terraform", f"-chdir={tmp_path}", "validate", "-json"]
    theirs = json.loads(subprocess.run(command, capture_output=True, check=False, timeout=60).stdout)
    scope = Scope({"local": {"a": [1]}}, {})
    error = error_of(lambda: evaluate(parse_expression("local.a[7]", FILE), scope), ConfigurationError)
    ours = keys(validation_document(error.diagnostics))
    assert ours["diagnostics"][0].pop("hint") == "str"
    assert ours == keys(theirs)


def keys(document):
    """The names of a document at every depth."""
    match document:
        case dict():
            return {name: keys(value) for name, value in document.items()}
        case [first, *_]:
            return [keys(first)]
    return type(document).__name__ if document is not None else "str"
