"""Versions of Terraform and of providers, compared by their release."""

from packaging.version import InvalidVersion, Version


def release(version: str) -> Version:
    """Return a version without its pre-release and build parts; 0 when it is not a version."""
    try:
        return Version(Version(version).base_version)
    except InvalidVersion:
        return Version("0")
