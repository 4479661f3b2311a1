"""A small project in a temporary folder: modules, and a live tree that calls them."""

import textwrap
from pathlib import Path

from orchestrator.config import NOTHING, Stack, load_stack

ROOT = """
remote_state {
  backend = "s3"

  generate = {
    path      = "backend.tf"
    if_exists = "overwrite_terragrunt"
  }

  config = {
    bucket = "states"
    key    = "${get_env("PLATFORM_SUFFIX")}/${path_relative_to_include()}/terraform.tfstate"
    region = "us-east-1"
  }
}

generate "provider" {
  path      = "provider.tf"
  if_exists = "overwrite_terragrunt"
  contents  = "provider \\"aws\\" {\\n  region = \\"us-east-1\\"\\n}\\n"
}
"""

MODULES = {
    "kms": """
        output "key_arn" { value = "arn" }

        output "password" {
          value     = "x"
          sensitive = true
        }
    """,
    "vpc": """
        variable "kms_key_arn" { type = string }

        output "vpc_id" { value = "vpc" }
    """,
    "api": """
        variable "vpc_id" { type = string }

        variable "password" {
          type      = string
          sensitive = true
        }

        output "api_url" { value = "url" }
    """,
    "docs": "",
}

UNITS = {
    "kms": "",
    "vpc": """
        dependency "kms" {
          config_path = "../kms"
        }

        inputs = {
          kms_key_arn = dependency.kms.outputs.key_arn
        }
    """,
    "api": """
        dependency "kms" {
          config_path = "../kms"
        }

        dependency "vpc" {
          config_path = "../vpc"
        }

        inputs = {
          password = dependency.kms.outputs.password
          vpc_id   = dependency.vpc.outputs.vpc_id
        }
    """,
    "docs": "",
}


class LiveTree:
    """Writes modules and units; ``standard`` makes kms <- vpc <- api (which reads a secret of kms), and docs alone."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.surroundings = NOTHING
        self.write({"live/root.hcl": ROOT})

    def write(self, files: dict[str, str]) -> "LiveTree":
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return self

    def unit(self, name: str, text: str = "", *, module: str = "", environment: str = "dev") -> "LiveTree":
        """Write a unit that includes root.hcl and calls the module of its own name, or another one."""
        head = (
            'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n\n'
            f'terraform {{\n  source = "{self.root}/modules//{module or name}"\n}}\n\n'
        )
        file = f"live/{environment}/{name}/terragrunt.hcl"
        return self.write({file: head + textwrap.dedent(text).lstrip("\n")})

    def standard(self, *, environment: str = "dev") -> "LiveTree":
        self.write({f"modules/{name}/main.tf": text for name, text in MODULES.items()})
        self.write({f"live/{environment}/env.hcl": ""})
        for name, text in UNITS.items():
            self.unit(name, text, environment=environment)
        return self

    def load(self, *, environment: str = "dev", **env: str) -> Stack:
        return load_stack(
            live=self.root / "live",
            environment=environment,
            env={"PLATFORM_SUFFIX": "pr42", **env},
            surroundings=self.surroundings,
        )
