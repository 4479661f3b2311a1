"""A deployment whose cloud can be reached, and its record in the register."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from orchestrator.commands.ports import (
    Account,
    Applicant,
    Locks,
    Ports,
    RegisteredDeployment,
    Settings,
    StateBucket,
    Sweeper,
    TerraformTools,
)
from orchestrator.commands.requests import DeploymentRequest
from orchestrator.config import EvaluatedUnit, Stack
from orchestrator.engine.environments import (
    LastRun,
    Lifetime,
    has_expired,
    merged_units,
    orphaned,
    stand_in,
    state_units,
)
from orchestrator.engine.operations import Outputs, select


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployment whose cloud can be reached.

    ``settings``: what the platform registers with it. ``is_registered``: whether it has a suffix, a state bucket and a
    record there; that of a tree without suffixes has none.
    """

    request: DeploymentRequest
    stack: Stack
    settings: Settings
    account: Account
    bucket: StateBucket
    locks: Locks
    sweeper: Sweeper
    outputs: Outputs
    terraform: TerraformTools
    is_registered: bool = True

    @property
    def suffix(self) -> str:
        return self.request.suffix

    def selected(self) -> tuple[str, ...]:
        """Return the units that the request selects, in dependency order."""
        return select(self.stack, self.request.only)

    def place(self) -> str:
        """Name the target and the account, for messages."""
        account = self.account.account_id
        return f"{self.request.target.description} (account {account})" if account else "no cloud"

    def state_keys(self) -> dict[str, str]:
        """Return the key of each unit's state, by unit of the live tree."""
        units = self.stack.units if self.is_registered else {}
        return {name: unit.state_address().key for name, unit in units.items()}

    def orphan_keys(self) -> dict[str, str]:
        """Return the keys of states whose units are no longer in the live tree, by unit name."""
        if not self.bucket.exists():
            return {}
        return orphaned(self.bucket.keys(f"{self.suffix}/"), self.state_keys())

    def with_orphans(self) -> "Deployment":
        """Return the deployment with its orphaned units among the outputs, so that they can be destroyed."""
        keys = self.orphan_keys()
        if not keys:
            return self
        unit = next(iter(self.stack.units.values()))
        template, key, nothing = unit.evaluate({}), unit.state_address().key, self.terraform.no_module()
        orphans: dict[str, EvaluatedUnit] = {
            name: stand_in(template, name=name, key=key, state_key=state_key, nothing=nothing)
            for name, state_key in keys.items()
        }
        return replace(self, outputs=Outputs(stack=self.stack, states=self.account.states(), orphans=orphans))

    def require_room(self, ports: Ports, units: Sequence[str]) -> None:
        """Let the platform refuse a deployment that would take something from another one in the account."""
        known = self.bucket.deployments() if self.bucket.exists() else ()
        ports.platform.require_room(
            Applicant(
                suffix=self.suffix,
                settings=self.settings,
                account=self.account,
                every=self.stack.units.keys() - self.stack.external,
                selected=units,
                others=[other for other in known if other.suffix != self.suffix],
            )
        )

    def register(self, *, units: Sequence[str], lifetime: Lifetime | None, now: datetime) -> None:
        """Record the deployment in the state bucket, so that no other environment takes its suffix.

        ``units``: those about to be applied; their dependencies are recorded. ``lifetime``: how long it may live from
        now on; None leaves what is registered. ``now``: in UTC.
        """
        applied = {name: self.stack.graph.dependencies[name] for name in units}
        states = state_units(self.suffix, self.bucket.keys(f"{self.suffix}/"), self.state_keys())

        def change(known: RegisteredDeployment | None) -> RegisteredDeployment:
            created = now.isoformat(timespec="seconds")
            known = known or RegisteredDeployment(suffix=self.suffix, environment="", created=created)
            return replace(
                known,
                environment=self.stack.environment,
                settings=self.settings,
                expires=lifetime.end(now) if lifetime else known.expires,
                units=merged_units(known.units, applied, states),
            )

        self.bucket.update(self.suffix, change)

    def has_expired(self, now: datetime) -> bool:
        known = self.bucket.deployment(self.suffix)
        return known is not None and has_expired(expiry(known), now)

    def record_run(self, last_run: LastRun) -> None:
        """Record the run that has just ended, if the deployment is still registered."""
        self.bucket.update(self.suffix, lambda known: known and replace(known, last_run=last_run))


def expiry(known: RegisteredDeployment) -> datetime | None:
    """Read when a registered deployment expires; None for never."""
    return parse_moment(known.expires) if known.expires is not None else None


def parse_moment(text: str) -> datetime:
    """Parse a moment in ISO 8601; without a zone it is in UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
