"""A plan compared with an account, whose answers satisfy AWS's service models (E3)."""

import pytest

from orchestrator.adapters.aws.preflight import examine_account
from orchestrator.diagnostics import Severity
from orchestrator.engine.plan import AttributeChange, PlannedChange, StackPlan
from orchestrator.errors import PlatformctlError
from orchestrator.model.status import Action
from tests.fakes.aws_services import FakeServices, refused

SSO = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef"
FIVE = {"Quota": {"Value": 5.0}}


def planned(kind, label="this", /, action=Action.CREATE, before=None, **values):
    attributes = tuple(
        AttributeChange(name=key, before=(before or {}).get(key), after=value) for key, value in values.items()
    )
    return PlannedChange(address=f'module.net["a.b"].{kind}.{label}["x.y"]', action=action, attributes=attributes)


def examine(answers, *changes, singletons=True, **refusals):
    services = FakeServices(answers, **refusals)
    return examine_account(
        services, StackPlan(units={"one": changes[:1], "two": changes[1:]}), singletons=singletons
    ), services


def limit(executions, unreserved):
    settings = {"ConcurrentExecutions": executions, "UnreservedConcurrentExecutions": unreserved}
    return {"lambda": {"get_account_settings": {"AccountLimit": settings}}}


def reserving(*numbers):
    return [planned("aws_lambda_function", f"f{n}", reserved_concurrent_executions=n) for n in numbers]


def zones(**ids):
    listed = tuple({"ZoneName": f"us-east-1{letter}", "ZoneId": f"use1-az{n}"} for letter, n in ids.items())
    return {"ec2": {"describe_availability_zones": listed}}


def trail(name, *, organization=False):
    return {"Name": name, "IsOrganizationTrail": organization}


def trails(*listed):
    return {"cloudtrail": {"describe_trails": {"trailList": list(listed)}}}


def caller(arn):
    return {"sts": {"get_caller_identity": {"Arn": arn}}}


REQUEST = "aws service-quotas request-service-quota-increase --service-code"
FINDINGS = [
    # What the account has, what is planned, how severe the finding is, what it says and how to fix it.
    (
        limit(10, 10),
        reserving(10, 20, 200, 40, 1),
        Severity.ERROR,
        "Its quota is 10, of which 0 are reserved; the plan reserves 271 more",
        f"{REQUEST} lambda --quota-code L-B99A9384 --desired-value 1000",
    ),
    (limit(1000, 300), reserving(201), Severity.ERROR, "of which 700 are reserved", "--desired-value 1001"),
    (
        {"ec2": {"describe_addresses": ({}, {}, {}, {}, {})}, "service-quotas": {"get_service_quota": FIVE}},
        [planned("aws_eip")],
        Severity.ERROR,
        "It has 5 of 5 in this region, and the plan creates 1.",
        f"{REQUEST} ec2 --quota-code L-0263D0A3 --desired-value 6",
    ),
    (
        {"ec2": {"describe_vpcs": ({}, {}, {}, {})}, "service-quotas": {"get_service_quota": FIVE}},
        [planned("aws_vpc"), planned("aws_vpc", "other")],
        Severity.ERROR,
        "It has 4 of 5",
        f"{REQUEST} vpc --quota-code L-F678F1CE --desired-value 6",
    ),
    (
        {"logs": {"describe_resource_policies": ({},) * 10}},
        [planned("aws_cloudwatch_log_resource_policy")],
        Severity.ERROR,
        "It has 10 of 10",
        "Delete 1 that nobody needs",
    ),
    (
        {"config": {"describe_config_rules": ({},) * 1000}},
        [planned("aws_config_config_rule")],
        Severity.ERROR,
        "It has 1000 of 1000",
        "AWS does not raise this quota",
    ),
    (
        {"logs": {"describe_log_groups": ({"logGroupName": "/aws/apigateway/welcome"},)}},
        [planned("aws_cloudwatch_log_group", name="/aws/apigateway/welcome")],
        Severity.ERROR,
        "the account has a log group /aws/apigateway/welcome",
        "aws logs delete-log-group --log-group-name /aws/apigateway/welcome",
    ),
    (
        zones(a=3, b=1, c=2),
        [planned("aws_subnet", availability_zone="us-east-1a"), planned("aws_subnet", availability_zone="us-east-1b")],
        Severity.WARNING,
        "us-east-1a is use1-az3",
        "such as us-east-1c.",
    ),
    (
        zones(b=1),
        [planned("aws_subnet", availability_zone="us-east-1a")],
        Severity.ERROR,
        "no zone us-east-1a",
        "such as us-east-1b.",
    ),
    (
        {"rds": {"describe_db_engine_versions": ({"EngineVersion": "16.9"}, {"EngineVersion": "17.8"})}},
        [planned("aws_rds_cluster", engine="aurora-postgresql", engine_version="17.7")],
        Severity.ERROR,
        "aurora-postgresql 17.7, which AWS does not offer",
        "Set one of 17.8, or the major version alone.",
    ),
    (
        {"config": {"describe_configuration_recorders": ({"name": "default"},)}},
        [planned("aws_config_configuration_recorder")],
        Severity.ERROR,
        "the account has one only, default",
        "Leave it to its owner",
    ),
    (
        trails(trail("old"), trail("everybody", organization=True)),
        [planned("aws_cloudtrail")],
        Severity.WARNING,
        "The account has everybody already. Every copy of the management events after the first costs 2.00 USD",
        "Leave the trail out",
    ),
    (
        caller("arn:aws:iam::123456789012:root"),
        [planned("aws_iam_role")],
        Severity.WARNING,
        "arn:aws:iam::123456789012:root cannot be limited",
        "Use a role",
    ),
    (
        caller("arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/ann"),
        [planned("aws_iam_role", assume_role_policy=f'{{"AWS":"{SSO}","aws:MultiFactorAuthPresent":"true"}}')],
        Severity.ERROR,
        "which sessions of Identity Center never carry",
        "Set require_mfa = false",
    ),
]


@pytest.mark.parametrize(
    ("account", "changes", "severity", "says", "fix"), FINDINGS, ids=[row[3][:40] for row in FINDINGS]
)
def test_e3_what_would_fail_is_found_with_its_fix(account, changes, severity, says, fix):
    (finding,), _ = examine(account, *changes)
    assert finding.severity is severity
    assert says in finding.detail
    assert fix in finding.hint


FITTING = [
    (limit(10, 10), reserving(-1, -1)),
    (limit(1000, 1000), reserving(10, 20, 200, 40, 1)),
    (
        limit(1000, 110),
        [
            planned(
                "aws_lambda_function",
                action=Action.UPDATE,
                before={"reserved_concurrent_executions": 800},
                reserved_concurrent_executions=810,
            )
        ],
    ),
    ({"ec2": {"describe_vpcs": ({}, {}, {}, {})}, "service-quotas": {"get_service_quota": FIVE}}, [planned("aws_vpc")]),
    ({"ec2": {"describe_vpcs": ({},) * 5}}, [planned("aws_vpc", action=Action.UPDATE, tags={})]),
    (
        {"logs": {"describe_log_groups": ({"logGroupName": "/aws/apigateway/welcome-2"},)}},
        [
            planned("aws_cloudwatch_log_group", name="/aws/apigateway/welcome"),
            planned("aws_cloudwatch_log_group", "later"),
        ],
    ),
    (zones(a=1), [planned("aws_subnet", availability_zone="us-east-1a")]),
    (
        {"rds": {"describe_db_engine_versions": ({"EngineVersion": "17.8"},)}},
        [planned("aws_rds_cluster", engine="aurora-postgresql", engine_version="17")],
    ),
    (
        {
            "config": {
                "describe_configuration_recorders": ({"name": "hub", "servicePrincipal": "securityhub.amazonaws.com"},)
            }
        },
        [planned("aws_config_configuration_recorder")],
    ),
    (trails(), [planned("aws_cloudtrail")]),
    (caller("arn:aws:iam::123456789012:user/ann"), [planned("aws_iam_role")]),
]


@pytest.mark.parametrize(("account", "changes"), FITTING)
def test_e3_an_account_with_room_gives_no_finding(account, changes):
    assert examine(account, *changes)[0] == ()


def test_e3_a_full_account_refuses_a_sixth_trail_and_says_what_another_one_costs():
    found, _ = examine(trails(*map(trail, "abcde")), planned("aws_cloudtrail"))
    assert [finding.severity for finding in found] == [Severity.ERROR, Severity.WARNING]
    assert "It has 5 of 5" in found[0].detail


def test_e3_a_plan_that_changes_nothing_costs_no_call():
    deleted = planned("aws_vpc", action=Action.DELETE)
    found, services = examine({}, deleted)
    assert (found, services.calls) == ((), [])


def test_e3_a_quota_that_was_never_raised_is_the_default():
    found, _ = examine(
        {"ec2": {"describe_vpcs": ({},) * 5}},
        planned("aws_vpc"),
        get_service_quota=[refused("NoSuchResourceException")],
    )
    assert "It has 5 of 5" in found[0].detail


def test_e3_a_question_that_is_not_allowed_is_a_warning_and_the_others_are_asked():
    found, _ = examine(
        trails(trail("one")),
        planned("aws_vpc"),
        planned("aws_cloudtrail"),
        describe_vpcs=[refused("UnauthorizedOperation")],
    )
    assert [(finding.summary, finding.severity) for finding in found] == [
        ("The account could not be examined", Severity.WARNING),
        ("Another trail costs money", Severity.WARNING),
    ]


def test_e3_an_account_that_does_not_answer_is_an_error():
    with pytest.raises(PlatformctlError, match="the quota of VPCs"):
        examine({}, planned("aws_vpc"), describe_vpcs=[refused("InternalError")])


def test_e3_what_an_account_has_once_is_left_out_where_somebody_else_judges_it():
    recorder = {"config": {"describe_configuration_recorders": ({"name": "default"},)}}
    assert examine(recorder, planned("aws_config_configuration_recorder"), singletons=False)[0] == ()
