"""moto's state, as the rooms around moto reach it. ``serial.MOTO`` must be held while it is read or changed."""

from typing import Any

from orchestrator.local_cloud.identity import ACCOUNT_ID, REGION

GLOBAL = "aws"
"""The region of the services that have none: IAM, S3 and STS."""


def backend(service: str, region: str = REGION) -> Any:
    """Return moto's backend of a service by its short name ("lambda"); None in a region that AWS does not have."""
    from moto import backends  # noqa: PLC0415 - moto loads with the patches

    regions = vars(backends)["get_backend"](service)[ACCOUNT_ID]
    return regions[region] if region in regions else None  # noqa: SIM401 - it is not a dict and has no get
