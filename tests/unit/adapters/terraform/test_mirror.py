"""Where the provider comes from, place by place (A3)."""

import platform
import sys

import pytest

from orchestrator.adapters.terraform import mirror
from orchestrator.adapters.terraform.mirror import (
    ProviderOrigin,
    cli_configuration,
    find_origin,
    platform_name,
    provider_folder,
)
from orchestrator.errors import UsageError
from orchestrator.hcl import parse_text
from tests.fakes.errors import error_of

# A version that no mirror of the machine that runs the tests has.
VERSION = "0.0.1"


@pytest.fixture(autouse=True)
def no_mirrors_of_the_machine(monkeypatch, tmp_path):
    monkeypatch.setattr(mirror, "IMPLIED", (str(tmp_path / "implied/one"), str(tmp_path / "implied/two")))


def unpacked(folder):
    path = folder / "registry.terraform.io/hashicorp/aws" / VERSION / platform_name()
    path.mkdir(parents=True)
    return path


def packed(folder):
    path = folder / "registry.terraform.io/hashicorp/aws"
    path.mkdir(parents=True)
    (path / f"terraform-provider-aws_{VERSION}_{platform_name()}.zip").write_bytes(b"")


def find(tmp_path, **environ):
    return find_origin({"HOME": str(tmp_path / "home"), **environ}, provider="hashicorp/aws", version=VERSION)


def test_without_any_mirror_it_is_the_registry(tmp_path):
    assert find(tmp_path) == ProviderOrigin(description="the registry, registry.terraform.io")


def test_every_place_in_order(tmp_path):
    """Each place is filled before the ones in front of it, and wins over all that were filled so far."""
    home = tmp_path / "home"
    folders = [
        home / ".terraform.d/plugins",
        home / ".local/share/terraform/plugins",
        tmp_path / "implied/one",
        tmp_path / "implied/two",
    ]
    for folder in reversed(folders):
        unpacked(folder)
        assert find(tmp_path) == ProviderOrigin(mirror=folder, description=f"mirror {folder}")
    personal = home / ".terraformrc"
    personal.write_text("")
    assert find(tmp_path) == ProviderOrigin(config_file=personal, description=f"as {personal} says")
    configured = tmp_path / "own.tfrc"
    configured.write_text("")
    assert find(tmp_path, TF_CLI_CONFIG_FILE=str(configured)).config_file == configured
    asked = tmp_path / "asked"
    unpacked(asked)
    assert find(tmp_path, TF_CLI_CONFIG_FILE=str(configured), PLATFORMCTL_PROVIDER_MIRROR=str(asked)) == ProviderOrigin(
        mirror=asked, description=f"mirror {asked} (PLATFORMCTL_PROVIDER_MIRROR)"
    )


def test_a_configuration_file_that_does_not_exist_settles_nothing(tmp_path):
    assert find(tmp_path, TF_CLI_CONFIG_FILE="/no/such/file").config_file is None


@pytest.mark.parametrize("fill", [packed, unpacked])
def test_mirrors_hold_providers_packed_or_unpacked(tmp_path, fill):
    folder = tmp_path / "implied/one"
    fill(folder)
    assert find(tmp_path).mirror == folder
    found = provider_folder(folder, provider="hashicorp/aws", version=VERSION)
    assert (found is not None) is (fill is unpacked)


def test_a_mirror_with_another_version_or_platform_is_passed_over(tmp_path):
    base = tmp_path / "implied/one/registry.terraform.io/hashicorp/aws"
    (base / "0.0.2" / platform_name()).mkdir(parents=True)
    (base / VERSION / "plan9_mips").mkdir(parents=True)
    (base / f"terraform-provider-aws_{VERSION}_plan9_mips.zip").write_bytes(b"")
    assert find(tmp_path).mirror is None


def test_a_mirror_that_was_asked_for_and_lacks_the_provider_is_refused(tmp_path):
    asked = tmp_path / "asked"
    error = error_of(lambda: find(tmp_path, PLATFORMCTL_PROVIDER_MIRROR=str(asked)), UsageError)
    assert (error.summary, error.detail, error.hint) == (
        "Provider not in the mirror",
        (
            f"PLATFORMCTL_PROVIDER_MIRROR is {asked}, which has no registry.terraform.io/hashicorp/aws {VERSION} "
            f"for {platform_name()}."
        ),
        f"Fill it with: terraform providers mirror {asked}",
    )


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [
        ("linux", "x86_64", "linux_amd64"),
        ("linux", "aarch64", "linux_arm64"),
        ("darwin", "arm64", "darwin_arm64"),
        ("win32", "AMD64", "windows_amd64"),
    ],
)
def test_platforms_as_terraform_names_them(monkeypatch, system, machine, name):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert platform_name() == name


def test_the_configuration_for_the_registry(tmp_path):
    text = cli_configuration(ProviderOrigin(description=""), cache=tmp_path)
    assert text == f'disable_checkpoint = true\nplugin_cache_dir   = "{tmp_path}"\n'


def test_the_configuration_for_a_mirror_asks_no_registry(tmp_path):
    folder = tmp_path / 'a "quoted" \\ folder'
    for provider in ("hashicorp/aws", "other/random"):
        (folder / "registry.terraform.io" / provider).mkdir(parents=True)
    text = cli_configuration(ProviderOrigin(mirror=folder, description=""), cache=tmp_path)
    held = '["registry.terraform.io/hashicorp/aws", "registry.terraform.io/other/random"]'
    assert text == (
        "disable_checkpoint = true\n"
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f'    path    = "{tmp_path}/a \\"quoted\\" \\\\ folder"\n'
        f"    include = {held}\n"
        "  }\n"
        "  direct {\n"
        f"    exclude = {held}\n"
        "  }\n"
        "}\n"
    )
    assert [block.type for block in parse_text(text, folder).body.blocks] == ["provider_installation"]
