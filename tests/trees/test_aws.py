"""C10: a tree with two providers, states in S3 and a lock table in DynamoDB, on the local cloud."""

import json
import subprocess
import sys

import pytest

from tests.trees.test_layouts import ABOVE

ROOT = """
remote_state {
  backend = "s3"
  generate = {
    path      = "backend.tf"
    if_exists = "overwrite_terragrunt"
  }
  config = {
    bucket         = "acme-states"
    key            = "${path_relative_to_include()}/terraform.tfstate"
    region         = "us-east-1"
    encrypt        = true
    dynamodb_table = "acme-locks"
  }
}

generate "provider" {
  path      = "provider.tf"
  if_exists = "overwrite_terragrunt"
  contents  = "provider \\"aws\\" {\\n  region = \\"us-east-1\\"\\n}\\n"
}
"""


@pytest.fixture
def platformctl(repository):
    """Runs the command line in a process of its own: connecting to the local cloud changes the environment of its process."""

    def run(*arguments, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "orchestrator", *arguments, "--working-dir", str(repository.top / "live/prod")],
            cwd=repository.top,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    yield run
    run("local", "stop")


def test_c10_a_tree_with_states_in_s3_lives_on_the_local_cloud(repository, platformctl):
    repository.write(
        {
            "root.hcl": ROOT,
            "live/prod/names/terragrunt.hcl": ABOVE + 'terraform {\n  source = "${get_repo_root()}/modules/names"\n}\n',
            "live/prod/topic/terragrunt.hcl": ABOVE
            + 'terraform {\n  source = "${get_repo_root()}/modules//topic"\n}\n'
            + 'dependency "names" {\n  config_path = "../names"\n}\n'
            + "inputs = { name = dependency.names.outputs.topic }\n",
            "modules/names/main.tf": 'output "topic" { value = "acme-alerts" }\n',
            "modules/topic/main.tf": """
                variable "name" { type = string }
                resource "aws_sns_topic" "this" { name = var.name }
                resource "terraform_data" "seen" { input = aws_sns_topic.this.arn }
                output "arn" { value = terraform_data.seen.output }
            """,
        }
    )
    platformctl("validate")
    platformctl("graph")
    platformctl("run", "--all", "apply", "--yes")
    platformctl("plan", "--detailed-exitcode")
    outputs = json.loads(platformctl("outputs", "--json"))
    assert outputs["topic"] == {"arn": "arn:aws:sns:us-east-1:123456789012:acme-alerts"}
    platformctl("run", "--all", "destroy", "--yes")
    locks = sorted(path.parent.name for path in repository.top.rglob("live/**/.terraform.lock.hcl"))
    assert locks == ["names", "topic"], "init wrote them where Terraform keeps them"
    assert (repository.top / ".platformctl/.gitignore").read_text() == "*\n"
