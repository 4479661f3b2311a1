"""Sources of modules (C1)."""

from pathlib import Path

import pytest

from orchestrator.config.source import ArchiveSource, GitSource, LocalSource, RegistrySource, parse_source
from orchestrator.diagnostics import ConfigurationError, Position, Range, Source
from tests.fakes.errors import error_of

HOME = Path("/repo/live/dev/vpc")
PLACE = Range(Source(Path("terragrunt.hcl"), ""), Position(1, 1), Position(1, 1))


def local(root, subdirectory=""):
    return LocalSource(root=Path(root), subdirectory=subdirectory)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("../../../modules/vpc", local("/repo/modules/vpc")),
        ("../../../modules//vpc", local("/repo/modules", "vpc")),
        ("/repo//modules/vpc/", local("/repo", "modules/vpc")),
        ("//repo//modules/vpc", local("/repo", "modules/vpc")),
        (".", local("/repo/live/dev/vpc")),
        ("./module", local("/repo/live/dev/vpc/module")),
        (
            "git::https://example.com/infra.git//modules/vpc?ref=v1.2.0",
            GitSource(url="https://example.com/infra.git", ref="v1.2.0", subdirectory="modules/vpc"),
        ),
        ("git::ssh://git@example.com/infra.git?ref=main", GitSource(url="ssh://git@example.com/infra.git", ref="main")),
        (
            "git::git@example.com:org/infra.git//vpc",
            GitSource(url="git@example.com:org/infra.git", ref=None, subdirectory="vpc"),
        ),
        (
            "git@example.com:org/infra.git//vpc?ref=v1",
            GitSource(url="git@example.com:org/infra.git", ref="v1", subdirectory="vpc"),
        ),
        (
            "git::https://example.com/infra.git//vpc?ref=v1&depth=1",
            GitSource(url="https://example.com/infra.git", ref="v1", subdirectory="vpc"),
        ),
        ("github.com/org/infra", GitSource(url="https://github.com/org/infra.git", ref=None)),
        (
            "github.com/org/infra.git//modules/vpc?ref=v1",
            GitSource(url="https://github.com/org/infra.git", ref="v1", subdirectory="modules/vpc"),
        ),
        (
            "gitlab.com/org/infra/modules/vpc?ref=v1",
            GitSource(url="https://gitlab.com/org/infra.git", ref="v1", subdirectory="modules/vpc"),
        ),
        (
            "tfr:///terraform-aws-modules/vpc/aws?version=5.0.0",
            RegistrySource(host="", module="terraform-aws-modules/vpc/aws", version="5.0.0"),
        ),
        (
            "tfr://registry.example.com/a/b/c//modules/x?version=1.2.3",
            RegistrySource(host="registry.example.com", module="a/b/c", version="1.2.3", subdirectory="modules/x"),
        ),
        (
            "https://example.com/vpc-1.0.tar.gz//vpc?checksum=md5:0123&token=x",
            ArchiveSource(
                address="https://example.com/vpc-1.0.tar.gz?token=x",
                format="gztar",
                checksum="md5:0123",
                subdirectory="vpc",
            ),
        ),
        (
            "https://example.com/download?archive=zip",
            ArchiveSource(address="https://example.com/download", format="zip"),
        ),
        ("../vpc.zip//a", ArchiveSource(address="/repo/live/dev/vpc.zip", format="zip", subdirectory="a")),
        ("file:///repo/modules//vpc", local("/repo/modules", "vpc")),
        ("modules/vpc", local("/repo/live/dev/vpc/modules/vpc")),
        ("module", local("/repo/live/dev/vpc/module")),
    ],
)
def test_sources(text, expected):
    assert parse_source(text, home=HOME, place=PLACE) == expected


def test_the_folder_of_a_local_source_is_that_of_the_module():
    assert parse_source("../../../modules//vpc", home=HOME, place=PLACE).folder == Path("/repo/modules/vpc")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("tfr:///terraform-aws-modules/vpc/aws", "Write tfr:///namespace/name/provider?version=1.2.3."),
        ("tfr:///vpc?version=1", "Write tfr:///namespace/name/provider?version=1.2.3."),
        (
            "https://example.com/vpc",
            "The address of an archive ends in .zip, .tar.gz or the like, or has ?archive=zip.",
        ),
        ("https://example.com/vpc.git?ref=v1", "Put git:: before it."),
        ("ssh://git@example.com/infra.git", "Put git:: before it."),
        ("s3::https://s3.amazonaws.com/bucket/vpc.zip", "Download it in the pipeline, or use git:: with ?ref=."),
        ("git::https://example.com/infra.git?sshkey=x", "Only ?ref= and ?depth= are supported."),
        ("git::", "Write git::https://host/repository.git//module?ref=v1."),
        ("../modules//../secrets", "What stands behind // must stay below it."),
    ],
)
def test_refused_sources(text, hint):
    error = error_of(lambda: parse_source(text, home=HOME, place=PLACE), ConfigurationError)
    (finding,) = error.diagnostics
    assert (finding.summary, finding.hint, finding.range) == ("Source is not supported", hint, PLACE)


def test_credentials_in_an_address_are_not_shown():
    """C8."""
    text = "git::https://user:hunter2@example.com/infra.git"

    source = parse_source(text, home=HOME, place=PLACE)
    error = error_of(lambda: parse_source(f"{text}?sshkey=1", home=HOME, place=PLACE), ConfigurationError)
    assert source.url == "https://user:hunter2@example.com/infra.git"
    assert "hunter2" not in repr(source)
    assert error.detail == '"git::https://...@example.com/infra.git?sshkey=1" has the option "sshkey".'
