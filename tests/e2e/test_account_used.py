"""A used account says what is in the way, and doing what it says works (E3)."""

import pytest

from tests.e2e.conftest import only, play

pytestmark = pytest.mark.slow


def test_e3_a_used_account_names_what_is_in_the_way_and_removing_it_works(project):
    play(project, "used")
    units = only("iam", "kms", "s3", "config", "vpc")
    _, err = project.run("up", "--suffix", "u", "--env", "prod", *units, code=2)
    assert 'The AWS Config recorder is "default", and the account has one only.' in err
    # The fix as printed.
    assert "fix: Leave them alone: --account-settings api-logs,database-monitoring" in err
    assert project.left("u") == [], "refused before anything is applied"
    settings = ("--account-settings", "api-logs,database-monitoring")
    out = project.run("doctor", "--target", "local", "--env", "prod", "--suffix", "u", *settings, code=1)[0]
    fixes = [line.removeprefix("fix: ").partition("   ")[0] for line in out.splitlines() if line.startswith("fix: ")]
    assert "aws logs delete-log-group --log-group-name /aws/apigateway/welcome" in fixes
    project.client("logs").delete_log_group(logGroupName="/aws/apigateway/welcome")
    out = project.run("doctor", "--target", "local", "--env", "prod", "--suffix", "u", *settings)[0]
    assert "Every copy of the management events after the first costs 2.00 USD per 100,000." in out
    project.run("up", "--suffix", "u", "--env", "prod", *units, *settings)
    project.run("destroy", "--suffix", "u", "--yes")
