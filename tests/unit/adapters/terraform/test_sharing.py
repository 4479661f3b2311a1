"""Which units may share a provider process: never two that would configure it differently (C2)."""

import itertools
import os
import textwrap

import pytest

from orchestrator.adapters.terraform.lock import LockedProvider
from orchestrator.adapters.terraform.sharing import check_constraints, needs_more, provider_configuration
from orchestrator.config import compose
from orchestrator.errors import UsageError
from tests.fakes.errors import error_of

LOCKED = LockedProvider(address="registry.terraform.io/hashicorp/aws", version="5.100.0", hashes=())
ONE = 'provider "aws" {\n  region = "us-east-1"\n  max_retries = 4\n}\n'
PLAIN = 'resource "aws_vpc" "this" {}\n'


def composed(unit, folder):
    return compose(unit, root=folder, subdirectory="")


@pytest.fixture
def module(tmp_path):
    def make(name="module", **files):
        folder = tmp_path / name
        folder.mkdir()
        for file, text in files.items():
            (folder / file.replace("__", ".")).write_text(textwrap.dedent(text))
        return folder

    return make


@pytest.fixture
def key(unit_of, file_of, module):
    numbers = itertools.count()

    def find(*generated, **files):
        made = [file_of(f"g{number}.tf", text) for number, text in enumerate(generated)]
        return provider_configuration(composed(unit_of(generated=made), module(f"m{next(numbers)}", **files)))

    return find


@pytest.mark.parametrize(
    "spelling",
    [
        ONE,
        'provider "aws" {\n  max_retries = 4\n  region      = "us-east-1"\n}\n',
        '# a comment\nprovider "aws" {\n\n  region = "us-east-1" # another\n  max_retries = (4)\n}\n',
    ],
)
def test_the_same_configuration_in_another_spelling_has_the_same_key(key, spelling):
    found = key(spelling, main__tf=PLAIN)
    assert found is not None
    assert found == 'max_retries = 4\nregion = "us-east-1"'


@pytest.mark.parametrize(
    "other",
    [
        'provider "aws" {\n  region = "eu-west-1"\n  max_retries = 4\n}\n',
        'provider "aws" {\n  region = "us-east-1"\n}\n',
        'provider "aws" {\n  region = "us-east-1"\n  max_retries = 4\n  default_tags {\n    tags = {}\n  }\n}\n',
        'provider "aws" {\n  region = "us-east-1"\n  max_retries = "4"\n}\n',
    ],
)
def test_another_configuration_has_another_key(key, other):
    assert key(other) not in {None, key(ONE)}


def test_nested_blocks_are_part_of_the_key(key):
    tags = 'provider "aws" {\n  default_tags {\n    tags = {\n      Suffix = "%s"\n    }\n  }\n}\n'
    assert key(tags % "pr42") != key(tags % "pr43")


def test_the_block_may_be_the_modules_own(key):
    assert key(main__tf=ONE) == 'max_retries = 4\nregion = "us-east-1"'


@pytest.mark.parametrize(
    ("generated", "files"),
    [
        pytest.param((), {"main__tf": PLAIN}, id="none"),
        pytest.param((ONE, ONE), {}, id="two"),
        pytest.param((ONE,), {"main__tf": ONE}, id="one of the module's own beside it"),
        pytest.param(('provider "aws" {\n  alias = "west"\n}\n',), {}, id="alias"),
        pytest.param((ONE,), {"main__tf": 'module "x" {\n  source = "./x"\n}\n'}, id="module call"),
        pytest.param(
            (ONE,),
            {
                "versions__tf": """
                    terraform {
                      required_providers {
                        aws = {
                          source                = "hashicorp/aws"
                          configuration_aliases = [aws.west]
                        }
                      }
                    }
                """
            },
            id="configuration aliases",
        ),
    ],
)
def test_who_needs_a_provider_of_its_own(key, generated, files):
    assert key(*generated, **files) is None


@pytest.mark.parametrize(
    "expression",
    [
        "var.region",
        '"${var.region}"',
        "local.region",
        "data.aws_region.this.name",
        'var.west ? "us-west-2" : "us-east-1"',
    ],
)
def test_a_block_that_is_not_evaluated_yet_is_not_shared(key, expression):
    """Two units may write the same words and mean different regions, and the last one to say so wins."""
    assert key(f'provider "aws" {{\n  region = {expression}\n}}\n', main__tf='variable "region" {}\n') is None


def test_a_nested_block_that_is_not_evaluated_yet_is_not_shared(key):
    assert key('provider "aws" {\n  default_tags {\n    tags = var.tags\n  }\n}\n') is None


def test_a_module_that_changes_between_two_calls_is_read_again(unit_of, module):
    folder = module(main__tf=ONE)
    assert provider_configuration(composed(unit_of(), folder)) is not None
    (folder / "main.tf").write_text(PLAIN)
    os.utime(folder / "main.tf", (1, 1))
    assert provider_configuration(composed(unit_of(), folder)) is None


def test_provider_blocks_written_in_json_count(key):
    assert key(ONE, west__tf__json='{"provider": {"aws": {"alias": "west", "region": "us-west-2"}}}') is None


def versions(requirement):
    return f"terraform {{\n  required_providers {{\n    {requirement}\n  }}\n}}\n"


@pytest.mark.parametrize(
    "requirement",
    [
        'aws = { source = "hashicorp/aws", version = "~> 5.100.0" }',
        'aws = { source = "hashicorp/aws", version = ">= 5.0, < 6.0" }',
        'aws = { source = "hashicorp/aws" }',
        'aws = { version = "5.100.0" }',
        'aws = "~> 5.0"',
        "",
    ],
)
def test_constraints_that_the_locked_provider_meets(unit_of, module, requirement):
    check_constraints("vpc", composed(unit_of(), module(versions__tf=versions(requirement))), [LOCKED])


@pytest.mark.parametrize(
    ("requirement", "detail"),
    [
        (
            'aws = { source = "hashicorp/aws", version = "~> 6.0" }',
            'The module of unit "vpc" requires hashicorp/aws ~> 6.0; locked is 5.100.0.',
        ),
        ('aws = { version = "< 5.0" }', 'The module of unit "vpc" requires hashicorp/aws < 5.0; locked is 5.100.0.'),
        ('aws = "~> 4.0"', 'The module of unit "vpc" requires hashicorp/aws ~> 4.0; locked is 5.100.0.'),
    ],
)
def test_c7_constraints_that_it_does_not_meet(unit_of, module, requirement, detail):
    assert (
        error_of(
            lambda: check_constraints("vpc", composed(unit_of(), module(versions__tf=versions(requirement))), [LOCKED]),
            UsageError,
        ).detail
        == detail
    )


@pytest.mark.parametrize(
    ("requirement", "more"),
    [
        ('aws = { source = "hashicorp/aws" }', False),
        ('terraform = { source = "terraform.io/builtin/terraform" }', False),
        ('random = { source = "hashicorp/random" }', True),
        ('pg = { source = "cyrilgdn/postgresql", version = "1.0" }', True),
    ],
)
def test_c10_a_provider_that_is_not_locked_is_left_to_init(unit_of, module, requirement, more):
    composition = composed(unit_of(), module(versions__tf=versions(requirement)))
    check_constraints("vpc", composition, [LOCKED])
    assert needs_more([composition], [LOCKED]) is more
    assert needs_more([composition], []), "without a lock file init chooses all versions"
