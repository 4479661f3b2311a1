"""The error that a call ends with."""

from collections.abc import Callable

import pytest

from orchestrator.errors import PlatformctlError


def error_of(call: Callable[[], object], kind: type[PlatformctlError] = PlatformctlError) -> PlatformctlError:
    """Return the error that the call raises; fail when it raises none, or another kind."""
    with pytest.raises(kind) as caught:
        call()
    return caught.value
