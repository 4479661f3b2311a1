"""The environment dev from nothing to nothing, on the local cloud (A2, B12)."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.every_environment]


def test_a2_b12_dev_comes_up_plans_empty_and_goes_without_a_trace(project):
    project.run("up", "--suffix", "e", "--env", "dev")
    out, _ = project.run("plan", "--suffix", "e")
    assert "No changes: the cloud matches the configuration." in out
    assert project.left("e"), "there must be something to destroy, or this proves nothing"
    project.run("destroy", "--suffix", "e", "--yes")
    assert project.left() == []
