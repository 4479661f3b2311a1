"""The shapes that an account can have; nothing here imports moto."""

from enum import StrEnum


class AccountShape(StrEnum):
    """An account as deployments find it.

    Attributes:
        ESTABLISHED: its adjustable quotas were raised; nothing is in it.
        FRESH: has the quotas of a new account; nothing is in it.
        USED: has AWS's default quotas, most of them used up, and what earlier owners left.
        CONTROL_TOWER: belongs to an organization that AWS Control Tower governs.

    """

    ESTABLISHED = "established"
    FRESH = "fresh"
    USED = "used"
    CONTROL_TOWER = "control-tower"
