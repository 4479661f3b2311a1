"""Suffixes, times to live, targets and projects: what a caller may ask for (A2, A4, B11, C7)."""

from datetime import timedelta

import pytest

from orchestrator.commands import DeploymentRequest, Target
from orchestrator.commands.requests import check_suffix, parse_lifetime
from orchestrator.errors import ExitCode, UsageError
from orchestrator.model.project import find_project

SUFFIX = (
    "a suffix has 1 to 20 characters: lower-case letters, digits and single hyphens; it begins with a letter and ends "
    "with a letter or digit."
)


@pytest.mark.parametrize("suffix", ["a", "pr42", "x-1", "a1", "main", "a-b-c", "a" * 20, "a" + "-b" * 9])
def test_b11_suffixes_that_names_may_end_in(suffix):
    assert check_suffix(suffix) == DeploymentRequest(suffix=suffix).suffix == suffix


MALFORMED = {
    "": "demo",
    "PR42": "pr42",
    "Pr_42": "pr-42",
    "42": "demo",
    "42pr": "pr",
    "-pr": "pr",
    "pr-": "pr",
    "pr--42": "pr-42",
    "pr 42": "pr-42",
    "feature/new.api": "feature-new-api",
    "a" * 21: "a" * 20,
    "a" * 19 + "-b": "a" * 19,
    "über": "ber",
    "pr42\n": "pr42",
    "\uff50\uff52": "demo",
    "p²": "p",
    "--": "demo",
}


@pytest.mark.parametrize(("suffix", "offer"), MALFORMED.items())
def test_c7_malformed_suffixes_get_the_nearest_that_is_valid(refused, suffix, offer):
    error = refused(DeploymentRequest, suffix=suffix, error=UsageError)
    assert (error.summary, error.detail) == ("Malformed suffix", f"--suffix {suffix!r}: {SUFFIX}")
    assert (error.hint, error.exit_code) == (f"Try --suffix {offer}", ExitCode.BAD_INPUT)
    assert check_suffix(offer) == offer, "the offer itself must be valid"


LIFETIMES = {
    "1m": timedelta(minutes=1),
    "90m": timedelta(minutes=90),
    "8h": timedelta(hours=8),
    "08h": timedelta(hours=8),
    "3d": timedelta(days=3),
    "365d": timedelta(days=365),
    "8760h": timedelta(days=365),
    "none": None,
}


@pytest.mark.parametrize(("text", "span"), LIFETIMES.items())
def test_a2_times_to_live(text, span):
    assert parse_lifetime(text).span == span


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
def test_c7_malformed_times_to_live(refused, text):
    error = refused(parse_lifetime, text, error=UsageError)
    assert (error.summary, error.detail) == (
        "Malformed time to live",
        f"--ttl {text!r}: a time to live is a number of minutes, hours or days, from 1m to 365d, or none.",
    )
    assert (error.hint, error.exit_code) == ("Try --ttl 8h", ExitCode.BAD_INPUT)


def test_a4_the_local_cloud_is_the_first_of_two_targets():
    assert [(str(target), target.description) for target in Target] == [("local", "the local cloud"), ("aws", "AWS")]
    assert DeploymentRequest(suffix="pr42").target is Target.LOCAL


def test_the_project_is_the_nearest_folder_upwards_with_a_live_tree(world):
    root = world.tree.root
    project = find_project({}, current=root / "live/dev/vpc")
    assert (project.folder, project.live, project.functions) == (root, root / "live", root / "functions")
    assert (project.home, project.local_cloud) == (root / ".platformctl", root / ".platformctl/local")


def test_c7_outside_of_a_project(refused, tmp_path_factory):
    nowhere = tmp_path_factory.mktemp("nowhere")
    error = refused(find_project, {}, current=nowhere, error=UsageError)
    assert error.detail == (
        f"In {nowhere} there is no terragrunt.hcl at any depth, and no folder above it has a live/root.hcl."
    )


def test_c7_a_project_that_was_named_is_not_looked_for_elsewhere(world, refused, tmp_path_factory):
    nowhere = tmp_path_factory.mktemp("nowhere")
    error = refused(find_project, {"PLATFORMCTL_PROJECT": str(nowhere)}, current=world.tree.root, error=UsageError)
    assert (error.detail, error.hint) == (
        (
            f"PLATFORMCTL_PROJECT is {nowhere}, where there is no terragrunt.hcl at any depth, and no folder above it has"
            " a live/root.hcl."
        ),
        "Change into the project's folder, pass --working-dir, or set PLATFORMCTL_PROJECT.",
    )
