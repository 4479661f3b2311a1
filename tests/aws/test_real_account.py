"""What only AWS can show, in one life of a small deployment (E6): about an hour, and under a dollar."""

import pytest

from orchestrator.adapters.aws.inventory import list_resources
from orchestrator.errors import ExitCode
from tests.aws.conftest import UNITS
from tests.e2e.conftest import only

pytestmark = [pytest.mark.aws, pytest.mark.slow]


def test_e6_the_account_can_take_it(deployment):
    out, _ = deployment.run(
        "doctor", "--target", str(deployment.target), "--suffix", deployment.suffix, "--env", "dev", *only(*UNITS)
    )
    assert "error:" not in out


def test_e6_aws_accepts_every_resource(deployment):
    deployment.call("up", "--env", "dev", "--ttl", "8h", "--yes", *only(*UNITS))
    assert list_resources(deployment.client, suffix=deployment.suffix)


def test_e6_aws_returns_what_was_set_so_a_second_plan_is_empty(deployment):
    out, _ = deployment.call("plan", *only(*UNITS))
    assert "No changes: the cloud matches the configuration." in out


def test_e6_data_goes_in_and_bars_come_out(deployment):
    deployment.call("smoke", "--patience", "600")


def test_e6_a_change_by_hand_is_found_and_up_repairs_it(deployment):
    name = f"user-sessions-{deployment.suffix}"
    tables = deployment.client("dynamodb")
    arn = tables.describe_table(TableName=name)["Table"]["TableArn"]
    tables.untag_resource(ResourceArn=arn, TagKeys=["ManagedBy"])
    out, _ = deployment.call("drift", *only("dynamodb"), code=ExitCode.DIFFERENT)
    assert 'aws_dynamodb_table.this["user-sessions"]' in out
    deployment.call("up", "--yes", *only("dynamodb"))
    tags = tables.list_tags_of_resource(ResourceArn=arn)["Tags"]
    assert {"Key": "ManagedBy", "Value": "platformctl"} in tags
    deployment.call("drift", *only("dynamodb"))


def test_e6_a_function_goes_back_a_version(deployment):
    functions = deployment.client("lambda")
    name = f"lambda-api-{deployment.suffix}"
    functions.update_function_configuration(FunctionName=name, Description="changed by hand")
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)
    version = functions.publish_version(FunctionName=name)["Version"]
    deployment.run(
        "rollback", "api", "--suffix", deployment.suffix, "--target", str(deployment.target), "--to", version, "--yes"
    )
    assert functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"] == version
    deployment.run(
        "rollback", "api", "--suffix", deployment.suffix, "--target", str(deployment.target), "--to", "1", "--yes"
    )
    assert functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"] == "1"


def test_e6_destroy_leaves_nothing_and_proves_it(deployment):
    deployment.call("destroy", "--yes")
    assert list_resources(deployment.client, suffix=deployment.suffix) == []
