"""Units with different provider configurations in one plan by the real Terraform: no server, no account, no network (C3, C8).

Terraform's documentation does not say how it reads a merged state, so these tests run it.
"""

import json
import subprocess
from pathlib import Path

import pytest

from orchestrator.adapters.modules import Modules
from orchestrator.adapters.terraform.planner import StackPlanner
from orchestrator.adapters.terraform.toolchain import Toolchain
from orchestrator.adapters.workspaces import Workspaces
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
# A log group is planned without any request; terraform_data has no provider that could be configured.
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
# The merged state must hold values as Terraform writes them.
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


# As the state has them; Terraform keeps no output that is null.
SAME = {
    "plain": "plain",
    "number": 1.5,
    "whole": 10000000000000001,
    "large": 1000000000000000000000,
    "list": ["b", "a", None],
    "set": ["a", "b"],
    "object": {"b": 1, "a": None, "x y": True},
    "escaped": '<a & b> "quoted" \\ line\n tab\t Zürich 日本 🚀',
    "secret": "hunter2",
}
TYPES = {
    "number": "number",
    "whole": "number",
    "large": "number",
    "list": ["tuple", ["string", "string", "dynamic"]],
    "set": ["set", "string"],
    "object": ["object", {"a": "dynamic", "b": "number", "x y": "bool"}],
}
OUTPUTS = {
    # What the state of a unit of that name has, and whether the plan touches the unit.
    "same": (SAME, False),
    "changed": (SAME | {"plain": "other"}, True),
    "set-to-null": (SAME | {"nothing": ""}, True),
    "removed": (SAME | {"removed": "x"}, True),
    "added": ({name: value for name, value in SAME.items() if name != "set"}, True),
}
GONE = {
    "mode": "managed",
    "type": "terraform_data",
    "name": "gone",
    "provider": 'provider["terraform.io/builtin/terraform"]',
    "instances": [
        {
            "schema_version": 0,
            "attributes": {"id": "0f8fad5b-d9cb-469f-a165-70867728950e", "input": None, "output": None},
        }
    ],
}


@pytest.fixture(scope="module")
def units(tmp_path_factory):
    tree = LiveTree(tmp_path_factory.mktemp("project"))
    tree.write({"live/dev/env.hcl": "", "modules/logs/main.tf": MODULE, "modules/values/main.tf": VALUES})
    reads = (
        'dependency "here" {\n  config_path = "../here"\n}\n\ninputs = {\n  name = dependency.here.outputs.name\n}\n'
    )
    tree.unit("here", f'{provider("us-east-1")}inputs = {{\n  name = "here"\n}}\n', module="logs")
    for name in OUTPUTS:
        tree.unit(name, provider("us-east-1"), module="values")
    tree.unit("there", provider("eu-west-1") + reads, module="logs")
    # Its provider depends on its own variables, and has a second configuration beside it.
    own = f"""
        provider "aws" {{{OFFLINE}  region = local.region\n}}
        provider "aws" {{{OFFLINE}  alias = "west"\n  region = "us-west-2"\n}}
        locals {{ region = lower("EU-NORTH-1") }}
        data "aws_region" "west" {{ provider = aws.west }}
        output "west" {{ value = data.aws_region.west.name }}
    """
    disabled = (
        'generate "provider" {\n  path = "provider.tf"\n  if_exists = "skip"\n  disable = true\n  contents = ""\n}\n'
    )
    tree.unit("own", disabled + reads, module="logs").write({"live/dev/own/own.tf": own})
    stack = tree.load()
    return [stack.units[name].evaluate({}) for name in ("here", *OUTPUTS, "there", "own")]


@pytest.fixture(scope="module")
def planner(terraform_environment, terraform_binary, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    environ = {name: value for name, value in terraform_environment.items() if name != "AWS_ENDPOINT_URL"}
    return StackPlanner(
        toolchain=Toolchain(live=REPOSITORY / "live", folder=home / "terraform", environ=environ),
        modules=Modules(home / "sources"),
        workspaces=Workspaces(root=home / "work"),
        providers=None,
        home=home / "plans",
        parallelism=4,
    )


def state(unit, *, resources=(), outputs=None):
    return {
        "version": 4,
        "terraform_version": "1.11.0",
        "serial": 1,
        "lineage": f"1b4e28ba-2fa1-11d2-883f-{unit:0>12}",
        "outputs": {
            name: {"value": value, "type": TYPES.get(name, "string")}
            | ({"sensitive": True} if name == "secret" else {})
            for name, value in (outputs or {}).items()
        },
        "resources": list(resources),
        "check_results": None,
    }


@pytest.fixture(scope="module")
def plan(planner, units):
    """One plan of all units; the state of two has a resource that is no longer configured."""
    states = {name: state(name, resources=[GONE]) for name in ("here", "there", "own")}
    states |= {name: state(name, outputs=outputs) for name, (outputs, _) in OUTPUTS.items()}
    return planner.plan(units, states)


def test_c3_units_with_different_providers_are_planned_together(plan):
    assert plan.providers == 3
    created = {
        unit: {change.address: change for change in changes if change.action == "create"}
        for unit, changes in plan.units.items()
        if changes
    }
    assert {unit: list(changes) for unit, changes in created.items()} == {
        "here": ["aws_cloudwatch_log_group.this", "terraform_data.this"],
        "there": ["aws_cloudwatch_log_group.this", "terraform_data.this"],
        "own": ["aws_cloudwatch_log_group.this", "terraform_data.this"],
    }
    names = {
        unit: {item.name: item.after for item in changes["aws_cloudwatch_log_group.this"].attributes}["name"]
        for unit, changes in created.items()
    }
    # Each in its own region, and the output of one reaches the other.
    assert names == {"here": "here-us-east-1", "there": "here-us-east-1-eu-west-1", "own": "here-us-east-1-eu-north-1"}


def test_c3_the_root_module_is_valid(planner, units, terraform_binary, tmp_path):
    planner.write(tmp_path, units, {}, {unit.name: planner.render(unit) for unit in units})
    for command in (["init", "-input=false", "-lockfile=readonly"], ["validate", "-json"]):
        done = subprocess.run(
            [terraform_binary, *command],
            cwd=tmp_path,
            env=dict(planner.toolchain.environment),
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["valid"] is True


@pytest.mark.parametrize("unit", ["here", "there", "own"])
def test_c3_a_resource_in_the_state_alone_uses_the_provider_of_its_unit(plan, unit):
    """A resource that is no longer configured is read by the provider that its state names.

    In the state of a unit with an alias, terraform_data has none.
    """
    gone = [change for change in plan.units[unit] if change.action == "delete"]
    assert [(change.address, change.reason) for change in gone] == [
        ("terraform_data.gone", "delete_because_no_resource_config")
    ]


@pytest.mark.parametrize("unit", OUTPUTS)
def test_c3_an_unchanged_output_does_not_touch_its_unit(plan, unit):
    assert plan.touches(unit) is OUTPUTS[unit][1]
    assert plan.units[unit] == ()


def test_c8_a_sensitive_output_is_not_in_the_plan(plan):
    assert "hunter2" not in repr(plan)
