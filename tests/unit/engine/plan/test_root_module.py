"""The root module of the whole stack: references between modules, provider configurations, outputs as JSON (C3, C7, C8).

The states of the units as the one state of the root module (C3, C8).
"""

import copy
import json
from pathlib import Path

import pytest

from orchestrator.engine.plan import merge_states, root_module
from orchestrator.errors import ExitCode, UsageError
from orchestrator.hcl import Scope, evaluate, parse_text, print_expression, references
from tests.fakes.errors import error_of


def whole(stack, *names, outputs=None):
    units = [stack.units[name].evaluate(outputs or {}) for name in names]
    return root_module(
        units,
        sources={name: f"../modules/{name}" for name in names},
        variables={name: stack.units[name].interface().variables for name in names},
    )


def module_of(stack, *names, outputs=None):
    return whole(stack, *names, outputs=outputs).files


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
        'module "kms" {\n  source = "../modules/kms"\n}\n'
        "\n"
        'module "vpc" {\n  source = "../modules/vpc"\n  kms_key_arn = module.kms.key_arn\n}\n'
        "\n"
        'module "api" {\n'
        '  source = "../modules/api"\n'
        "  password = sensitive(module.kms.password)\n"
        "  vpc_id = module.vpc.vpc_id\n"
        "}\n"
    )
    assert 'provider "aws"' in files["provider.tf"]
    assert sorted(files) == ["main.tf", "provider.tf"], "the backends of the units have no place in it"


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
    assert files["main.tf"] == 'module "vpc" {\n  source = "../modules/vpc"\n  kms_key_arn = "arn:1"\n}\n'


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
    assert sorted(module_of(tree.load(), "kms", "docs")) == ["main.tf", "provider.tf"]


def provider_block(text):
    contents = json.dumps(text).replace("${", "$${")
    return f'generate "provider" {{\n  path = "provider.tf"\n  if_exists = "overwrite"\n  contents = {contents}\n}}\n'


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
    assert sorted(root.files) == ["main.tf", "provider.tf", "provider_configuration2.tf", "provider_configuration3.tf"]
    assert root.files["provider.tf"].endswith('provider "aws" {\n  region = "us-east-1"\n}\n')
    assert root.files["provider_configuration2.tf"] == (
        'provider "aws" {\n'
        '  alias = "configuration2"\n'
        '  region = "eu-west-1"\n'
        "  default_tags {\n"
        '    tags = {\n  region = "eu-west-1"\n  "a b" = "$${x}"\n}\n'
        "  }\n"
        "}\n"
    )
    assert root.files["provider_configuration3.tf"] == (
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
    assert root.files["provider_configuration2.tf"] == (
        'provider "aws" {\n  alias = "configuration2"\n  region = "eu-west-1"\n}\n'
        'provider "random" {\n  alias = "configuration2"\n}\n'
    )


def test_c3_one_configuration_needs_no_alias(bench):
    root = whole(bench.stack, "kms", "vpc", "api", "docs")
    assert (root.aliases, root.providers) == ({}, 1)
    assert set(calls(root).values()) == {None}


@pytest.mark.parametrize(
    ("text", "apart"),
    [
        (
            'provider "aws" { region = "eu-west-1" }\nprovider "aws" {\n  region = "eu-west-2"\n}\n',
            "it configures a provider more than once",
        ),
        ('provider "aws" {\n  alias = "there"\n}\n', "it gives it an alias"),
        (
            'provider "aws" { region = "eu-west-1" }\nlocals { a = 1 }\n',
            'the file that configures its provider has a "locals" block, too',
        ),
        ('provider "aws" { region = var.region }\n', 'its provider "aws" refers to other objects'),
        (
            'provider "aws" {\n  assume_role {\n    role_arn = "arn:${local.account}"\n  }\n}\n',
            'its provider "aws" refers to other objects',
        ),
        ("locals { a = 1 }\n", "it configures no provider, while others do"),
    ],
    ids=["twice", "alias", "other block", "reference", "nested reference", "none"],
)
def test_c7_a_configuration_that_cannot_be_handed_to_a_module_is_refused(tree, text, apart):
    tree.standard()
    tree.unit("docs", provider_block(text))
    error = error_of(lambda: whole(tree.load(), "kms", "vpc", "docs"), UsageError)
    assert (error.summary, error.detail, error.hint) == (
        "A unit's provider cannot be planned beside the others'",
        f'Unit "docs" has a provider configuration of its own, and {apart}; it cannot be passed to a module.',
        "Plan it apart with --only docs.",
    )
    assert error.exit_code is ExitCode.BAD_INPUT


def test_c3_alone_any_configuration_is_planned(tree):
    """The hint of the refusal helps: what has a root module to itself needs no alias."""
    tree.standard()
    text = 'provider "aws" { region = "eu-west-1" }\nlocals { a = 1 }\n'
    tree.unit("docs", provider_block(text))
    root = whole(tree.load(), "docs")
    assert (root.files["provider.tf"].endswith(text), root.providers) == (True, 1)


def test_c3_the_outputs_of_a_unit_are_one_sensitive_json_text(bench):
    units = [bench.stack.units[name].evaluate({}) for name in ("kms", "docs")]
    root = root_module(
        units,
        sources={"kms": "k", "docs": "d"},
        variables={"kms": (), "docs": ()},
        outputs={"kms": ["password", "key_arn"], "docs": []},
    )
    body = parse_text(root.files["main.tf"], Path("main.tf")).body
    outputs = {block.labels[0]: block.body.attributes for block in body.blocks if block.type == "output"}
    assert {name: flat(found["value"]) for name, found in outputs.items()} == {
        "kms": "jsonencode({ key_arn = module.kms.key_arn password = module.kms.password })",
        "docs": "jsonencode({})",
    }
    for found in outputs.values():
        assert evaluate(found["sensitive"].expression, Scope(variables={}, functions={})) is True, "C8"


def test_c8_a_secret_stays_marked_where_it_is_written_out(bench):
    text = module_of(bench.stack, "api", outputs={"kms": {"password": "hunter2"}, "vpc": {"vpc_id": "v"}})["main.tf"]
    body = parse_text(text, Path("main.tf")).body
    assert print_expression(body.blocks[0].body.attributes["password"].expression) == 'sensitive("hunter2")'


KMS_STATE = {
    "version": 4,
    "terraform_version": "1.11.4",
    "serial": 7,
    "lineage": "one",
    "outputs": {"key_arn": {"value": "arn:1", "type": "string"}},
    "resources": [
        {
            "mode": "managed",
            "type": "aws_kms_key",
            "name": "this",
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [{"index_key": "s3", "attributes": {"id": "k"}, "dependencies": ["data.aws_region.this"]}],
        },
        {
            "module": "module.alias[0]",
            "mode": "managed",
            "type": "aws_kms_alias",
            "name": "this",
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [
                {"attributes": {}, "dependencies": ["aws_kms_key.this", "module.alias.data.aws_region.this"]},
                {"index_key": 1, "attributes": {}},
            ],
        },
    ],
}


def test_c3_resources_move_under_the_modules_of_their_units():
    merged = merge_states({"data/aurora": {"version": 4, "resources": []}, "kms": KMS_STATE})
    assert [resource["module"] for resource in merged["resources"]] == ["module.kms", "module.kms.module.alias[0]"]
    first, second = merged["resources"]
    assert first["instances"][0]["dependencies"] == ["module.kms.data.aws_region.this"]
    assert second["instances"][0]["dependencies"] == [
        "module.kms.aws_kms_key.this",
        "module.kms.module.alias.data.aws_region.this",
    ]
    assert "dependencies" not in second["instances"][1]
    assert (merged["version"], merged["outputs"], merged["terraform_version"]) == (4, {}, "1.11.4")


def test_the_states_themselves_are_left_as_they_are():
    before = copy.deepcopy(KMS_STATE)
    merged = merge_states({"kms": KMS_STATE})
    merged["resources"][0]["instances"][0]["attributes"]["id"] = "other"
    assert before == KMS_STATE


def test_the_merged_state_is_of_the_newest_terraform_that_wrote_one():
    """1.9 is older than 1.11, whatever the order of their letters."""
    states = {name: {"terraform_version": version} for name, version in {"a": "1.9.8", "b": "1.11.4"}.items()}
    assert merge_states(states)["terraform_version"] == "1.11.4"
    assert merge_states({})["terraform_version"] == "1.11.0"


AWS = 'provider["registry.terraform.io/hashicorp/aws"]'


def providers_of(unit, merged):
    return [resource["provider"] for resource in merged["resources"] if resource["module"].startswith(f"module.{unit}")]


def test_c3_resources_of_an_aliased_unit_belong_to_its_provider_configuration():
    merged = merge_states({"kms": KMS_STATE, "vpc": KMS_STATE}, aliases={"vpc": "configuration2"})
    assert providers_of("kms", merged) == [AWS, AWS]
    assert providers_of("vpc", merged) == [f"{AWS}.configuration2"] * 2


@pytest.mark.parametrize(
    "provider",
    [
        # Terraform's own provider is configured by nobody.
        'provider["terraform.io/builtin/terraform"]',
        # A module that configures its provider itself goes on to.
        'module.inner.provider["registry.terraform.io/hashicorp/aws"]',
    ],
)
def test_c3_providers_that_nobody_is_handed_stay_as_they_are(provider):
    state = {"version": 4, "resources": [{"mode": "managed", "provider": provider, "instances": []}]}
    assert providers_of("kms", merge_states({"kms": state}, aliases={"kms": "configuration2"})) == [provider]


def outputs_of(state_outputs, *declared):
    state = {"version": 4, "outputs": state_outputs, "resources": []}
    return merge_states({"data/aurora": state}, outputs={"data/aurora": declared, "other": ["x"]})["outputs"]


# Left: what a module puts out; right: what Terraform 1.11's jsonencode({out = module.unit.out}) makes of it
# (tests/live/test_provider_configurations.py holds one against the other).
TEXTS = [
    ("plain", '{"out":"plain"}'),
    ("", '{"out":""}'),
    (True, '{"out":true}'),
    (3, '{"out":3}'),
    (1.5, '{"out":1.5}'),
    (1e21, '{"out":1000000000000000000000}'),
    (10000000000000001, '{"out":10000000000000001}'),
    (["b", "a"], '{"out":["b","a"]}'),
    ([], '{"out":[]}'),
    ({"b": 1, "a": None}, '{"out":{"a":null,"b":1}}'),
    ("<a & b>", '{"out":"\\u003ca \\u0026 b\\u003e"}'),
    ('quote " backslash \\ line\n tab\t', '{"out":"quote \\" backslash \\\\ line\\n tab\\t"}'),
    ("Zürich 日本 🚀", '{"out":"Zürich 日本 🚀"}'),
]


@pytest.mark.parametrize(("value", "text"), TEXTS)
def test_c3_outputs_are_the_text_that_terraform_makes_of_them(value, text):
    found = outputs_of({"out": {"value": value, "type": "dynamic"}}, "out")
    assert found == {"data__aurora": {"value": text, "type": "string", "sensitive": True}}


def test_c3_terraform_keeps_no_output_that_is_null():
    """It is compared all the same: an output that was null and is null has not changed."""
    assert outputs_of({"b": {"value": 1}}, "b", "a")["data__aurora"]["value"] == '{"a":null,"b":1}'


def test_c3_an_output_that_is_not_declared_any_more_makes_a_difference():
    found = json.loads(outputs_of({"old": {"value": 1}, "kept": {"value": 2}}, "kept")["data__aurora"]["value"])
    assert found == {"kept": 2, "old": 1}


def test_c3_without_a_state_there_is_no_output_to_compare_with():
    assert sorted(outputs_of({}, "a")) == ["data__aurora"]
    assert merge_states({"kms": KMS_STATE})["outputs"] == {}


def test_c8_outputs_of_the_merged_state_are_sensitive():
    found = outputs_of({"p": {"value": "hunter2", "sensitive": True}, "q": {"value": 1}}, "p", "q")
    assert found["data__aurora"]["sensitive"] is True
