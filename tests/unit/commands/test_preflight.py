"""What the account lacks is found before anything is applied (E3)."""

import pytest

from orchestrator.commands import DeploymentRequest, UnreadyAccountError, UpRequest, preflight, up
from orchestrator.diagnostics import Diagnostic, Severity
from orchestrator.errors import ExitCode, UsageError

QUOTA = Diagnostic(summary="The account has no room", detail="It has 5 of 5.", hint="aws service-quotas ...")
COST = Diagnostic(summary="A trail costs money", hint="Leave it out.", severity=Severity.WARNING)


def test_e3_up_refuses_before_anything_is_applied_and_carries_every_reason(world):
    zone = Diagnostic(summary="A zone does not exist", hint="Choose another.")
    world.account.findings = [QUOTA, COST, zone]
    with pytest.raises(UnreadyAccountError) as caught:
        up(UpRequest(suffix="pr42"), world.ports, world.operator)
    assert caught.value.exit_code is ExitCode.BAD_INPUT
    assert caught.value.diagnostics == (zone, QUOTA)
    assert str(caught.value) == "A zone does not exist.\nThe account has no room. It has 5 of 5."
    assert (world.worked_on, world.bucket.registered) == ([], {})


def test_e3_a_warning_is_shown_and_does_not_stop_up(world):
    world.account.findings = [COST]
    assert up(UpRequest(suffix="pr42"), world.ports, world.operator).code is ExitCode.OK
    assert world.operator.warnings == [COST]


def test_e3_preflight_names_other_owners_too_errors_first_and_applies_nothing(world):
    world.account.findings = [COST, QUOTA]
    world.account.singleton_findings = [Diagnostic(summary="AWS Config has a recorder already")]
    world.platform.refusal = UsageError(
        "Owned by others", detail="The recorder is theirs.", hint="--account-settings none"
    )
    found = preflight(DeploymentRequest(suffix="pr42"), world.ports, world.operator)
    assert [(item.summary, item.severity) for item in found] == [
        ("Owned by others", Severity.ERROR),
        ("The account has no room", Severity.ERROR),
        ("A trail costs money", Severity.WARNING),
    ]
    assert found[0].hint == "--account-settings none"
    assert (world.worked_on, world.bucket.registered) == ([], {})


def test_e3_preflight_names_other_owners_where_the_platform_does_not_judge_them(world):
    world.account.singleton_findings = [QUOTA]
    assert preflight(DeploymentRequest(suffix="pr42"), world.ports, world.operator) == (QUOTA,)
