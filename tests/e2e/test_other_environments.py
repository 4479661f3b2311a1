"""The environments dev and staging from nothing to nothing, on the local cloud (A2, B12)."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.every_environment]


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_a2_b12_an_environment_comes_up_plans_empty_and_goes_without_a_trace(project, environment):
    project.run("up", "--suffix", "e", "--env", environment)
    out, _ = project.run("plan", "--suffix", "e")
    assert "No changes: the cloud matches the configuration." in out
    assert project.left("e"), "there must be something to destroy, or this proves nothing"
    project.run("destroy", "--suffix", "e", "--yes")
    assert project.left() == []
    assert project.refusals() == {}
