"""The packages that are deployed: built from the package index, each imported alone (A1, B5)."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import boto3
import pytest

from orchestrator.platform.packages import build_packages, ensure_packages
from orchestrator.platform.packages.archive import MIB
from tests.functions.conftest import ENVIRONMENT, FUNCTIONS

REPOSITORY = FUNCTIONS.parent
NAMES = ["alerts", "analytics", "api", "ingest", "migrate"]
LOADED = """
import json, sys, warnings
warnings.simplefilter("error")
package, own = sys.argv[1], sys.argv[2]
# As on Lambda: the package first, then only what the runtime provides, which is boto3.
# -S ignores what is installed in this environment.
sys.path = [package, own, *sys.path]
import handler
foreign = [
    name for name, module in sys.modules.items()
    if "site-packages" in (getattr(module, "__file__", None) or "")
]
print(json.dumps({"callable": callable(handler.handler), "place": handler.__file__, "foreign": sorted(foreign)}))
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """The packages of this repository, built in a new home."""
    home = tmp_path_factory.mktemp("home")
    return {package.function: package for package in build_packages(REPOSITORY, home)}


@pytest.fixture(scope="module")
def runtime(tmp_path_factory):
    """A folder with what Lambda's runtime provides: boto3 and its dependencies."""
    folder = tmp_path_factory.mktemp("runtime")
    installed = Path(boto3.__file__).parents[1]
    for name in ("boto3", "botocore", "s3transfer", "urllib3", "jmespath", "dateutil", "six.py"):
        (folder / name).symlink_to(installed / name)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_b5_a_package_is_imported_with_nothing_but_the_runtime(packages, runtime, tmp_path, name):
    with zipfile.ZipFile(packages[name].path) as archive:
        archive.extractall(tmp_path)
    # Without the machine's time zones, which Lambda does not promise.
    environment = {**{k: v for k, v in os.environ.items() if k in {"PATH", "HOME"}}, **ENVIRONMENT, "PYTHONTZPATH": ""}
    arguments = [sys.executable, "-B", "-S", "-c", LOADED, str(tmp_path), str(runtime)]
    done = subprocess.run(arguments, cwd="/", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == {"callable": True, "place": str(tmp_path / "handler.py"), "foreign": []}


@pytest.mark.slow
def test_b13_packages_are_pure_python_and_far_from_lambdas_limits(packages):
    assert sorted(packages) == NAMES
    for package in packages.values():
        assert package.size < 10 * MIB
        with zipfile.ZipFile(package.path) as archive:
            names = archive.namelist()
        assert not [name for name in names if name.endswith((".so", ".pyc", ".pyd")) or "/tests/" in name]
        assert not [name for name in names if name.startswith(("boto3/", "botocore/"))]
        assert names == sorted(names)


@pytest.mark.slow
def test_a1_packages_are_reproducible(packages, tmp_path):
    again = build_packages(REPOSITORY, tmp_path)
    assert [package.sha256 for package in again] == [packages[name].sha256 for name in NAMES]
    assert all(package.built for package in again)


@pytest.mark.slow
def test_a3_every_function_of_the_live_tree_has_a_package(packages):
    home = packages["api"].path.parents[1]
    said = []
    listed = json.loads(ensure_packages(REPOSITORY, home, say=said.append).read_text())
    assert said == []
    unit = (REPOSITORY / "live" / "_units" / "lambda.hcl").read_text()
    for name in NAMES:
        assert f"local.packages.{name}.path" in unit
        assert Path(listed[name]["path"]).is_file()


def test_the_locks_of_functions_and_project_agree_on_versions():
    def versions(file):
        lines = [line for line in file.read_text().splitlines() if "==" in line]
        return dict(line.split(" ")[0].split("==") for line in lines)

    project = versions(REPOSITORY / "requirements-dev.lock")
    for lock in (FUNCTIONS / "requirements").glob("*.lock"):
        assert versions(lock).items() <= project.items()
