"""An earlier version of a function serves again, and goes on serving (E5)."""

import pytest

from orchestrator.commands import DeploymentRequest, Target
from orchestrator.errors import PlatformctlError, UsageError
from orchestrator.platform.rollback import PINS, Rollback, reminders, rollback
from tests.fakes.aws_services import FakeServices
from tests.fakes.aws_services import refused as refusal


@pytest.fixture
def lambdas(world):
    """A deployment whose ingest has five versions, of which the third serves."""
    world.tree.write({"modules/lambda/main.tf": ""}).unit("lambda")
    world.put("lambda", outputs={"function_names": {"ingest": "lambda-ingest-pr42"}})
    world.register(settings={"account_settings": ("config",)})
    versions = ({"Version": "$LATEST"}, *({"Version": str(number)} for number in (1, 2, 3, 10, 4)))
    services = FakeServices(
        {
            "lambda": {
                "get_alias": {"FunctionVersion": "3"},
                "list_versions_by_function": versions,
                "update_alias": lambda **stated: world.moved.append(stated),
            }
        }
    )
    world.moved = []
    world.account.clients["lambda"] = services("lambda")
    return services


def roll_back(world, name="ingest", *, target=Target.LOCAL, **settings):
    return rollback(DeploymentRequest(suffix="pr42", target=target), world.ports, world.operator, name, **settings)


@pytest.mark.parametrize(
    ("to", "now", "pins"),
    [(None, "2", ("ingest=2",)), ("1", "1", ("ingest=1",)), ("10", "10", ("ingest=10",)), ("latest", "10", None)],
)
def test_e5_the_alias_moves_and_the_version_is_pinned_until_latest(world, lambdas, to, now, pins):
    assert roll_back(world, to=to) == Rollback(function="ingest", before="3", now=now, pinned=pins is not None)
    assert world.moved == [{"FunctionName": "lambda-ingest-pr42", "Name": "live", "FunctionVersion": now}]
    kept = {"account_settings": ("config",)} | ({PINS: pins} if pins else {})
    assert world.bucket.registered["pr42"].settings == kept


def test_e5_a_second_function_keeps_the_first_ones_pin(world, lambdas):
    world.register(settings={PINS: ("api=7",)})
    roll_back(world)
    assert world.bucket.registered["pr42"].settings == {PINS: ("api=7", "ingest=2")}
    assert list(reminders({PINS: ("api=7",)}, "pr42")) == [
        "api stays at version 7, to which it was rolled back; platformctl rollback api --to latest --suffix pr42 ends that"
    ]
    roll_back(world, to="latest")
    assert world.bucket.registered["pr42"].settings == {PINS: ("api=7",)}


def test_e5_c7_what_cannot_be_rolled_back_is_refused_and_nothing_changes(world, lambdas, refused):
    assert refused(roll_back, world, to="11", error=UsageError).detail.endswith("are 1, 2, 3, 4, 10.")
    assert "Did you mean" in refused(roll_back, world, "ingst", error=UsageError).hint
    lambdas.answers["lambda"]["get_alias"] = {"FunctionVersion": "1"}
    assert refused(roll_back, world, error=UsageError).summary == "No earlier version"
    assert (world.moved, world.bucket.registered["pr42"].settings) == ([], {"account_settings": ("config",)})


def test_e5_on_aws_it_asks_first(world, lambdas, refused):
    world.operator.approves = False
    refused(roll_back, world, target=Target.AWS, error=UsageError)
    assert "version 2 of ingest serve instead of 3" in world.operator.questions[0].text
    assert (world.moved, PINS in world.bucket.registered["pr42"].settings) == ([], False)
    roll_back(world, target=Target.AWS, confirmed=True)
    assert len(world.moved) == 1


def test_e5_a_refusal_by_aws_leaves_the_pin_so_that_the_next_up_brings_the_version(world, lambdas, refused):
    lambdas.refusals["update_alias"] = [refusal("AccessDeniedException")]
    assert "Rolling back" in refused(roll_back, world, error=PlatformctlError).summary
    assert world.bucket.registered["pr42"].settings[PINS] == ("ingest=2",)
