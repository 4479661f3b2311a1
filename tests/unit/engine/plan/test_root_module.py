"""The root module of the whole stack: references between modules, provider configurations, outputs as JSON (C3, C7, C8)."""

import json
from pathlib import Path

import pytest

from orchestrator.config import compose, declared_inputs
from orchestrator.engine.plan import Rendering, root_module
from orchestrator.hcl import parse_text, print_expression, references


def whole(stack, *names, outputs=None, recorded=None):
    units = [stack.units[name].evaluate(outputs or {}) for name in names]
    renderings = {unit.name: rendered(unit) for unit in units}
    inputs = {unit.name: declared_inputs(unit, renderings[unit.name].composition.interface) for unit in units}
    return root_module(units, renderings, inputs=inputs, recorded=recorded or {})


def rendered(unit):
    source = unit.source
    composition = compose(unit, root=source.root, subdirectory=source.subdirectory)
    return Rendering(unit=unit.name, composition=composition, workspace=Path("/work"), at=f"units/{unit.name}")


def module_of(stack, *names, outputs=None):
    """The files, without the outputs in main.tf."""
    files = dict(whole(stack, *names, outputs=outputs).files)
    files["main.tf"] = files["main.tf"].partition('\noutput "')[0]
    return files


def flat(attribute):
    """An attribute's expression in one line."""
    return " ".join(print_expression(attribute.expression).split())


def calls(root):
    """What each module call is handed as its providers."""
    body = parse_text(root.files["main.tf"], Path("main.tf")).body
    found = {block.labels[0]: block.body.attributes for block in body.blocks if block.type == "module"}
    return {
        name: flat(attributes["providers"]) if "providers" in attributes else None for name, attributes in found.items()
    }


def test_c3_inputs_from_other_units_are_references_between_modules(bench):
    files = module_of(bench.stack, "kms", "vpc", "api")
    assert files["main.tf"] == (
        'module "kms" {\n  source = "./units/kms"\n}\n'
        "\n"
        'module "vpc" {\n  source = "./units/vpc"\n  kms_key_arn = module.kms.key_arn\n}\n'
        "\n"
        'module "api" {\n'
        '  source = "./units/api"\n'
        "  password = sensitive(module.kms.password)\n"
        "  vpc_id = module.vpc.vpc_id\n"
        "}\n"
    )
    assert 'provider "aws"' in files["providers.tf"]
    assert sorted(files) == ["main.tf", "providers.tf"], "the backends of the units have no place in it"


def test_c3_the_root_module_is_valid_and_refers_only_to_modules_in_it(tree):
    tree.standard()
    tree.unit(
        "vpc",
        """
        dependency "kms" {
          config_path = "../kms"
        }

        inputs = {
          kms_key_arn = upper("${dependency.kms.outputs.key_arn}/alias ${1 + 1} %{if true}x%{endif}")
          not_asked   = "for"
          settings    = {
            list = [dependency.kms.outputs.key_arn, "quote \\" and $${literal}"]
            text = "two\\nlines"
          }
        }
        """,
    )
    tree.write({"modules/vpc/more.tf": 'variable "settings" { type = any }\n'})
    files = module_of(tree.load(), "kms", "vpc")
    body = parse_text(files["main.tf"], Path("main.tf")).body
    calls = {block.labels[0]: block.body.attributes for block in body.blocks}
    assert list(calls) == ["kms", "vpc"]
    assert sorted(calls["vpc"]) == ["kms_key_arn", "settings", "source"], "only what the module declares"
    found = {
        ".".join(map(str, reference.path))
        for attributes in calls.values()
        for attribute in attributes.values()
        for reference in references(attribute.expression)
    }
    assert found == {"module.kms.key_arn"}
    assert print_expression(calls["vpc"]["kms_key_arn"].expression) == 'upper("${module.kms.key_arn}/alias 2 x")'


def test_c3_outputs_from_outside_the_plan_are_literals(bench):
    files = module_of(bench.stack, "vpc", outputs={"kms": {"key_arn": "arn:1", "password": "p"}})
    assert files["main.tf"] == 'module "vpc" {\n  source = "./units/vpc"\n  kms_key_arn = "arn:1"\n}\n'


def test_c3_a_nested_unit_has_a_name_that_terraform_allows(tree):
    tree.standard()
    tree.unit("data/2-aurora", module="kms")
    tree.unit(
        "api",
        """
        dependency "db" {
          config_path = "../data/2-aurora"
        }

        inputs = {
          vpc_id = dependency.db.outputs.key_arn
        }
        """,
    )
    text = module_of(tree.load(), "data/2-aurora", "api")["main.tf"]
    assert 'module "data__2-aurora" {' in text
    assert "vpc_id = module.data__2-aurora.key_arn" in text


def test_other_generated_files_do_not_count_as_providers(tree):
    tree.standard()
    tree.unit(
        "docs", 'generate "x" {\n  path = "x.tf"\n  if_exists = "overwrite"\n  contents = "locals { a = 1 }"\n}\n'
    )
    assert sorted(module_of(tree.load(), "kms", "docs")) == ["main.tf", "providers.tf"]


def provider_block(text):
    contents = json.dumps(text).replace("${", "$${")
    return f'generate "provider" {{\n  path = "providers.tf"\n  if_exists = "overwrite"\n  contents = {contents}\n}}\n'


IRELAND = """provider "aws" {
  region = "eu-west-1"

  # Everything in this region.
  default_tags {
    tags = { region = "eu-west-1", "a b" = "$${x}" }
  }
}
"""


def test_c3_units_with_other_provider_configurations_are_handed_an_alias(tree):
    tree.standard()
    tree.unit("docs", provider_block(IRELAND))
    tree.unit("late", provider_block(IRELAND), module="kms")
    tree.unit("tokyo", provider_block('provider "aws" { region = "ap-northeast-1" }\n'), module="kms")
    root = whole(tree.load(), "kms", "docs", "vpc", "late", "tokyo")
    assert sorted(root.files) == ["main.tf", "providers.tf"]
    assert root.files["providers.tf"] == (
        'provider "aws" {\n  region = "us-east-1"\n}\n'
        "\n"
        'provider "aws" {\n'
        '  alias = "configuration2"\n'
        '  region = "eu-west-1"\n'
        "  default_tags {\n"
        '    tags = {\n  region = "eu-west-1"\n  "a b" = "$${x}"\n}\n'
        "  }\n"
        "}\n"
        "\n"
        'provider "aws" {\n  alias = "configuration3"\n  region = "ap-northeast-1"\n}\n'
    )
    assert calls(root) == {
        "kms": None,
        "vpc": None,
        "docs": "{ aws = aws.configuration2 }",
        "late": "{ aws = aws.configuration2 }",
        "tokyo": "{ aws = aws.configuration3 }",
    }
    assert root.aliases == {"docs": "configuration2", "late": "configuration2", "tokyo": "configuration3"}
    assert root.providers == 3


def test_c3_the_configuration_that_most_units_have_is_the_root_modules_own(tree):
    tree.standard()
    tree.unit("docs", provider_block(IRELAND))
    assert whole(tree.load(), "docs", "kms", "vpc").aliases == {"docs": "configuration2"}


def test_c3_of_equally_frequent_configurations_the_first_is_the_root_modules_own(tree):
    tree.standard()
    tree.unit("docs", provider_block(IRELAND))
    assert whole(tree.load(), "docs", "kms").aliases == {"kms": "configuration2"}
    assert whole(tree.load(), "kms", "docs").aliases == {"docs": "configuration2"}


def test_c3_every_provider_of_a_configuration_is_handed_over(tree):
    tree.standard()
    two = (
        'provider "aws" { region = "eu-west-1" }\nprovider "random" {}\nterraform {\n  required_version = ">= 1.0"\n}\n'
    )
    tree.unit("docs", provider_block(two))
    root = whole(tree.load(), "kms", "vpc", "docs")
    assert calls(root)["docs"] == "{ aws = aws.configuration2 random = random.configuration2 }"
    assert root.files["providers.tf"].endswith(
        'provider "aws" {\n  alias = "configuration2"\n  region = "eu-west-1"\n}\n'
        "\n"
        'provider "random" {\n  alias = "configuration2"\n}\n'
    )


def test_c3_one_configuration_needs_no_alias(bench):
    root = whole(bench.stack, "kms", "vpc", "api", "docs")
    assert (root.aliases, root.providers) == ({}, 1)
    assert set(calls(root).values()) == {None}


@pytest.mark.parametrize(
    "text",
    [
        'provider "aws" { region = "eu-west-1" }\nprovider "aws" {\n  region = "eu-west-2"\n}\n',
        'provider "aws" {\n  alias = "there"\n}\n',
        'provider "aws" { region = var.region }\n',
        'provider "aws" {\n  assume_role {\n    role_arn = "arn:${local.account}"\n  }\n}\n',
        'provider "aws" { region = file("region.txt") }\n',
        'provider "aws" {}\nterraform {\n  required_providers {\n    aws = { source = "example.com/aws" }\n  }\n}\n',
    ],
    ids=["twice", "alias", "reference", "nested reference", "file", "another provider of that name"],
)
def test_c9_a_configuration_that_only_its_unit_can_have_stays_there(tree, text):
    tree.standard()
    tree.unit("docs", provider_block(text))
    root = whole(tree.load(), "kms", "vpc", "docs")
    assert (root.keeping, root.aliases, root.providers) == ({"docs"}, {}, 2)
    assert root.files["providers.tf"] == 'provider "aws" {\n  region = "us-east-1"\n}\n'


def test_c9_a_unit_without_a_provider_block_has_the_empty_configuration(tree):
    tree.standard()
    tree.unit("docs", provider_block("locals { a = 1 }\n"))
    root = whole(tree.load(), "kms", "vpc", "docs")
    assert root.aliases == {"kms": "configuration2", "vpc": "configuration2"}
    assert root.files["providers.tf"] == 'provider "aws" {\n  alias = "configuration2"\n  region = "us-east-1"\n}\n'


def test_c10_a_unit_without_a_provider_block_that_passes_its_provider_on_is_passed_the_empty_one(tree):
    tree.standard()
    tree.unit("docs", provider_block('module "inner" {\n  source = "./inner"\n  providers = { aws = aws }\n}\n'))
    root = whole(tree.load(), "kms", "docs")
    assert root.aliases == {"kms": "configuration2"}
    assert calls(root) == {"kms": "{ aws = aws.configuration2 }", "docs": "{ aws = aws }"}
    assert root.files["providers.tf"].endswith('provider "aws" {}\n')


def test_c9_each_output_of_a_unit_is_one_of_the_root_module(bench):
    root = whole(bench.stack, "kms", "docs", recorded={"docs": ["old"]})
    assert root.outputs == {
        "kms__key_arn": ("kms", "key_arn"),
        "kms__password": ("kms", "password"),
        "docs__old": ("docs", "old"),
    }
    body = parse_text(root.files["main.tf"], Path("main.tf")).body
    outputs = {block.labels[0]: block.body.attributes for block in body.blocks if block.type == "output"}
    assert {name: flat(found["value"]) for name, found in outputs.items()} == {
        "kms__key_arn": "module.kms.key_arn",
        "kms__password": "module.kms.password",
    }
    assert {name for name, found in outputs.items() if "sensitive" in found} == {"kms__password"}, "C8"


def test_c9_outputs_with_the_same_name_are_told_apart(tree):
    tree.standard()
    tree.unit("a", module="one").unit("a/b", module="two")
    tree.write(
        {"modules/one/main.tf": 'output "b__c" { value = 1 }', "modules/two/main.tf": 'output "c" { value = 2 }'}
    )
    assert whole(tree.load(), "a", "a/b").outputs == {"a__b__c": ("a", "b__c"), "a__b__c_": ("a/b", "c")}


def test_c8_a_secret_stays_marked_where_it_is_written_out(bench):
    text = module_of(bench.stack, "api", outputs={"kms": {"password": "hunter2"}, "vpc": {"vpc_id": "v"}})["main.tf"]
    body = parse_text(text, Path("main.tf")).body
    assert print_expression(body.blocks[0].body.attributes["password"].expression) == 'sensitive("hunter2")'
