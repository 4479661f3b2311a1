"""How every kind of thing that the modules make is removed, by service and type."""

from collections.abc import Mapping

from orchestrator.adapters.aws.sweep.removals import compute, identity, messaging, monitoring, network, storage
from orchestrator.adapters.aws.sweep.removals.removal import Removal, StillInUseError, is_gone

__all__ = ["REMOVALS", "Removal", "StillInUseError", "is_gone"]

REMOVALS: Mapping[tuple[str, str], Removal] = {
    **compute.REMOVALS,
    **identity.REMOVALS,
    **messaging.REMOVALS,
    **monitoring.REMOVALS,
    **network.REMOVALS,
    **storage.REMOVALS,
}
