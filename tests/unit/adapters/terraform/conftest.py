"""A unit and a runner over a fake terraform."""

from pathlib import Path

import pytest

from orchestrator.adapters.modules import Modules
from orchestrator.adapters.terraform.runner import Runner
from orchestrator.adapters.workspaces import Workspaces
from orchestrator.config import IfExists, LocalSource, StateFile
from orchestrator.hcl.values import Sensitive

PROVIDER = 'provider "aws" {\n  region = "us-east-1"\n}\n'
MODULE = """
variable "cidr" { type = string }

variable "password" {
  type      = string
  sensitive = true
}
"""


class UnitBench:
    def __init__(self, root: Path, toolchain, unit_of, file_of) -> None:
        self.root = root
        self.toolchain = toolchain()
        self.unit_of, self.file_of = unit_of, file_of
        self.log = root / "logs" / "vpc.log"
        self.module = root / "modules" / "vpc"
        self.module.mkdir(parents=True)
        (self.module / "main.tf").write_text(MODULE)
        self.told = []

    def unit(self, *, text=PROVIDER, **settings):
        generated = [self.file_of("provider.tf", text, IfExists.OVERWRITE)]
        defaults = {
            "inputs": {"cidr": "10.0.0.0/16", "password": Sensitive("hunter2"), "not_declared": "x"},
            "generate": StateFile(path="backend.tf", if_exists=IfExists.OVERWRITE),
        }
        source = LocalSource(root=self.module.parent, subdirectory="vpc")
        return self.unit_of(module=source, generated=generated, **(defaults | settings))

    def runner(self, **settings):
        defaults = {
            "toolchain": self.toolchain,
            "workspaces": Workspaces(root=self.root / "work"),
            "modules": Modules(self.root / "sources"),
            "providers": None,
            "parallelism": 40,
        }
        return Runner(**(defaults | settings))

    def apply(self, unit=None, *, destroy=False, runner=None, accept=None, report=None):
        return (runner or self.runner()).apply(
            unit or self.unit(), destroy=destroy, log=self.log, report=report or self.told.append, accept=accept
        )


@pytest.fixture
def unit_bench(tmp_path, toolchain, unit_of, file_of):
    """Applies the unit "vpc", which has a secret input, and keeps what is reported."""
    return UnitBench(tmp_path, toolchain, unit_of, file_of)
