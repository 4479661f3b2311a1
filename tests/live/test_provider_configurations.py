"""Units with different provider configurations in one plan by the real Terraform: no server, no account, no network (C3, C8).

Terraform's own documentation leaves open how it reads a state that was put together by hand, so it is asked.
"""

import json
import subprocess
from pathlib import Path

import pytest

from orchestrator.adapters.modules import Modules
from orchestrator.adapters.terraform.planner import StackPlanner
from orchestrator.adapters.terraform.toolchain import Toolchain
from tests.fakes.live_tree import LiveTree

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
OFFLINE = """
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
"""
# A log group is planned without asking anybody for anything; terraform_data has no provider that could be configured.
MODULE = """
variable "name" { type = string }

data "aws_region" "this" {}

resource "aws_cloudwatch_log_group" "this" {
  name = "${var.name}-${data.aws_region.this.name}"
}

resource "terraform_data" "this" {}

output "name" { value = aws_cloudwatch_log_group.this.name }

output "arn" { value = aws_cloudwatch_log_group.this.arn }
"""
# What Terraform makes of a value is what the merged state has to say of it.
VALUES = """
output "plain" { value = "plain" }
output "number" { value = 1.5 }
output "whole" { value = 10000000000000001 }
output "large" { value = 1000000000000000000000 }
output "list" { value = ["b", "a", null] }
output "set" { value = toset(["b", "a"]) }
output "object" { value = { b = 1, a = null, "x y" = true } }
output "escaped" { value = "<a & b> \\"quoted\\" \\\\ line\\n tab\\t Zürich 日本 🚀" }
output "nothing" { value = null }
output "secret" {
  value     = "hunter2"
  sensitive = true
}
"""


def provider(region):
    contents = json.dumps(f'provider "aws" {{{OFFLINE}  region = "{region}"\n}}\n')
    return f'generate "provider" {{\n  path = "provider.tf"\n  if_exists = "overwrite"\n  contents = {contents}\n}}\n\n'


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    tree = LiveTree(tmp_path_factory.mktemp("project"))
    tree.write({"live/dev/env.hcl": "", "modules/logs/main.tf": MODULE, "modules/values/main.tf": VALUES})
    reads = (
        'dependency "here" {\n  config_path = "../here"\n}\n\ninputs = {\n  name = dependency.here.outputs.name\n}\n'
    )
    tree.unit("here", f'{provider("us-east-1")}inputs = {{\n  name = "here"\n}}\n', module="logs")
    tree.unit("values", provider("us-east-1"), module="values")
    tree.unit("there", provider("eu-west-1") + reads, module="logs")
    return tree.load()


@pytest.fixture(scope="module")
def planner(terraform_environment, terraform_binary, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    environ = {name: value for name, value in terraform_environment.items() if name != "AWS_ENDPOINT_URL"}
    return StackPlanner(
        toolchain=Toolchain(live=REPOSITORY / "live", folder=home / "terraform", environ=environ),
        modules=Modules(home / "sources"),
        providers=None,
        home=home / "plans",
        parallelism=4,
    )


@pytest.fixture(scope="module")
def units(stack):
    return [stack.units[name].evaluate({}) for name in ("here", "values", "there")]


def state(unit, *types, outputs=None):
    """The state of a unit in which some resources are that its module does not have any more."""
    aws, own = 'provider["registry.terraform.io/hashicorp/aws"]', 'provider["terraform.io/builtin/terraform"]'
    return {
        "version": 4,
        "terraform_version": "1.11.0",
        "serial": 1,
        "lineage": f"1b4e28ba-2fa1-11d2-883f-{unit:0>12}",
        "outputs": outputs or {},
        "resources": [
            {
                "mode": "managed",
                "type": kind,
                "name": "gone",
                "provider": own if kind == "terraform_data" else aws,
                "instances": [{"schema_version": 0, "attributes": attributes}],
            }
            for kind, attributes in types
        ],
        "check_results": None,
    }


def test_c3_units_with_different_providers_are_planned_together(planner, units):
    plan = planner.plan(units, {})
    assert plan.providers == 2
    assert {unit: [change.address for change in changes] for unit, changes in plan.units.items()} == {
        "here": ["aws_cloudwatch_log_group.this", "terraform_data.this"],
        "values": [],
        "there": ["aws_cloudwatch_log_group.this", "terraform_data.this"],
    }
    names = {
        unit: {item.name: item.after for item in changes[0].attributes}["name"]
        for unit, changes in plan.units.items()
        if changes
    }
    # Each in its own region, and what one puts out reaches the other.
    assert names == {"here": "here-us-east-1", "there": "here-us-east-1-eu-west-1"}


def test_c3_the_root_module_is_valid(planner, units, terraform_binary, tmp_path):
    planner.write(tmp_path, units, {})
    for command in (["init", "-input=false", "-lockfile=readonly"], ["validate", "-json"]):
        said = subprocess.run(
            [terraform_binary, *command],
            cwd=tmp_path,
            env=dict(planner.toolchain.environment),
            check=False,
            capture_output=True,
            text=True,
        )
        assert said.returncode == 0, said.stdout + said.stderr
    assert json.loads(said.stdout)["valid"] is True


def test_c3_what_is_in_the_state_alone_finds_the_provider_of_its_unit(planner, units):
    """A resource that the configuration does not have is looked up by the provider that its state names.

    In the state of a unit with an alias, terraform_data has none.
    """
    data = ("terraform_data", {"id": "0f8fad5b-d9cb-469f-a165-70867728950e", "input": None, "output": None})
    plan = planner.plan(units, {name: state(name, data) for name in ("here", "there")})
    for name in ("here", "there"):
        gone = [change for change in plan.units[name] if change.action == "delete"]
        assert [(change.address, change.reason) for change in gone] == [
            ("terraform_data.gone", "delete_because_no_resource_config")
        ]


def test_c3_an_output_that_is_as_it_was_does_not_touch_its_unit(planner, units):
    values = {
        "plain": "plain",
        "number": 1.5,
        "whole": 10000000000000001,
        "large": 1000000000000000000000,
        "list": ["b", "a", None],
        "set": ["a", "b"],
        "object": {"b": 1, "a": None, "x y": True},
        "escaped": '<a & b> "quoted" \\ line\n tab\t Zürich 日本 🚀',
        "secret": "hunter2",
        # Terraform keeps no output that is null.
    }
    same = {name: {"value": value, "type": "dynamic"} for name, value in values.items()}
    for outputs, touched in (
        (same, False),
        (same | {"plain": {"value": "other"}}, True),
        (same | {"nothing": {"value": ""}}, True),
        (same | {"removed": {"value": "x"}}, True),
        ({name: value for name, value in same.items() if name != "set"}, True),
    ):
        plan = planner.plan(units, {"values": state("values", outputs=outputs)})
        assert plan.touches("values") is touched
        assert plan.units["values"] == ()
        assert "hunter2" not in repr(plan), "C8"
