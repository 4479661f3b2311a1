"""A deployment whose cloud is in memory: fake states and a fake Terraform under the real live tree and the real commands."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from orchestrator.cli.deployment import Request, load

from orchestrator.adapters.modules import Modules
from orchestrator.engine.operations import Outputs
from orchestrator.engine.plan import StackPlan
from tests.fakes.s3 import FakeS3
from tests.fakes.states import FakeStates
from tests.fakes.terraform import FakeTerraform

ACCOUNT = "123456789012"


class FakeBucket:
    """The state bucket: its keys are those of the states that there are, its register is what the test puts there."""

    name = "states"

    def __init__(self, states: FakeStates, *, suffix: str, environment: str) -> None:
        self.states = states
        self.prefix = f"{suffix}/{environment}"
        self.registered: dict[str, Any] = {}
        self.unregistered: list[str] = []

    def exists(self) -> bool:
        return True

    def create(self) -> None:
        raise AssertionError("it is there")

    def remove(self) -> None:
        pass

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        keys = sorted(f"{self.prefix}/{name}/terraform.tfstate" for name in self.states.states)
        return tuple(key for key in keys if key.startswith(prefix))

    def deployment(self, suffix: str) -> Any:
        return self.registered.get(suffix)

    def deployments(self) -> tuple[Any, ...]:
        return tuple(self.registered.values())

    def unregister(self, suffix: str) -> bool:
        if self.keys(f"{suffix}/"):
            return False
        self.unregistered.append(suffix)
        return True


class FakePlanner:
    """Plans what it is told; notes what it was asked."""

    def __init__(self) -> None:
        self.planned: StackPlan | None = None
        self.asked: list[tuple[tuple[str, ...], list[str]]] = []

    def plan(self, units: Any, states: Any) -> StackPlan:
        names = tuple(unit.name for unit in units)
        self.asked.append((names, sorted(states)))
        return StackPlan(units=dict.fromkeys(names, ())) if self.planned is None else self.planned


class FakeDeployment:
    """What ``open_deployment`` returns, over fakes."""

    account_settings: tuple[str, ...] = ()
    cloud = None

    def __init__(self, asked: Request) -> None:
        self.asked = asked
        self.stack = load(asked, environment=asked.environment or "dev", account_id=ACCOUNT)
        self.states = FakeStates()
        self.terraform = FakeTerraform(states=self.states)
        self.outputs = Outputs(stack=self.stack, states=self.states)
        self.bucket = FakeBucket(self.states, suffix=asked.suffix, environment=self.stack.environment)
        # Only locks are looked for in it.
        self.s3 = FakeS3()
        self.session = SimpleNamespace(
            account_id=ACCOUNT, client={"s3": self.s3}.__getitem__, endpoint=None, environ={}
        )
        self.modules = Modules(asked.project.home / "sources")
        binary = SimpleNamespace(is_embedded=False, version="1.11.4")
        self.toolchain = SimpleNamespace(
            binary=binary, provider=SimpleNamespace(version="5.100.0"), install_provider=lambda: None
        )
        self.workspaces = SimpleNamespace(remove=lambda: None)
        self.fake_planner = FakePlanner()
        self.registrations: list[dict[str, Any]] = []
        self.runs: list[dict[str, Any]] = []

    @contextmanager
    def providers(self) -> Iterator[None]:
        yield None

    def planner(self, _providers: None) -> FakePlanner:
        return self.fake_planner

    def runner(self, _providers: None) -> FakeTerraform:
        return self.terraform

    def register(self, **settings: Any) -> None:
        self.registrations.append(settings)

    def has_expired(self) -> bool:
        return False

    def note_run(self, **settings: Any) -> None:
        self.runs.append(settings)
