"""Removal goes on in rounds until nothing is left, gives up where waiting cannot help, and says what stayed (B12)."""

import pytest
from botocore.exceptions import EndpointConnectionError

from orchestrator.adapters.aws.sweep import Clock, sweep
from orchestrator.errors import PlatformctlError
from tests.fakes.aws_services import FakeServices

TAGS = [{"Key": "Suffix", "Value": "pr42"}]
# What the account holds, and the operation that removes it.
THINGS = {
    "vpc": ("ec2", "describe_vpcs", "Vpcs", {"VpcId": "vpc-1", "Tags": TAGS}, "delete_vpc"),
    "subnet": ("ec2", "describe_subnets", "Subnets", {"SubnetId": "subnet-1", "Tags": TAGS}, "delete_subnet"),
    "nat": (
        "ec2",
        "describe_nat_gateways",
        "NatGateways",
        {"NatGatewayId": "nat-1", "Tags": TAGS},
        "delete_nat_gateway",
    ),
    "address": ("ec2", "describe_addresses", "Addresses", {"AllocationId": "eip-1", "Tags": TAGS}, "release_address"),
    "alias": ("kms", "list_aliases", "Aliases", {"AliasName": "alias/k-pr42"}, "delete_alias"),
    "role": ("iam", "list_roles", "Roles", {"RoleName": "role-pr42", "Path": "/"}, "delete_role"),
    "cluster": (
        "rds",
        "describe_db_clusters",
        "DBClusters",
        {"DBClusterIdentifier": "aurora-pr42"},
        "delete_db_cluster",
    ),
}


class FakeClock:
    def __init__(self):
        self.time = 0.0
        self.slept = []

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds


@pytest.fixture
def clock():
    return FakeClock()


def account(*names, times=1, **refusals):
    services = FakeServices(**refusals)
    for name in names:
        service, operation, key, item, until = THINGS[name]
        services.show(service, operation, key, item, until=until, times=times)
    return services


def swept(services, clock, *, patience=60.0):
    messages = []
    fake = Clock(now=clock.now, sleep=clock.sleep)
    return sweep(services, "pr42", [], patience=patience, say=messages.append, clock=fake), messages


def test_what_others_stand_on_goes_last(clock):
    services = account("role", "vpc", "alias", "subnet", "address", "nat")
    kept, messages = swept(services, clock)
    assert kept == ()
    assert services.changes == [THINGS[name][-1] for name in ("nat", "address", "subnet", "vpc", "role", "alias")]
    assert messages[0] == "removed ec2 nat-gateway nat-1"
    # The services are asked once more whether all of it is gone.
    assert clock.slept == [1.0]


def test_what_is_still_in_use_is_tried_again_later_and_later(clock):
    kept, messages = swept(account("vpc", delete_vpc=["DependencyViolation"] * 6), clock)
    assert kept == ()
    assert clock.slept == [1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]
    assert [line.split(": ")[0] for line in messages] == ["1 still in use; ec2 vpc vpc-1", "removed ec2 vpc vpc-1"]


@pytest.mark.parametrize(
    ("name", "code"), [("vpc", "InvalidVpcID.NotFound"), ("alias", "NotFoundException"), ("role", "NoSuchEntity")]
)
def test_what_is_gone_already_counts_as_removed(clock, name, code):
    kept, messages = swept(account(name, **{THINGS[name][-1]: [code]}), clock)
    assert (kept, len(messages)) == ((), 1)


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"])
def test_nobody_waits_for_a_permission(clock, code):
    kept, _ = swept(account("vpc", "subnet", delete_vpc=[code] * 9), clock)
    assert [(problem.thing.identifier, problem.final) for problem in kept] == [("vpc-1", True)]
    assert clock.slept == []


def test_after_a_while_what_stays_is_reported_with_its_reason(clock):
    kept, _ = swept(account("vpc", "subnet", delete_subnet=["DependencyViolation"] * 99), clock, patience=5.0)
    assert [problem.thing.type for problem in kept] == ["subnet"]
    assert "because" in kept[0].reason
    assert clock.time == 5.0


def test_a_lost_connection_is_tried_again(clock):
    assert swept(account("vpc", delete_vpc=[EndpointConnectionError(endpoint_url="x")]), clock)[0] == ()


def test_the_services_are_asked_until_they_list_nothing(clock):
    """An accepted deletion is not a finished one, and is reported once."""
    services = account("cluster", times=3)
    assert swept(services, clock) == ((), ["removed rds cluster aurora-pr42"])
    assert services.changes == ["delete_db_cluster"] * 3


def test_a_service_that_never_gets_done_is_reported(clock):
    kept, _ = swept(account("vpc", times=99), clock, patience=3.0)
    assert [(problem.thing.identifier, problem.reason) for problem in kept] == [
        ("vpc-1", "its service is still removing it")
    ]


def test_where_nothing_is_unrecorded_nothing_is_changed(clock):
    services = account()
    assert swept(services, clock) == ((), [])
    assert services.changes == []


@pytest.mark.parametrize(("failures", "lists"), [(3, True), (99, False)])
def test_a_service_that_stops_answering_is_asked_again_while_there_is_time(clock, failures, lists):
    services = account("vpc", times=2)
    describe, calls = services.answers["ec2"]["describe_vpcs"], []

    def fail_after_the_first(**arguments):
        calls.append(clock.time)
        if 1 < len(calls) <= 1 + failures:
            raise EndpointConnectionError(endpoint_url="x")
        return describe(**arguments)

    services.answers["ec2"]["describe_vpcs"] = fail_after_the_first
    if lists:
        assert swept(services, clock) == ((), ["removed ec2 vpc vpc-1"])
    else:
        with pytest.raises(PlatformctlError, match="Listing what exists in the cloud failed"):
            swept(services, clock)
        assert clock.time == 60.0
    with pytest.raises(PlatformctlError):
        swept(account("vpc", describe_vpcs=["AccessDenied"]), clock)
