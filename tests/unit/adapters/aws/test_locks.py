"""Locks that a killed Terraform leaves: who holds them, and that only a dead one's own lock is released (C6)."""

import json
import os
import socket

import pytest

from orchestrator.adapters.aws import locks as module
from orchestrator.adapters.aws.locks import RECOVERY, DeploymentLocks, StateLock, state_keys, this_user
from orchestrator.adapters.processes import start_time
from orchestrator.errors import PlatformctlError
from tests.fakes.s3 import FakeS3

KEY = "pr42/vpc/terraform.tfstate.tflock"
# As Terraform 1.11 writes it.
FIELDS = {
    "ID": "2a6e1d3c-0f7e-6b0e-8f60-6d9c2f0d6a11",
    "Operation": "OperationTypeApply",
    "Info": "",
    "Who": "ada@build-7",
    "Version": "1.11.4",
    "Created": "2026-01-31T08:15:04.123456789Z",
    "Path": "states/pr42/vpc/terraform.tfstate",
}


@pytest.fixture
def objects():
    return FakeS3(objects={KEY: json.dumps(FIELDS)})


def locks_of(session):
    return DeploymentLocks(session=session, bucket="states", suffix="pr42")


@pytest.fixture
def locks(session_of, objects):
    """The locks over objects in memory."""
    return locks_of(session_of(objects))


@pytest.fixture
def queued(session, s3):
    """The locks over queued answers."""
    return locks_of(session)


def test_a_deployment_without_locks_costs_one_call(locks, objects):
    objects.objects = {"pr42/platformctl.json": "{}", "pr42/vpc/terraform.tfstate": "{}"}
    assert locks.list() == ()
    assert objects.calls == ["list"]


def test_where_there_is_no_bucket_there_is_no_lock(session_of):
    assert locks_of(session_of(FakeS3(objects=None))).list() == ()


def test_another_answer_is_an_error_and_no_absence(queued, s3):
    s3.add_client_error("list_objects_v2", "AccessDenied", "not you", http_status_code=403)
    with pytest.raises(PlatformctlError, match="Looking for locks in bucket states failed"):
        queued.list()


def test_states_and_locks_are_told_apart(locks, objects):
    states = ("pr42/a/terraform.tfstate", "pr42/b/c/terraform.tfstate")
    objects.objects |= dict.fromkeys((*states, "pr42/platformctl.json", "pr421/a/terraform.tfstate"), "{}")
    assert state_keys(locks.session, "states", "pr42") == states
    assert [lock.key for lock in locks.list()] == [KEY]
    assert [locks.unit_of(key) for key in (*states, KEY)] == ["a", "b/c", "vpc"]


def test_c6_a_lock_says_who_holds_it_since_when_and_for_what(locks):
    (lock,) = locks.list()
    assert (lock.unit, lock.key, lock.id, lock.version) == ("vpc", KEY, FIELDS["ID"], "1.11.4")
    assert str(lock) == 'unit "vpc": ada@build-7 since 2026-01-31T08:15:04Z, for apply'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not a Terraform lock"),
        ('{"Who": "ada@build-7"}', "is not a Terraform lock"),
        ('{"ID": 5}', "is not a Terraform lock"),
    ],
)
def test_a_lock_that_cannot_be_read_says_so_and_counts_as_held(locks, objects, text, fault):
    objects.objects[KEY] = text
    (lock,) = locks.list()
    assert str(lock) == f'unit "vpc": {KEY} {fault}'
    assert not locks.is_left_behind(lock, working=())


def test_a_lock_that_went_since_it_was_listed_is_none(queued, s3):
    s3.add_response("list_objects_v2", {"Contents": [{"Key": KEY}]}, {"Bucket": "states", "Prefix": "pr42/"})
    s3.add_client_error("get_object", "NoSuchKey", http_status_code=404)
    assert queued.list() == ()


LOCK = StateLock(unit="vpc", key=KEY, etag='"one"', id="1")
WHERE = {"Bucket": "states", "Key": KEY}


def test_a_lock_is_released_only_if_it_is_the_same(queued, s3):
    s3.add_response("head_object", {"ETag": '"one"'}, WHERE)
    s3.add_response("delete_object", {}, WHERE | {"IfMatch": '"one"'})
    assert queued.release(LOCK) is True


def test_a_lock_that_has_changed_hands_stays(locks, objects):
    (lock,) = locks.list()
    objects.objects[KEY] = json.dumps(FIELDS | {"ID": "another"})
    assert locks.release(lock) is False
    assert KEY in objects.objects


def test_a_lock_that_changes_hands_at_this_moment_stays(queued, s3):
    s3.add_response("head_object", {"ETag": '"one"'}, WHERE)
    s3.add_client_error("delete_object", "PreconditionFailed", http_status_code=412)
    assert queued.release(LOCK) is False


@pytest.mark.parametrize(("code", "status"), [("NotImplemented", 501), ("InvalidArgument", 400)])
def test_where_deletes_take_no_condition_the_comparison_before_it_has_to_do(queued, s3, code, status):
    s3.add_response("head_object", {"ETag": '"one"'}, WHERE)
    s3.add_client_error("delete_object", code, http_status_code=status)
    s3.add_response("delete_object", {}, WHERE)
    assert queued.release(LOCK) is True


def test_a_lock_that_has_gone_by_itself_is_released(locks, objects):
    objects.objects.clear()
    assert locks.release(LOCK) is True


def test_a_refusal_is_an_error_of_ours(queued, s3):
    s3.add_response("head_object", {"ETag": '"one"'}, WHERE)
    s3.add_client_error("delete_object", "AccessDenied", "not you", http_status_code=403)
    with pytest.raises(PlatformctlError, match=f"Releasing {KEY} failed"):
        queued.release(LOCK)


@pytest.mark.parametrize(
    "call", [lambda locks: locks.list(), lambda locks: locks.release(LOCK), lambda locks: locks.hold(["a"]).__enter__()]
)
def test_no_connection_is_an_error_of_ours(offline, call):
    with pytest.raises(PlatformctlError, match=r" failed$"):
        call(locks_of(offline))


def test_states_are_locked_as_terraform_does_it_and_released_afterwards(locks, objects):
    objects.objects.clear()
    with locks.hold(["b", "a"]):
        assert sorted(objects.objects) == ["a.tflock", "b.tflock"]
        fields = json.loads(objects.objects["a.tflock"])
        assert fields.keys() == FIELDS.keys()
        assert (fields["Who"], fields["Operation"], fields["Path"]) == (this_user(), RECOVERY, "states/a")
    assert objects.objects == {}


def test_somebody_who_is_faster_is_not_disturbed(locks, objects):
    objects.objects = {"b.tflock": "theirs"}
    with pytest.raises(PlatformctlError) as caught, locks.hold(["a", "b"]):
        pytest.fail("somebody else is at work")
    assert caught.value.detail == "b.tflock was taken a moment ago."
    assert objects.objects == {"b.tflock": "theirs"}


def test_this_user_is_called_what_terraform_calls_them(monkeypatch):
    name, host = this_user().split("@")
    assert (bool(name), host) == (True, socket.gethostname())

    def unknown(_number):
        raise KeyError

    monkeypatch.setattr(module.pwd, "getpwuid", unknown)
    monkeypatch.setenv("USER", "nobody-in-particular")
    assert this_user() == f"nobody-in-particular@{socket.gethostname()}"


LOCKS = locks_of(None)


def lock_of(**fields):
    return StateLock(**{"unit": "vpc", "key": KEY, "etag": "", "id": "1", "who": this_user()} | fields)


@pytest.mark.parametrize(("working", "dead"), [((), True), ({"kms"}, True), ({"vpc"}, False)])
def test_c6_a_lock_of_ours_is_left_behind_unless_its_terraform_lives(working, dead):
    assert LOCKS.is_left_behind(lock_of(), working=working) is dead


@pytest.mark.parametrize("who", ["", "ada@elsewhere", "somebody-else@{host}", "@"])
def test_c6_a_lock_of_another_user_or_machine_is_never_certain(who):
    who = who.format(host=socket.gethostname())
    assert not LOCKS.is_left_behind(lock_of(who=who), working=())


@pytest.mark.parametrize(
    ("info", "dead"),
    [
        ("{pid} {started}", False),
        ("{pid} of another start", True),
        ("4194399 1", True),
        ("written by hand", False),
        ("", False),
    ],
)
def test_a_lock_that_a_recovery_holds_is_left_behind_when_that_process_has_ended(info, dead):
    info = info.format(pid=os.getpid(), started=start_time(os.getpid()))
    assert LOCKS.is_left_behind(lock_of(operation=RECOVERY, info=info), working=()) is dead
