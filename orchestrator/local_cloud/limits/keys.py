"""Keys that requests name; no limits of its own."""

from orchestrator.local_cloud.iam import stored


def unknown_key(identifier: str | None, region: str) -> bool:
    """Whether a request names a key that KMS does not know; AWS creates the keys behind its own aliases."""
    return bool(identifier) and "alias/aws/" not in str(identifier) and stored.key(str(identifier), region) is None
