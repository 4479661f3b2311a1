"""Everything outside of the use cases, in memory, around a real live tree."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestrator.commands.ports import Ports, RegisteredDeployment
from orchestrator.engine.plan import AttributeChange, PlannedChange, StackPlan
from orchestrator.hcl.values import Sensitive, Value
from orchestrator.model.project import Project
from orchestrator.model.status import Action
from tests.fakes.cloud import FakeAccount, FakeConnector, state_key
from tests.fakes.live_tree import LiveTree
from tests.fakes.project import FakeJournal, FakeOperator, FakePlatform, FakeRepository, FakeSources
from tests.fakes.states import FakeStates
from tests.fakes.terraform import FakeTerraform, FakeTerraformTools

OUTPUTS: dict[str, dict[str, Value]] = {
    "kms": {"key_arn": "arn:1", "password": Sensitive("hunter2")},
    "vpc": {"vpc_id": "v"},
    "api": {},
    "docs": {},
}
"""What the units of the standard tree put out."""


def planned_change(action: str, address: str = "aws_x.y") -> PlannedChange:
    """A change of a resource, with a secret in it."""
    secret = AttributeChange(name="password", sensitive=True)
    return PlannedChange(address=address, action=Action(action), attributes=(secret,))


def plan_of(*, outputs: Any = (), drift: Any = (), **units: tuple[PlannedChange, ...]) -> StackPlan:
    """A plan of the standard tree."""
    return StackPlan(
        units={name: units.get(name, ()) for name in ("docs", "kms", "vpc", "api")},
        outputs=frozenset(outputs),
        drift=dict(drift),
    )


class World:
    """One account with deployments of the standard live tree in it; nothing is deployed at first."""

    def __init__(self, tree: LiveTree, *, environ: Mapping[str, str] | None = None) -> None:
        self.tree = tree
        states = FakeStates(key=state_key)
        self.terraform = FakeTerraform(states=states, outputs={name: dict(values) for name, values in OUTPUTS.items()})
        nothing = tree.root / "nothing"
        nothing.mkdir()
        self.tools = FakeTerraformTools(folder=nothing, runner=self.terraform)
        self.account = FakeAccount(tools=self.tools, held_states=states)
        self.bucket = self.account.state_bucket
        self.locks = self.account.held_locks
        self.sweeper = self.account.the_sweeper
        self.connector = FakeConnector(account=self.account)
        self.project = Project(folder=tree.root)
        self.journal = FakeJournal()
        self.platform = FakePlatform()
        self.sources = FakeSources(folder=tree.root / "downloaded")
        self.repository = FakeRepository()
        self.operator = FakeOperator()
        self.environ = dict(environ or {})
        self.programs = None

    @property
    def ports(self) -> Ports:
        return Ports(
            project=self.project,
            connector=self.connector,
            journal=self.journal,
            platform=self.platform,
            sources=self.sources,
            repository=self.repository,
            environ=self.environ,
            programs=self.programs,
        )

    @property
    def planner(self):
        return self.tools.planner

    @property
    def worked_on(self) -> list[str]:
        """The units that Terraform worked on, in order."""
        return [name for name, _ in self.terraform.applied]

    @property
    def states(self) -> list[str]:
        """The units that have a state, whatever their deployment."""
        return sorted(Path(key).parent.name for key in self.account.held_states.states)

    def put(self, *names: str, suffix: str = "pr42", environment: str = "dev", **settings: Any) -> None:
        """Give units a state, with their outputs."""
        for name in names:
            document = {"version": 4, "lineage": name, "serial": 1}
            self.account.held_states.put(
                f"{suffix}/{environment}/{name}/terraform.tfstate",
                settings.get("outputs", OUTPUTS.get(name, {})),
                resources=settings.get("resources", 1),
                document=document | settings.get("document", {}),
            )

    def register(
        self, suffix: str = "pr42", *, environment: str = "dev", hours: int = 3, ttl: int | None = None, **settings: Any
    ) -> None:
        """Register a deployment that was made some hours ago and has some hours to live."""
        now = datetime.now(UTC).replace(microsecond=0)
        # Half a minute more, so that a test that takes a moment still sees the whole number.
        left = timedelta(hours=ttl or 0, seconds=30 if ttl and ttl > 0 else 0)
        self.bucket.registered[suffix] = RegisteredDeployment(
            suffix=suffix,
            environment=environment,
            created=(now - timedelta(hours=hours)).isoformat(),
            expires=(now + left).isoformat() if ttl is not None else None,
            **settings,
        )
