"""A plan of each whole environment, made as by ``platformctl plan``, against an empty local cloud."""

import functools

import pytest

from orchestrator.adapters.modules import Modules
from orchestrator.adapters.terraform.planner import StackPlanner
from orchestrator.adapters.terraform.toolchain import Toolchain
from orchestrator.adapters.workspaces import Workspaces
from orchestrator.config import load_stack
from tests.plans import REPOSITORY, make_plan, read_plan

SUFFIX = "pr42"
ACCOUNT = "123456789012"


@pytest.fixture(scope="session")
def plan_environment(once, request, packages_file, tmp_path_factory):
    """A function that plans an environment, each once. The provider calls the local cloud for its identity only."""

    def make(environment):
        terraform, attached, cloud = map(request.getfixturevalue, ("terraform_environment", "attached", "cloud"))
        environ = {k: v for k, v in terraform.items() if not k.startswith("AWS_")} | cloud.environment()
        home = tmp_path_factory.mktemp(environment)
        stack = load_stack(
            live=REPOSITORY / "live",
            environment=environment,
            env={
                "PLATFORM_SUFFIX": SUFFIX,
                "PLATFORM_TARGET": "local",
                "PLATFORM_ACCOUNT_ID": ACCOUNT,
                "PLATFORM_DATABASE_PRINCIPALS": f"arn:aws:iam::{ACCOUNT}:role/people",
                "PLATFORM_PACKAGES": str(packages_file),
            },
        )
        planner = StackPlanner(
            toolchain=Toolchain(live=REPOSITORY / "live", folder=home / "terraform", environ=environ),
            modules=Modules(home / "sources"),
            workspaces=Workspaces(root=home / "work"),
            providers=None,
            home=home,
            parallelism=40,
        )
        folder = home / "stack"
        folder.mkdir()
        units = [stack.units[name].evaluate({}) for name in stack.graph.order()]
        planner.write(folder, units, {}, {unit.name: planner.render(unit) for unit in units})
        return make_plan(folder, request.getfixturevalue("terraform_binary"), attached(environ))

    @functools.cache
    def plan(environment):
        return read_plan(environment, once.result(environment, lambda: make(environment))).dump()

    return plan
