"""Live trees, evaluated units and a fake terraform for the adapters' tests."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestrator.adapters import processes
from orchestrator.adapters.terraform.lock import hash_folder
from orchestrator.adapters.terraform.mirror import platform_name
from orchestrator.adapters.terraform.toolchain import Toolchain
from orchestrator.config import EvaluatedUnit, GeneratedFile, IfExists, LocalSource, RemoteState
from tests.fakes.live_tree import LiveTree
from tests.fakes.program import Program, alive

PROVIDER = 'provider "aws" {\n  region = "us-east-1"\n}\n'


def make_file(path, contents, if_exists=IfExists.ERROR):
    return GeneratedFile(label=path, path=path, contents=contents, if_exists=if_exists)


def make_unit(
    name="vpc", *, module=Path("/nowhere"), inputs=None, generated=(), backend="s3", config=None, generate=None
) -> EvaluatedUnit:
    state = {"bucket": "states", "key": f"pr42/{name}/terraform.tfstate"} if config is None else config
    return EvaluatedUnit(
        name=name,
        folder=Path("/project/live/dev") / name,
        source=module if not isinstance(module, Path) else LocalSource(root=module),
        inputs=inputs or {},
        remote_state=RemoteState(backend=backend, config=state, generate=generate) if backend else None,
        generated=tuple(generated),
    )


@pytest.fixture
def tree(tmp_path):
    return LiveTree(tmp_path / "project")


@pytest.fixture
def unit_of():
    """Makes an evaluated unit."""
    return make_unit


@pytest.fixture
def file_of():
    """Makes a generated file."""
    return make_file


@pytest.fixture
def is_alive():
    """Whether a process runs."""
    return alive


@pytest.fixture
def platformctl(tmp_path):
    """Starts a program that stands for platformctl, and waits for the first line that it prints; kill it."""

    @contextmanager
    def start(code, line):
        environment = os.environ | {"PYTHONPATH": str(Path(processes.__file__).parents[2])}
        command = [sys.executable, "-c", code]
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, env=environment) as parent:
            assert parent.stdout.readline() == line
            yield parent
            parent.kill()

    return start


@pytest.fixture
def program(tmp_path):
    """Makes fake terraforms."""

    def make(folder="bin", **settings) -> Program:
        return Program(tmp_path / folder, **settings)

    return make


@pytest.fixture
def terraform(program):
    """A fake terraform 1.11.4."""
    return program()


@pytest.fixture
def provider_mirror(tmp_path):
    """A mirror with a provider that is no more than a file."""
    mirror = tmp_path / "mirror"
    folder = mirror / "registry.terraform.io/hashicorp/aws/5.100.0" / platform_name()
    folder.mkdir(parents=True)
    (folder / "terraform-provider-aws_v5.100.0_x5").write_text("no program", encoding="utf-8")
    return mirror


@pytest.fixture
def toolchain(tmp_path, terraform, provider_mirror):
    """A toolchain over the fake terraform; ``environ`` adds to its environment."""
    live = tmp_path / "locked" / "live"
    live.mkdir(parents=True)
    folder = next(provider_mirror.glob("*/*/*/*/*"))
    (live / ".terraform.lock.hcl").write_text(
        'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.100.0"\n'
        f"  hashes = [{json.dumps(hash_folder(folder))}]\n}}\n",
        encoding="utf-8",
    )

    def make(**environ: str) -> Toolchain:
        known = {
            "HOME": str(tmp_path / "home"),
            "PATH": os.pathsep.join([str(terraform.folder), "/usr/bin", "/bin"]),
            "PLATFORMCTL_PROVIDER_MIRROR": str(provider_mirror),
        }
        return Toolchain(live=live, folder=tmp_path / "terraform-home", environ=known | environ)

    return make
