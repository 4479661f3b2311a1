"""The orphaned units of a deployment: states in its bucket whose unit the live tree does not have any more."""

from orchestrator.adapters.workspaces import write_private
from orchestrator.cli.deployment import Deployment
from orchestrator.config import EvaluatedUnit, LocalSource
from orchestrator.engine.orphans import orphaned, stand_in


def orphans(deployment: Deployment) -> tuple[str, ...]:
    """Their names, sorted; none where there is no state bucket yet."""
    return tuple(_orphan_keys(deployment))


def orphan_units(deployment: Deployment) -> dict[str, EvaluatedUnit]:
    """By name, what it takes to destroy them."""
    unit = next(iter(deployment.stack.units.values()))
    template = unit.evaluate({})
    return {
        name: stand_in(
            template,
            name=name,
            key=unit.state_address().key,
            state_key=key,
            nothing=no_module(deployment),
        )
        for name, key in _orphan_keys(deployment).items()
    }


def no_module(deployment: Deployment) -> LocalSource:
    """A folder without configuration, for units that are destroyed without theirs."""
    folder = deployment.asked.project.home / "terraform" / "nothing"
    folder.mkdir(parents=True, exist_ok=True)
    write_private(folder / "nothing.tf", "# Units that are destroyed without their configuration run here.\n")
    return LocalSource(root=folder)


def _orphan_keys(deployment: Deployment) -> dict[str, str]:
    if not deployment.bucket.exists():
        return {}
    known = {name: unit.state_address().key for name, unit in deployment.stack.units.items()}
    return orphaned(deployment.bucket.keys(f"{deployment.asked.suffix}/"), known)
