"""Load and order large stacks, and simulate their schedule, without Terraform and cloud.

    .venv/bin/python benchmarks/loading.py

Prints a table; each figure is the median of three, and the last column is its ratio to the first row of its kind.
"""

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from orchestrator.config import load_stack
from orchestrator.model.schedule import Schedule
from orchestrator.model.status import Status

ROOT_HCL = """
locals {
  suffix      = get_env("PLATFORM_SUFFIX")
  environment = read_terragrunt_config(find_in_parent_folders("env.hcl"))
}

remote_state {
  backend = "s3"
  config = {
    bucket = "states"
    key    = "${local.suffix}/${path_relative_to_include()}/terraform.tfstate"
    region = "us-east-1"
  }
}

inputs = {
  suffix = local.suffix
  name   = "${local.environment.locals.name}-${local.suffix}"
}
"""
UNIT_HCL = """
include "root" {
  path = find_in_parent_folders("root.hcl")
}

terraform {
  source = "${dirname(find_in_parent_folders("root.hcl"))}/../modules//thing"
}
"""


def main() -> None:
    """Print the table."""
    print(f"{'what':<44}{'size':>8}{'seconds':>10}{'per unit, ms':>14}{'ratio':>8}")
    with tempfile.TemporaryDirectory() as folder:
        trees = {size: tree(Path(folder) / str(size), size) for size in (100, 1000)}
        rows("load and order", {size: lambda live=live: load(live) for size, live in trees.items()})
        rows(
            "load, order, and check everything", {s: lambda live=live: load(live).check() for s, live in trees.items()}
        )
    rows("simulate a schedule, 8 at once", {size: lambda size=size: simulate(size) for size in (1000, 10000)})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
    print(f"\npeak memory {peak:.0f} MiB")


def tree(folder: Path, size: int) -> Path:
    """Write a live tree of that many units, each with two dependencies."""
    live = folder / "live"
    module = folder / "modules" / "thing"
    module.mkdir(parents=True)
    (module / "main.tf").write_text(
        'variable "suffix" {}\nvariable "name" {}\nvariable "up" {\n  default = null\n}\noutput "id" {\n  value = 1\n}\n'
    )
    (live / "dev").mkdir(parents=True)
    (live / "root.hcl").write_text(ROOT_HCL)
    (live / "dev" / "env.hcl").write_text('locals {\n  name = "dev"\n}\n')
    for number in range(size):
        unit = live / "dev" / f"unit{number:05}"
        unit.mkdir()
        text = UNIT_HCL
        for label, target in (("one", number // 2), ("two", number // 3)):
            if target < number:
                text += f'\ndependency "{label}" {{\n  config_path = "../unit{target:05}"\n}}\n'
        if number:
            text += "\ninputs = {\n  up = dependency.one.outputs.id\n}\n"
        (unit / "terragrunt.hcl").write_text(text)
    return live


def load(live: Path):  # noqa: ANN201 - a benchmark
    """Load the tree as platformctl does."""
    return load_stack(live=live, environment="dev", env={"PLATFORM_SUFFIX": "bench"})


def simulate(size: int) -> None:
    """Simulate a schedule of that many units; the oldest running one always finishes first."""
    needs = {f"u{number}": [f"u{number // 2}"] if number else [] for number in range(size)}
    schedule = Schedule(needs)
    while not schedule.is_finished():
        for name in schedule.ready(8 - len(schedule.running())):
            schedule.start(name)
        schedule.finish(schedule.running()[0], Status.CHANGED)


def rows(what: str, runs: dict[int, Callable[[], object]]) -> None:
    """Time each run three times and print a row for it."""
    first = None
    for size, run in runs.items():
        took = []
        for _ in range(3):
            since = time.perf_counter()
            run()
            took.append(time.perf_counter() - since)
        seconds = statistics.median(took)
        first = first or seconds
        print(f"{what:<44}{size:>8}{seconds:>10.2f}{seconds / size * 1000:>14.2f}{seconds / first:>8.1f}", flush=True)


if __name__ == "__main__":
    main()
