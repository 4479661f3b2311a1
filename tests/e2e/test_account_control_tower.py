"""An account under Control Tower keeps what is the organization's (E3)."""

import pytest

from tests.e2e.conftest import only, play

pytestmark = pytest.mark.slow


def test_e3_an_account_under_control_tower_keeps_its_recorder(project):
    play(project, "control-tower")
    units = only("iam", "kms", "s3", "vpc", "config")
    _, err = project.run("up", "--suffix", "g", "--env", "prod", *units, code=2)
    assert 'The AWS Config recorder is "aws-controltower-BaselineConfigRecorder"' in err
    assert "fix: Leave them alone: --account-settings api-logs,database-monitoring" in err
    assert project.left("g") == [], "refused before anything is applied"
    settings = ("--account-settings", "api-logs,database-monitoring")
    project.run("doctor", "--target", "local", "--env", "prod", "--suffix", "g", *settings)
    project.run("up", "--suffix", "g", "--env", "prod", *units, *settings)
    project.run("destroy", "--suffix", "g", "--yes")
    recorders = project.client("config").describe_configuration_recorders()["ConfigurationRecorders"]
    assert [recorder["name"] for recorder in recorders] == ["aws-controltower-BaselineConfigRecorder"]
