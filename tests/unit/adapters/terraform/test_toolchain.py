"""What every Terraform process of a run gets: environment, provider, lock (A3, A4, C8)."""

import pytest

from orchestrator.errors import PlatformctlError, UsageError
from tests.fakes.errors import error_of

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


def test_c10_any_number_of_providers_may_be_locked(toolchain):
    tools = toolchain()
    entry = (
        'provider "registry.terraform.io/hashicorp/{0}" {{\n  version = "1.0.0"\n  hashes = [\n    "h1:x",\n  ]\n}}\n'
    )
    tools.lock_file.write_text(entry.format("aws") + entry.format("random"))
    assert [found.source for found in tools.locked] == ["hashicorp/aws", "hashicorp/random"]
    version = 'provider "registry.terraform.io/hashicorp/aws" {\n  version = "1.0.0"\n}\n'
    assert tools.lock_text([]) == version + entry.format("random"), (
        "the hash of the AWS provider is checked once per run"
    )


def test_c10_without_a_lock_file_init_chooses(toolchain):
    tools = toolchain()
    tools.lock_file.unlink()
    assert (tools.locked, tools.provider, tools.lock_text([]), tools.install_provider()) == ((), None, "", None)


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
