"""Removal goes on in rounds until nothing is left, gives up where waiting cannot help, and says what stayed (B12)."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from orchestrator.adapters.aws.sweep import Clock, Unrecorded, remove, sweep
from orchestrator.adapters.aws.sweep import sweeping as module


class Cloud:
    """Clients of every service that note each call; ``refusals`` lists, by operation, the errors to come first."""

    def __init__(self, **refusals):
        self.refusals = {name: list(errors) for name, errors in refusals.items()}
        self.calls = []

    def __call__(self, service):
        self.service = service
        return self

    def __getattr__(self, operation):
        def call(**arguments):
            waiting = self.refusals.get(operation, [])
            self.calls.append(operation)
            if waiting:
                error = waiting.pop(0)
                raise error if isinstance(error, Exception) else refused(error)
            return {}

        return call


class FakeClock:
    def __init__(self):
        self.time = 0.0
        self.slept = []

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds


def refused(code):
    return ClientError({"Error": {"Code": code, "Message": "because"}}, "Operation")


def thing(service, kind, identifier):
    return Unrecorded(service=service, type=kind, identifier=identifier)


VPC, SUBNET, NAT = (
    thing("ec2", "vpc", "vpc-1"),
    thing("ec2", "subnet", "subnet-1"),
    thing("ec2", "nat-gateway", "nat-1"),
)
ADDRESS, KEY, ALIAS = (
    thing("ec2", "address", "eipalloc-1"),
    thing("kms", "key", "k"),
    thing("kms", "alias", "alias/k-pr42"),
)


@pytest.fixture
def clock():
    return FakeClock()


def removed(cloud, *things, clock, patience=60.0):
    said = []
    fake = Clock(now=clock.now, sleep=clock.sleep)
    return remove(cloud, things, patience=patience, say=said.append, clock=fake), said


def test_what_others_stand_on_goes_last(clock):
    cloud = Cloud()
    kept, said = removed(cloud, VPC, KEY, SUBNET, ALIAS, ADDRESS, NAT, clock=clock)
    assert kept == ()
    assert cloud.calls == [
        "delete_nat_gateway",
        "release_address",
        "delete_subnet",
        "delete_vpc",
        "delete_alias",
        "schedule_key_deletion",
    ]
    assert said[0] == "removed ec2 nat-gateway nat-1"
    assert clock.slept == []


def test_what_is_still_in_use_is_tried_again_later_and_later(clock):
    cloud = Cloud(delete_vpc=["DependencyViolation"] * 6)
    kept, said = removed(cloud, VPC, clock=clock)
    assert kept == ()
    assert clock.slept == [1.0, 2.0, 4.0, 8.0, 15.0, 15.0]
    assert next(line for line in said if "still in use" in line).startswith("1 still in use; ec2 vpc vpc-1: ")


def test_what_has_gone_by_itself_is_removed(clock):
    cloud = Cloud(delete_vpc=["InvalidVpcID.NotFound"], schedule_key_deletion=["NotFoundException"])
    kept, said = removed(cloud, VPC, KEY, clock=clock)
    assert (kept, len(said)) == ((), 2)


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"])
def test_nobody_waits_for_a_permission(clock, code):
    kept, _ = removed(Cloud(delete_vpc=[code] * 9), VPC, SUBNET, clock=clock)
    assert [(problem.thing, problem.final) for problem in kept] == [(VPC, True)]
    assert clock.slept == []


def test_after_a_while_what_stays_is_told_with_its_reason(clock):
    kept, _ = removed(Cloud(delete_subnet=["DependencyViolation"] * 99), VPC, SUBNET, clock=clock, patience=5.0)
    assert [problem.thing for problem in kept] == [SUBNET]
    assert "because" in kept[0].reason
    assert clock.time == 5.0


def test_a_lost_connection_is_tried_again(clock):
    cloud = Cloud(delete_vpc=[EndpointConnectionError(endpoint_url="x")])
    assert removed(cloud, VPC, clock=clock)[0] == ()


def swept(monkeypatch, cloud, rounds, clock, *, patience=60.0):
    """Sweep where the services list these things, round by round."""
    listed = iter(rounds)
    monkeypatch.setattr(module, "unrecorded", lambda *_arguments, **_options: next(listed))
    fake = Clock(now=clock.now, sleep=clock.sleep)
    return sweep(cloud, "pr42", [], patience=patience, say=lambda _line: None, clock=fake)


def test_the_services_are_asked_until_they_list_nothing(monkeypatch, clock):
    """A deletion that was accepted is no deletion yet; and what was being made at the time of the crash may appear late."""
    cloud = Cloud()
    cluster = thing("rds", "cluster", "aurora-pr42")
    assert swept(monkeypatch, cloud, [(cluster, VPC), (cluster,), ()], clock) == ()
    assert cloud.calls == ["delete_db_cluster", "delete_vpc", "delete_db_cluster"]


def test_a_service_that_never_gets_done_is_told(monkeypatch, clock):
    kept = swept(monkeypatch, Cloud(), [(VPC,)] * 9, clock, patience=3.0)
    assert [(problem.thing, problem.reason) for problem in kept] == [(VPC, "its service is still removing it")]


def test_where_nothing_is_unrecorded_nothing_is_called(monkeypatch, clock):
    cloud = Cloud()
    assert swept(monkeypatch, cloud, [()], clock) == ()
    assert cloud.calls == []
