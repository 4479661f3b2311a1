"""Each environment planned as a whole, as ``platformctl plan`` does it, against an empty local cloud."""

from pathlib import Path

import pytest

from orchestrator.adapters.modules import Modules
from orchestrator.adapters.terraform.planner import StackPlanner
from orchestrator.adapters.terraform.toolchain import Toolchain
from orchestrator.config import load_stack

REPOSITORY = Path(__file__).resolve().parents[2]
SUFFIX = "pr42"
ACCOUNT = "123456789012"


@pytest.fixture(scope="session")
def plan_environment(cloud, plan_any, terraform_environment, packages_file, tmp_path_factory):
    """A function that plans an environment; each once. The provider asks the local cloud who we are, and no more."""
    environ = {k: v for k, v in terraform_environment.items() if not k.startswith("AWS_")} | cloud.environment()
    plans = {}

    def plan(environment):
        if environment not in plans:
            home = tmp_path_factory.mktemp(environment)
            stack = load_stack(
                live=REPOSITORY / "live",
                environment=environment,
                env={
                    "PLATFORM_SUFFIX": SUFFIX,
                    "PLATFORM_TARGET": "local",
                    "PLATFORM_ACCOUNT_ID": ACCOUNT,
                    "PLATFORM_DATABASE_PRINCIPALS": "arn:aws:iam::123456789012:role/people",
                    "PLATFORM_PACKAGES": str(packages_file),
                },
            )
            units = [stack.units[name].evaluate({}) for name in stack.graph.order()]
            planner = StackPlanner(
                toolchain=Toolchain(live=REPOSITORY / "live", folder=home / "terraform", environ=environ),
                modules=Modules(home / "sources"),
                providers=None,
                home=home,
                parallelism=40,
            )
            folder = home / "stack"
            folder.mkdir()
            planner.write(folder, units, {})
            plans[environment] = plan_any(folder, environment, environ)
        return plans[environment]

    return plan
