"""What the benchmarks share."""

import runpy
from pathlib import Path

from orchestrator.platform.packages.definition import read_definitions

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_the_copy_of_a_project_has_all_that_up_reads(tmp_path):
    runpy.run_path(str(BENCHMARKS / "project_copy.py"))["copy_project"](tmp_path)
    assert read_definitions(tmp_path / "functions")
    assert (tmp_path / "live" / "root.hcl").is_file()
    assert (tmp_path / "modules" / "lambda" / "main.tf").is_file()
