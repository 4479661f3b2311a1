"""Suffixes, targets and projects: what may be said on the command line (A4, B11, C7)."""

from datetime import timedelta

import pytest

from orchestrator.cli.options import Target, check_suffix, check_ttl
from orchestrator.cli.project import find_project
from orchestrator.errors import ExitCode, UsageError


@pytest.mark.parametrize("suffix", ["a", "pr42", "x-1", "a1", "main", "a-b-c", "a" * 20, "a" + "-b" * 9])
def test_b11_suffixes_that_names_may_end_in(suffix):
    assert check_suffix(suffix) == suffix


@pytest.mark.parametrize(
    ("suffix", "offer"),
    [
        ("", "demo"),
        ("PR42", "pr42"),
        ("Pr_42", "pr-42"),
        ("42", "demo"),
        ("42pr", "pr"),
        ("-pr", "pr"),
        ("pr-", "pr"),
        ("pr--42", "pr-42"),
        ("pr 42", "pr-42"),
        ("feature/new.api", "feature-new-api"),
        ("a" * 21, "a" * 20),
        ("a" * 19 + "-b", "a" * 19),
        ("über", "ber"),
        ("pr42\n", "pr42"),
        ("\uff50\uff52", "demo"),
        ("p²", "p"),
        ("--", "demo"),
    ],
)
def test_c7_malformed_suffixes_get_the_nearest_that_will_do(suffix, offer):
    with pytest.raises(UsageError) as caught:
        check_suffix(suffix)
    error = caught.value
    assert (error.summary, error.detail, error.hint) == (
        "Malformed suffix",
        (
            f"--suffix {suffix!r}: a suffix has 1 to 20 characters: lower-case letters, digits and single hyphens; it "
            "begins with a letter and ends with a letter or digit."
        ),
        f"Try --suffix {offer}",
    )
    assert error.exit_code is ExitCode.BAD_INPUT
    assert check_suffix(offer) == offer, "the offer itself must do"


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("1m", timedelta(minutes=1)),
        ("90m", timedelta(minutes=90)),
        ("8h", timedelta(hours=8)),
        ("08h", timedelta(hours=8)),
        ("3d", timedelta(days=3)),
        ("365d", timedelta(days=365)),
        ("8760h", timedelta(days=365)),
        ("none", None),
    ],
)
def test_a2_times_to_live(text, span):
    assert check_ttl(text).span == span


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8",
        "h",
        "8 h",
        "8H",
        "8s",
        "8w",
        "1d12h",
        "-8h",
        "1.5h",
        "0h",
        "0m",
        "366d",
        "8761h",
        "9999999999999999999d",
        "None",
        "8h\n",
        "٨h",
    ],
)
def test_c7_malformed_times_to_live(text):
    with pytest.raises(UsageError) as caught:
        check_ttl(text)
    error = caught.value
    assert (error.summary, error.detail, error.hint) == (
        "Malformed time to live",
        f"--ttl {text!r}: a time to live is a number of minutes, hours or days, from 1m to 365d, or none.",
        "Try --ttl 8h",
    )
    assert error.exit_code is ExitCode.BAD_INPUT


def test_a4_the_local_cloud_is_the_first_of_two_targets():
    assert [(str(target), target.description) for target in Target] == [("local", "the local cloud"), ("aws", "AWS")]


def test_the_project_is_the_nearest_folder_upwards_with_a_live_tree(tree, monkeypatch):
    monkeypatch.delenv("PLATFORMCTL_PROJECT", raising=False)
    monkeypatch.chdir(tree.root / "live/dev/vpc")
    project = find_project()
    assert project.folder == tree.root
    assert (project.live, project.home) == (tree.root / "live", tree.root / ".platformctl")


def test_c7_outside_of_a_project(nowhere, monkeypatch):
    monkeypatch.delenv("PLATFORMCTL_PROJECT", raising=False)
    monkeypatch.chdir(nowhere)
    with pytest.raises(UsageError) as caught:
        find_project()
    assert caught.value.detail == f"Neither {nowhere} nor a folder above it is one: a project holds live/root.hcl."


def test_c7_a_project_that_was_named_is_not_looked_for_elsewhere(tree, nowhere, monkeypatch):
    monkeypatch.chdir(tree.root)
    monkeypatch.setenv("PLATFORMCTL_PROJECT", str(nowhere))
    with pytest.raises(UsageError) as caught:
        find_project()
    error = caught.value
    assert (error.detail, error.hint) == (
        f"PLATFORMCTL_PROJECT is {nowhere}, where there is no live/root.hcl.",
        "Change into the project's folder, or set PLATFORMCTL_PROJECT.",
    )
