"""Sources of modules (C1)."""

from pathlib import Path

import pytest

from orchestrator.config.source import GitSource, LocalSource, parse_source
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
    ],
)
def test_sources(text, expected):
    assert parse_source(text, home=HOME, place=PLACE) == expected


def test_the_folder_of_a_local_source_is_that_of_the_module():
    assert parse_source("../../../modules//vpc", home=HOME, place=PLACE).folder == Path("/repo/modules/vpc")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            "tfr:///terraform-aws-modules/vpc/aws?version=5.0.0",
            "Registry sources are not supported: use git:: with ?ref=, or a local folder.",
        ),
        (
            "terraform-aws-modules/vpc/aws",
            'A local folder begins with "./" or "../". Registry sources are not supported.',
        ),
        ("modules/vpc", 'A local folder begins with "./" or "../". Registry sources are not supported.'),
        ("https://example.com/vpc.zip", "Archives cannot be downloaded: use git:: with ?ref=, or a local folder."),
        (
            "s3::https://s3.amazonaws.com/bucket/vpc.zip",
            "Archives cannot be downloaded: use git:: with ?ref=, or a local folder.",
        ),
        ("git@example.com:org/infra.git", "Put git:: before it."),
        ("github.com/org/infra", "Write git::https://... with ?ref= instead."),
        ("", "Use git:: with ?ref=, or a local folder."),
        ("git::https://example.com/infra.git?depth=1", "Only ?ref= is supported."),
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
    error = error_of(lambda: parse_source(f"{text}?depth=1", home=HOME, place=PLACE), ConfigurationError)
    assert source.url == "https://user:hunter2@example.com/infra.git"
    assert "hunter2" not in repr(source)
    assert error.detail == '"git::https://...@example.com/infra.git?depth=1" has the option "depth".'
