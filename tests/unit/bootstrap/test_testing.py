"""A7: which tests ``python3 -m orchestrator test`` runs, and how."""

import pytest

from orchestrator.bootstrap import testing

PARALLEL = ["-n", "6", "--dist", "loadfile", "--no-loadscope-reorder"]
QUICK = ["-m", "not slow"]


@pytest.fixture
def tests(tmp_path, monkeypatch):
    monkeypatch.setattr(testing.os, "cpu_count", lambda: 2)
    for name in ("cloud", "e2e", "unit/hcl", "__pycache__", "fakes", "modules"):
        (tmp_path / "tests" / name).mkdir(parents=True)
        if name not in ("__pycache__", "fakes"):
            (tmp_path / "tests" / name / "test_a.py").touch()
    return tmp_path / "tests"


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        ([], [*PARALLEL, "tests/e2e", "tests/modules", "tests/cloud", "tests/unit"]),
        (["--quick"], [*QUICK, "-n", "2", "--dist", "worksteal"]),
        (["-k", "graph"], ["-k", "graph"]),
        (["tests/unit", "--quick", "-x"], [*QUICK, "tests/unit", "-x"]),
    ],
)
def test_a7_what_the_user_leaves_open_is_added(tests, arguments, chosen):
    assert testing.pytest_arguments(arguments, tests) == chosen


def test_a7_more_cores_get_more_workers(tests, monkeypatch):
    monkeypatch.setattr(testing.os, "cpu_count", lambda: 16)
    assert testing.pytest_arguments(["--quick"], tests)[3] == "16"
    assert testing.pytest_arguments([], tests)[1] == "16"


def test_a7_what_runs_is_reported(tests, capsys):
    testing.pytest_arguments(["--quick"], tests)
    assert capsys.readouterr().err == (
        "Running the tests that start neither Terraform nor the local cloud: pytest -m 'not slow' -n 2 --dist worksteal\n"
    )
