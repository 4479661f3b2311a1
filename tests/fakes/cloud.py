"""A cloud in memory: the protocols ``Connector``, ``Account``, ``StateBucket``, ``Locks`` and ``Sweeper``."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from orchestrator.commands.ports import RegisteredDeployment
from orchestrator.commands.requests import Target
from orchestrator.config import EvaluatedUnit, RemoteState
from orchestrator.diagnostics import Diagnostic
from orchestrator.engine.plan import StackPlan
from orchestrator.errors import PlatformctlError
from tests.fakes.states import FakeStates
from tests.fakes.terraform import FakeTerraformTools

ACCOUNT = "123456789012"
_RECORD = "platformctl.json"


def state_key(unit: EvaluatedUnit) -> str:
    """The key of a unit's state, as its configuration says."""
    assert unit.remote_state is not None
    return str(unit.remote_state.config["key"])


@dataclass(slots=True, kw_only=True)
class FakeStateBucket:
    """The state bucket: its keys are those of the states and of the register's records.

    Attributes:
        others: keys of other objects.
        present: whether the bucket exists.
        fails: what every access to the register raises.

    """

    states: FakeStates
    name: str = "states"
    registered: dict[str, RegisteredDeployment] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    present: bool = True
    fails: PlatformctlError | None = None

    def exists(self) -> bool:
        return self.present

    def create(self) -> None:
        assert not self.present, "it exists"
        self.present = True

    def remove(self) -> None:
        self.present = False
        self.registered.clear()
        self.states.states.clear()

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        records = [f"{suffix}/{_RECORD}" for suffix in self.registered]
        return tuple(sorted(key for key in [*self.states.states, *records, *self.others] if key.startswith(prefix)))

    def resources(self, key: str) -> int:
        state = self.states.states.get(key)
        return state.resources if state else 0

    def deployment(self, suffix: str) -> RegisteredDeployment | None:
        if self.fails:
            raise self.fails
        return self.registered.get(suffix)

    def deployments(self) -> tuple[RegisteredDeployment, ...]:
        return tuple(self.registered[suffix] for suffix in sorted(self.registered))

    def update(self, suffix: str, change: Callable[[RegisteredDeployment | None], RegisteredDeployment | None]) -> None:
        known = self.deployment(suffix)
        wanted = change(known)
        if wanted is not None and wanted != known:
            self.registered[suffix] = wanted

    def unregister(self, suffix: str) -> bool:
        if any(key != f"{suffix}/{_RECORD}" for key in self.keys(f"{suffix}/")):
            return False
        self.registered.pop(suffix, None)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeLock:
    """A lock on the state of a unit of environment dev; held by a process that has ended unless it is foreign."""

    name: str
    suffix: str = "pr42"
    foreign: bool = False

    @property
    def unit(self) -> str:
        return f"dev/{self.name}"

    @property
    def key(self) -> str:
        return f"{self.suffix}/dev/{self.name}/terraform.tfstate.tflock"

    def __str__(self) -> str:
        return f'unit "{self.unit}": {"ada@elsewhere" if self.foreign else "me@here"}'


@dataclass(slots=True)
class FakeLocks:
    """The locks on the states of one deployment.

    Attributes:
        held: the keys of states that are held at the moment.
        listed: how often the locks were listed.
        stolen: the units whose lock somebody else takes before it is released.

    """

    locks: list[FakeLock] = field(default_factory=list)
    held: tuple[str, ...] = ()
    listed: int = 0
    stolen: tuple[str, ...] = ()

    def list(self) -> tuple[FakeLock, ...]:
        self.listed += 1
        return tuple(self.locks)

    def unit_of(self, key: str) -> str:
        return key.partition("/")[2].removesuffix(".tflock").removesuffix("/terraform.tfstate")

    def is_left_behind(self, lock: FakeLock, *, working: Collection[str]) -> bool:
        return not lock.foreign and lock.unit not in working

    @contextmanager
    def hold(self, keys: Iterable[str]) -> Iterator[None]:
        self.held = tuple(sorted(keys))
        yield
        self.held = ()

    def release(self, lock: FakeLock) -> bool:
        if lock.name in self.stolen:
            return False
        self.locks.remove(lock)
        return True


@dataclass(frozen=True, slots=True)
class FakeLeftover:
    """Something that exists and is in no state."""

    name: str

    @property
    def command(self) -> str:
        return f"aws ec2 delete-vpc --vpc-id {self.name}"

    def __str__(self) -> str:
        return f"ec2 vpc {self.name}"


@dataclass(frozen=True, slots=True)
class FakeKept:
    """A leftover that could not be removed."""

    thing: FakeLeftover
    reason: str


@dataclass(slots=True)
class FakeSweeper:
    """Removes what a test has left over, and remembers how it was called.

    Attributes:
        swept: the Terraform types of each call.
        locked: the states that were held, and those that were locked by others, at the last call.
        fails: what every call raises.
        reclaimed: what services made or kept by themselves.

    """

    locks: FakeLocks
    leftovers: list[FakeLeftover] = field(default_factory=list)
    kept: tuple[FakeKept, ...] = ()
    swept: list[Collection[str] | None] = field(default_factory=list)
    locked: list[str] = field(default_factory=list)
    fails: PlatformctlError | None = None
    reclaimed: list[FakeLeftover] = field(default_factory=list)

    def unrecorded(self) -> Sequence[FakeLeftover]:
        if self.fails:
            raise self.fails
        return tuple(self.leftovers)

    def sweep(self, *, types: Collection[str] | None, say: Callable[[str], None]) -> Sequence[FakeKept]:
        if self.fails:
            raise self.fails
        self.swept.append(types)
        self.locked = sorted([*self.locks.held, *(lock.key.removesuffix(".tflock") for lock in self.locks.locks)])
        if not self.kept:
            for thing in self.leftovers:
                say(f"removed {thing}")
            self.leftovers.clear()
        return self.kept

    def reclaim(self, *, say: Callable[[str], None]) -> None:
        for thing in self.reclaimed:
            say(f"removed {thing}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeResource:
    """One thing that a service lists."""

    service: str = "logs"
    type: str = "log-group"
    identifier: str = "i"
    name: str = ""


@dataclass(slots=True, kw_only=True)
class FakeAccount:
    """An open connection.

    Attributes:
        resources: what the services list, whatever the suffix.
        clients: by service, what stands in for a boto3 client.
        findings: what an examination finds, whatever the plan.
        backends: the buckets of trees without suffixes that exist.
        singleton_findings: what it finds about things that an account has once.
        retired: whether the cloud was let end.

    """

    tools: FakeTerraformTools
    held_states: FakeStates = field(default_factory=lambda: FakeStates(key=state_key))
    state_bucket: FakeStateBucket = field(init=False)
    held_locks: FakeLocks = field(default_factory=FakeLocks)
    the_sweeper: FakeSweeper = field(init=False)
    account_id: str = ACCOUNT
    endpoint: str | None = None
    resources: list[FakeResource] = field(default_factory=list)
    clients: dict[str, Any] = field(default_factory=dict)
    findings: list[Diagnostic] = field(default_factory=list)
    backends: list[str] = field(default_factory=list)
    singleton_findings: list[Diagnostic] = field(default_factory=list)
    retired: bool = False

    def __post_init__(self) -> None:
        self.state_bucket = FakeStateBucket(states=self.held_states)
        self.the_sweeper = FakeSweeper(self.held_locks)

    def caller(self, what: str) -> str:
        return {"account_id": self.account_id, "account_alias": "fake", "arn": "arn:fake", "user_id": "AIDAFAKE"}[what]

    def client(self, service: str) -> Any:
        return self.clients[service]

    def bucket(self, name: str) -> FakeStateBucket:
        assert name == self.state_bucket.name
        return self.state_bucket

    def locks(self, bucket: str, suffix: str) -> FakeLocks:
        return self.held_locks

    def states(self) -> FakeStates:
        return self.held_states

    def missing_backends(self, states: Sequence[RemoteState]) -> tuple[str, ...]:
        names = sorted({str(state.config["bucket"]) for state in states if "bucket" in state.config})
        return tuple(name for name in names if name not in self.backends)

    def create_backends(self, states: Sequence[RemoteState]) -> None:
        self.backends.extend(self.missing_backends(states))

    def sweeper(self, bucket: str, suffix: str) -> FakeSweeper:
        return self.the_sweeper

    def terraform(self, *, environment: str, suffix: str) -> FakeTerraformTools:
        return self.tools

    def inventory(self, suffix: str) -> Sequence[FakeResource]:
        return self.resources

    def examine(self, plan: StackPlan, *, singletons: bool = True) -> Sequence[Diagnostic]:
        return [*self.findings, *(self.singleton_findings if singletons else ())]

    def retire(self) -> None:
        self.retired = True


@dataclass(slots=True, kw_only=True)
class FakeConnector:
    """Connects every target to the one account.

    Attributes:
        running: whether the local cloud runs.
        connected: the targets, and whether they were to be started.

    """

    account: FakeAccount
    running: bool = True
    connected: list[tuple[Target, bool]] = field(default_factory=list)

    def account_id(self, target: Target) -> str | None:
        return ACCOUNT if target is Target.LOCAL else None

    def environment(self, target: Target, environ: Mapping[str, str]) -> Mapping[str, str]:
        return {**environ, "TARGET": str(target)}

    def offline(self) -> FakeAccount:
        return self.account

    def connect(self, target: Target, *, start: bool) -> FakeAccount | None:
        self.connected.append((target, start))
        self.running = self.running or start
        return self.account if self.running else None
