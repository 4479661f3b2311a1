"""The address of a unit's state in S3."""

from dataclasses import dataclass

from orchestrator.config.generated import RemoteState
from orchestrator.diagnostics import Range, failure


@dataclass(frozen=True, slots=True, kw_only=True)
class StateAddress:
    """The object that holds the state of a unit."""

    bucket: str
    key: str


def state_address(unit: str, state: RemoteState | None, place: Range | None = None) -> StateAddress:
    """Read the address out of a unit's ``remote_state`` block.

    Args:
        unit: the unit's name, for messages.
        state: the block; None where the unit has none.
        place: where to point when there is no block.

    Raises:
        ConfigurationError: the state is not in S3, or bucket or key is missing.

    """
    if state is None or state.backend != "s3":
        backend = "no remote_state block" if state is None else f'backend "{state.backend}"'
        raise failure(
            state.range if state else place,
            "The state is not in S3",
            f'Unit "{unit}" has {backend}; outputs are passed from unit to unit through states in S3.',
            'Include root.hcl, whose remote_state block configures backend "s3".',
        )
    missing = [name for name in ("bucket", "key") if not isinstance(state.config.get(name), str)]
    if missing:
        raise failure(
            state.range,
            "The state's address is incomplete",
            f'remote_state of unit "{unit}" has no {" and no ".join(missing)}.',
            "Give bucket and key as strings.",
        )
    return StateAddress(bucket=str(state.config["bucket"]), key=str(state.config["key"]))
