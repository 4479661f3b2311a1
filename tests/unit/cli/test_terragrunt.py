"""Terragrunt's flags and variables: each becomes an option of ours, has no effect and says so, or gets the new spelling (C10)."""

import json

import pytest

from orchestrator.cli.terragrunt import _TRANSLATED, FLAGS, VARIABLES, translated
from orchestrator.errors import UsageError


def words(line, said=None, **environ):
    return " ".join(translated(line.split(), environ, (said if said is not None else []).append))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("run --all --queue-include-dir prod/vpc plan", "run --all --filter {prod/vpc} plan"),
        ("run --queue-include-dir=prod/vpc plan", "run --filter {prod/vpc} plan"),
        ("plan --queue-exclude-dir a --queue-exclude-dir=b", "plan --filter !{a} --filter !{b}"),
        ("plan --queue-include-units-reading shared.hcl", "plan --filter reading=shared.hcl"),
        ("plan --units-that-include root.hcl", "plan --filter reading=root.hcl"),
        ("run --all --queue-include-external", "run --all --filter {./**}..."),
        ("find --filter-affected", "find --filter [main...HEAD]"),
        ("run --all apply --non-interactive", "run --all apply --yes"),
        ("run --all --queue-strict-include --queue-exclude-external plan", "run --all plan"),
        # What stands behind -- is Terraform's.
        ("run plan -- --queue-include-dir x", "run plan -- --queue-include-dir x"),
        ("--version", "--version"),
        ("--working-dir run plan --queue-exclude-dir a", "--working-dir run plan --filter !{a}"),
        # Of another command, with a meaning of its own.
        ("ingest a.csv --source nyse", "ingest a.csv --source nyse"),
        ("", ""),
        ("--debug plan --only a", "--debug plan --only a"),
    ],
)
def test_c10_a_flag_becomes_the_option_that_means_the_same(line, expected):
    assert words(line) == expected


@pytest.mark.parametrize(
    ("environ", "line", "expected"),
    [
        ({"TG_FILTER": "vpc, ./data/**"}, "plan", "plan --filter vpc --filter ./data/**"),
        ({"TG_QUEUE_EXCLUDE_DIR": "a,b"}, "run --all plan", "run --filter !{a} --filter !{b} --all plan"),
        ({"TG_QUEUE_INCLUDE_EXTERNAL": "true"}, "run plan", "run --filter {./**}... plan"),
        ({"TG_QUEUE_INCLUDE_EXTERNAL": "false"}, "run plan", "run plan"),
        ({"TG_NON_INTERACTIVE": "1", "TG_PARALLELISM": "4"}, "up -s x", "up --parallelism 4 --yes -s x"),
        ({"TG_NON_INTERACTIVE": "true"}, "reap", "reap"),
        ({"TG_FILTER": "vpc"}, "build", "build"),
        ({"TG_FILTER": ""}, "plan", "plan"),
        ({"TG_ALL": "true"}, "run plan -- -json", "run --all plan -- -json"),
    ],
)
def test_c10_a_variable_stands_for_its_flag_where_the_command_has_it(environ, line, expected):
    assert words(line, **environ) == expected


def test_c10_a_flag_without_an_effect_says_what_there_is_instead():
    said = []
    assert words("plan --log-level debug --tf-path=/bin/tofu --only a", said, TG_PROVIDER_CACHE="1") == "plan --only a"
    assert said == [
        "--provider-cache has no effect: providers are always shared between units.",
        "--log-level has no effect: a failed unit's log is named; --debug shows tracebacks.",
        "--tf-path has no effect: set PLATFORMCTL_TERRAFORM.",
    ]


REFUSED = [name for name, flag in FLAGS.items() if flag.refused]


@pytest.mark.parametrize("flag", REFUSED)
def test_c10_a_flag_or_variable_that_would_make_another_run_is_refused(flag):
    value = "=x" if FLAGS[flag].takes_value else ""
    with pytest.raises(UsageError) as caught:
        words(f"run plan {flag}{value}")
    assert caught.value.hint == FLAGS[flag].why
    with pytest.raises(UsageError):
        words("run plan", **{f"TG_{flag[2:].replace('-', '_').upper()}": "true"})


def test_c10_no_color_is_a_flag_anywhere_before_the_arguments_of_terraform(platformctl, monkeypatch):
    monkeypatch.setenv("TG_NO_COLOR", "")
    environ = {}
    assert translated(["--no-color", "plan", "--no-color"], environ, print) == ["plan"]
    assert environ == {"TG_NO_COLOR": "true"}
    assert platformctl("graph", "--no-color").code == 0


def test_c10_filters_come_from_a_file_too(tmp_path):
    file = tmp_path / "filters.txt"
    file.write_text("# production\n\n  ./prod/**\n!legacy\n")
    assert translated(["plan", "--filters-file", str(file)], {}, print) == [
        "plan",
        "--filter",
        "./prod/**",
        "--filter",
        "!legacy",
    ]
    file.write_text("a\nb/*\n")
    assert words(f"plan --queue-excludes-file {file}") == "plan --filter !{a} --filter !{b/*}"


@pytest.mark.parametrize("line", ["plan --filters-file nowhere.txt", "plan --queue-include-dir"])
def test_c10_a_flag_that_lacks_what_it_needs_is_bad_input(line):
    with pytest.raises(UsageError):
        words(line)


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("run-all apply", "Write platformctl run --all apply"),
        (
            "run-all plan --terragrunt-working-dir live --terragrunt-include-dir=a -- -lock=false",
            "Write platformctl run --all plan --working-dir live --queue-include-dir=a -- -lock=false",
        ),
        ("hclfmt --check", "Write platformctl hcl fmt --check"),
        ("graph-dependencies", "Write platformctl dag graph"),
        ("plan --terragrunt-parallelism 3", "Write platformctl plan --parallelism 3"),
        ("apply", "Write platformctl run apply"),
        ("state list", "Write platformctl run state list"),
    ],
)
def test_c10_an_old_spelling_is_answered_with_the_new_one(platformctl, line, hint):
    result = platformctl(*line.split())
    assert (result.code, result.out) == (2, "")
    assert result.err.endswith(f"\nfix: {hint}\n")


def test_c10_every_variable_stands_for_a_flag_that_its_commands_have(platformctl):
    for flag, commands in VARIABLES.values():
        made = FLAGS[flag].to if flag in FLAGS else (flag,)
        if flag == "--working-dir":
            continue  # of all commands
        for command in commands if made else ():
            assert made[0] in platformctl(command, "--help").out, (flag, command)


def test_c10_no_row_of_ours_hides_an_option_of_our_own(platformctl):
    groups = {"dag": "dag graph", "hcl": "hcl fmt", "stack": "stack run"}
    for command in _TRANSLATED:
        text = platformctl(*groups.get(command, command).split(), "--help").out
        assert not [flag for flag in FLAGS if f" {flag} " in text], command


def test_c10_a_filter_that_fits_nothing_ends_well_and_says_so(platformctl):
    result = platformctl("graph", "--filter", "type=stack")
    assert (result.code, result.out) == (0, "")
    assert result.err == "Nothing to do. No unit of dev fits --filter 'type=stack'.\n"


@pytest.mark.parametrize(
    "command", ["graph", "validate", "plan -s pr42", "up -s pr42", "destroy -s pr42", "drift -s pr42"]
)
def test_c10_a_mistake_in_a_filter_is_shown_in_its_place(platformctl, command):
    result = platformctl(*command.split(), "--filter", "docs | ownr=me")
    assert (result.code, result.out, platformctl.started) == (2, "", [])
    assert "1 | docs | ownr=me\n  |        ^^^^\n" in result.err


def test_c10_graph_shows_what_the_filter_chooses(platformctl):
    units = json.loads(platformctl("graph", "--format", "json", "--filter", "vpc...").out)["units"]
    assert units == [{"name": "kms", "dependencies": []}, {"name": "vpc", "dependencies": ["kms"]}]


def test_c10_the_colour_variable_of_terragrunt_is_heeded(monkeypatch):
    from orchestrator.display.console import make_console  # noqa: PLC0415

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert not make_console().no_color
    monkeypatch.setenv("TG_NO_COLOR", "true")
    assert make_console().no_color
