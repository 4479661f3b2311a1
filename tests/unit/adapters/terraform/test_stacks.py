"""Stack files with the real Terraform and its built-in provider (C10): generated, planned, applied and destroyed."""

import shutil

import pytest

from orchestrator.config import clean_stacks, generate_stacks
from tests.fakes.local_stack import LocalStack

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("terraform") is None, reason="there is no terraform on the PATH"),
]


@pytest.fixture
def stack(tmp_path):
    return LocalStack(tmp_path)


STACK_UNIT = """
    include "root" {
      path = find_in_parent_folders("root.hcl")
    }

    terraform {
      source = "${find_in_parent_folders("modules")}//item"
    }

    inputs = {
      name   = values.name
      number = values.number
    }
"""
ITEM = """
    variable "name" { type = string }

    variable "number" {
      type    = number
      default = null
    }

    resource "terraform_data" "this" { input = "${var.name}:${var.number == null ? "none" : var.number}" }

    output "id" { value = terraform_data.this.output }
"""
STACK_FILES = {
    "modules/item/main.tf": ITEM,
    "catalog/item/terragrunt.hcl": STACK_UNIT,
    "catalog/net/terragrunt.stack.hcl": """
        unit "one" {
          source = find_in_parent_folders("catalog/item")
          path   = "one"

          values = {
            name   = values.name
            number = 0.1
          }
        }
    """,
    "live/dev/terragrunt.stack.hcl": """
        locals {
          name = "first"
        }

        stack "net" {
          source = "../../catalog/net"
          path   = "net"

          values = {
            name = local.name
          }
        }

        unit "two" {
          source = "../../catalog/item"
          path   = "two"

          values = {
            name   = "replaced by the autoinclude"
            number = null
          }

          autoinclude {
            dependency "net" {
              config_path = stack.net.path
            }

            inputs = {
              name = dependency.net.outputs.one.id
            }
          }
        }
    """,
}


def test_c10_a_stack_is_planned_applied_changed_and_destroyed_like_any_tree(stack):
    one, two = ".terragrunt-stack/net/.terragrunt-stack/one", ".terragrunt-stack/two"
    environment = stack.tree.root / "live/dev"

    def generate():
        return generate_stacks(environment, env={}, fetch=stack.modules.fetch)

    stack.write(STACK_FILES)
    generate()
    plan = stack.up()
    assert stack.values(two) == {"id": "first:0.1:none"}
    assert set(plan.units) == {one, two}
    # The states are not below the generated folders here, so those can be made anew.
    clean_stacks(environment)
    assert generate().written != ()
    assert stack.plan().units == {one: (), two: ()}

    stack.write(
        {"live/dev/terragrunt.stack.hcl": STACK_FILES["live/dev/terragrunt.stack.hcl"].replace("first", "second")}
    )
    generate()
    stack.up()
    assert stack.values(two) == {"id": "second:0.1:none"}

    outcomes = {name: stack.destroy(name) for name in (two, one)}
    assert {name: outcome.error for name, outcome in outcomes.items()} == {one: "", two: ""}
    assert list(stack.states.folder.glob("*.tfstate")) == []
