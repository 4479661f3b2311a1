"""A live tree that has never heard of the platform: no functions, no account settings, its own names (A1, A2, C1, C3, C5, C10)."""

import json
import shutil
import subprocess
import textwrap

import pytest

from tests.e2e.conftest import ROOT, project_in

pytestmark = pytest.mark.slow

FILES = {
    "live/root.hcl": """
        remote_state {
          backend = "s3"

          generate = {
            path      = "state.tf"
            if_exists = "overwrite"
          }

          config = {
            bucket                      = "states-of-a-small-tree"
            key                         = "${get_env("PLATFORM_SUFFIX")}/${path_relative_to_include()}.tfstate"
            region                      = "us-east-1"
            skip_credentials_validation = true
            skip_metadata_api_check     = true
            skip_requesting_account_id  = true
            use_lockfile                = true
            use_path_style              = true
          }
        }

        generate "provider" {
          path      = "provider.tf"
          if_exists = "overwrite"
          contents  = "provider \\"aws\\" {\\n  region = \\"us-east-1\\"\\n}\\n"
        }

        inputs = {
          suffix = get_env("PLATFORM_SUFFIX")
        }
    """,
    # Units may lie in folders, and their names need not be those of the modules.
    "live/sandbox_1/team-a/notices.v2/terragrunt.hcl": """
        include "root" {
          path = find_in_parent_folders("root.hcl")
        }

        terraform {
          source = "${get_repo_root()}/modules//topic"
        }
    """,
    "live/sandbox_1/settings/terragrunt.hcl": """
        include {
          path = find_in_parent_folders("root.hcl")
        }

        terraform {
          source = "${get_repo_root()}/modules//parameter"
        }

        dependency "notices" {
          config_path = "../team-a/notices.v2"
        }

        inputs = {
          value = dependency.notices.outputs.arn
        }
    """,
    "modules/topic/main.tf": """
        variable "suffix" { type = string }

        resource "aws_sns_topic" "this" {
          name = "notices-${var.suffix}"
        }

        output "arn" { value = aws_sns_topic.this.arn }
    """,
    "modules/parameter/main.tf": """
        variable "suffix" { type = string }

        variable "value" { type = string }

        resource "aws_ssm_parameter" "this" {
          name  = "/settings/topic-${var.suffix}"
          type  = "String"
          value = var.value
        }

        output "name" { value = aws_ssm_parameter.this.name }

        output "secret" {
          value     = "of ${aws_ssm_parameter.this.name}"
          sensitive = true
        }
    """,
}
# The environment does not have the default name.
HERE = ("--suffix", "t1", "--env", "sandbox_1")
NOTICES, SETTINGS = "team-a/notices.v2", "settings"
TOPIC = "arn:aws:sns:us-east-1:123456789012:notices-t1"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    shutil.copy(ROOT / "live" / ".terraform.lock.hcl", folder / "live")
    with project_in(folder) as project:
        yield project


def test_c1_it_is_valid(small):
    small.run("validate", "--env", "sandbox_1")


def test_c3_c7_it_is_planned_before_anything_exists(small):
    out, _ = small.run("plan", *HERE, "--json", "--detailed-exitcode", code=2)
    plan = json.loads(out)
    assert plan["summary"] == {"add": 2, "change": 0, "destroy": 0}
    assert [unit["unit"] for unit in plan["units"]] == [NOTICES, SETTINGS]


def test_a2_it_comes_up_in_order(small):
    _, err = small.run("up", *HERE)
    assert {unit: event["status"] for unit, event in small.finished("t1").items()} == {
        NOTICES: "changed",
        SETTINGS: "changed",
    }
    assert ": 2 added, 0 changed, 0 destroyed." in err


def test_b14_c8_its_outputs_are_printed_and_secret_ones_only_when_asked_for(small):
    # From here on the environment is known from the register.
    assert small.outputs("t1") == {NOTICES: {"arn": TOPIC}, SETTINGS: {"name": "/settings/topic-t1"}}
    out, _ = small.run("outputs", "--suffix", "t1", "--show-sensitive")
    assert "secret = of /settings/topic-t1" in out
    assert small.client("ssm").get_parameter(Name="/settings/topic-t1")["Parameter"]["Value"] == TOPIC


def test_a2_c3_c5_it_plans_empty_and_has_not_drifted(small):
    out, _ = small.run("plan", "--suffix", "t1", "--detailed-exitcode")
    assert "No changes: the cloud matches the configuration." in out
    out, _ = small.run("drift", "--suffix", "t1")
    assert "No drift" in out


def test_c2_what_another_unit_needs_is_not_destroyed_alone(small):
    _, err = small.run("destroy", "--suffix", "t1", "--only", NOTICES, "--yes", code=2)
    assert "Other units depend on what would be destroyed" in err


def test_a2_b12_it_goes_without_a_trace(small):
    _, err = small.run("destroy", "--suffix", "t1", "--yes")
    assert 'proof: no service lists anything whose name or tag is of "t1"' in err
    assert small.left() == []
    assert small.client("ssm").describe_parameters()["Parameters"] == []
    assert small.client("s3").list_buckets()["Buckets"] == []
