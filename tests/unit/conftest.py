"""What tests of several layers share: everything outside of the use cases, in memory, and the one way to expect an error."""

import pytest

from orchestrator.errors import PlatformctlError
from tests.fakes.live_tree import LiveTree
from tests.fakes.world import World


@pytest.fixture
def world(tmp_path):
    """Fakes of all ports around the standard live tree: kms <- vpc <- api, docs alone."""
    return World(LiveTree(tmp_path).standard())


@pytest.fixture
def refused():
    """Calls what must be refused; returns the error."""

    def call(function, *arguments, error=PlatformctlError, **settings):
        with pytest.raises(error) as caught:
            function(*arguments, **settings)
        return caught.value

    return call
