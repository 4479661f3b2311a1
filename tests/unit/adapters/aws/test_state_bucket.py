"""The state bucket: made once, private, and the register of deployments (A2, B15)."""

import json
from dataclasses import replace

import pytest
from botocore.stub import ANY

from orchestrator.adapters.aws.state_bucket import S3StateBucket
from orchestrator.commands.ports import RegisteredDeployment
from orchestrator.engine.environments import LastRun
from orchestrator.errors import PlatformctlError, UsageError
from tests.fakes.cloud import FakeStateBucket
from tests.fakes.errors import error_of
from tests.fakes.s3 import FakeS3
from tests.fakes.states import FakeStates

ACCOUNT = "123456789012"
NAME = "states"
BUCKET = {"Bucket": NAME}
RECORD = "pr42/platformctl.json"
STATE = "pr42/kms/terraform.tfstate"


@pytest.fixture
def bucket(session, s3):
    """The bucket over queued answers."""
    return S3StateBucket(session, NAME)


@pytest.fixture
def objects():
    return FakeS3()


@pytest.fixture
def register(session_of, objects):
    """The bucket over objects in memory."""
    return S3StateBucket(session_of(objects), NAME)


def test_a_bucket_of_ours_exists(bucket, s3):
    s3.add_response("head_bucket", {}, BUCKET | {"ExpectedBucketOwner": ACCOUNT})
    assert bucket.exists() is True


def test_no_bucket(bucket, s3):
    s3.add_client_error("head_bucket", "404", http_status_code=404)
    assert bucket.exists() is False


@pytest.mark.parametrize("code", ["403", "AccessDenied"])
def test_a4_a_bucket_of_somebody_else_is_refused(bucket, s3, code):
    s3.add_client_error("head_bucket", code, http_status_code=403)
    error = error_of(bucket.exists, UsageError)
    assert (error.summary, error.detail) == (
        "The state bucket belongs to somebody else",
        f"Bucket {NAME} exists, and account {ACCOUNT} may not use it.",
    )


def expect_creation(s3):
    """The calls in their order; the bucket is private before anything can be put into it."""
    private = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    for operation, parameters in {
        "create_bucket": {},
        "put_public_access_block": {"PublicAccessBlockConfiguration": dict.fromkeys(private, True)},
        "put_bucket_ownership_controls": {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
        "put_bucket_versioning": {"VersioningConfiguration": {"Status": "Enabled"}},
        "put_bucket_encryption": {"ServerSideEncryptionConfiguration": ANY},
        "put_bucket_lifecycle_configuration": {"LifecycleConfiguration": ANY},
        "put_bucket_policy": {"Policy": ANY},
    }.items():
        s3.add_response(operation, {}, BUCKET | parameters)


def test_a_new_bucket_is_private_versioned_encrypted_and_tls_only(bucket, s3, session):
    sent = {}
    events = session.client("s3").meta.events

    def note(params, model, **_):
        sent[model.name] = params

    events.register("provide-client-params.s3", note)
    expect_creation(s3)
    bucket.create()
    events.unregister("provide-client-params.s3", note)
    (rule,) = sent["PutBucketEncryption"]["ServerSideEncryptionConfiguration"]["Rules"]
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    (rule,) = sent["PutBucketLifecycleConfiguration"]["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["NoncurrentVersionExpiration"]) == ("Enabled", {"NoncurrentDays": 90})
    assert "Expiration" not in rule, "a current state never ends"
    (statement,) = json.loads(sent["PutBucketPolicy"]["Policy"])["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Resource"] == ["arn:aws:s3:::states", "arn:aws:s3:::states/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_states_get_a_key_of_their_own_once(register, kms):
    there = kms.answers["kms"]["list_aliases"]
    kms.answers["kms"] |= {"list_aliases": (), "create_key": {"KeyMetadata": {"KeyId": "2", "Arn": "arn:2"}}}
    register.create()
    assert kms.changes == ["create_key", "create_alias", "enable_key_rotation"]
    register.remove()
    assert len(kms.changes) == 3
    kms.answers["kms"]["list_aliases"] = there
    register.create()
    assert len(kms.changes) == 3
    register.remove()
    assert kms.changes[3:] == ["delete_alias", "schedule_key_deletion"]
    kms.refusals["list_aliases"] = ["AccessDeniedException"]
    with pytest.raises(PlatformctlError, match="Creating bucket states failed"):
        register.create()


def test_a_creation_that_stopped_half_way_can_be_repeated(bucket, s3):
    s3.add_response("create_bucket", {}, BUCKET)
    s3.add_client_error("put_public_access_block", "SlowDown", "later")
    with pytest.raises(PlatformctlError, match="Creating bucket states failed"):
        bucket.create()
    expect_creation(s3)
    bucket.create()


OLD = {"environment": "dev", "created": "2026-01-31T08:15:00+00:00", "account_settings": ["config"]}
NEW = OLD | {
    "version": 1,
    "database_principals": ["arn:aws:iam::1:role/dba"],
    "expires": "2026-01-31T16:15:00+00:00",
    "units": {"kms": [], "vpc": ["kms"]},
    "last_run": {"id": "r", "command": "up", "finished": "2026-01-31T09:00:00+00:00", "exit_code": 1},
}
PR42 = RegisteredDeployment(
    suffix="pr42", environment="dev", created="2026-01-31T08:15:00+00:00", settings={"account_settings": ("config",)}
)
LIVELY = replace(
    PR42,
    settings=PR42.settings | {"database_principals": ("arn:aws:iam::1:role/dba",)},
    expires="2026-01-31T16:15:00+00:00",
    units={"kms": (), "vpc": ("kms",)},
    last_run=LastRun(id="r", command="up", finished="2026-01-31T09:00:00+00:00", exit_code=1),
)
EMPTY = RegisteredDeployment(suffix="pr42", environment="", created="")


@pytest.mark.parametrize(("record", "expected"), [(NEW, LIVELY), (OLD, PR42), ({}, EMPTY), ({"expires": None}, EMPTY)])
def test_b15_records_of_every_age_are_read(register, objects, record, expected):
    objects.objects[RECORD] = json.dumps(record)
    assert register.deployment("pr42") == expected
    assert register.deployments() == (expected,)


def test_b15_a_deployment_is_registered_under_its_suffix(register, objects):
    register.update("pr42", lambda known: LIVELY if known is None else None)
    assert json.loads(objects.objects[RECORD]) == NEW


def test_b15_what_a_newer_platformctl_wrote_survives_a_change(register, objects):
    unknown = {"new": 1, "nested": {"a": [None]}, "mixed": ["a", 1], "texts": ["a"]}
    objects.objects[RECORD] = json.dumps(OLD | unknown)
    register.update("pr42", lambda known: replace(known, expires=LIVELY.expires))
    expected = {"version": 1, "units": {}, "last_run": None, "expires": LIVELY.expires}
    assert json.loads(objects.objects[RECORD]) == OLD | unknown | expected


UNREADABLE = [
    ("{", "is not JSON"),
    ("\xff", "is not JSON"),
    ("[" * 100_000, "is not JSON"),
    ('{"units": {"kms": [NaN]}}', "is not JSON"),
    ("[]", "is not a record of the register: Expected `object`, got `array`"),
    ("null", "is not a record of the register: Expected `object`, got `null`"),
    ('{"environment": 5}', "is not a record of the register: Expected `str`, got `int` - at `$.environment`"),
    ('{"units": {"kms": "vpc"}}', "is not a record of the register: Expected `array`, got `str` - at `$.units[...]`"),
    ('{"created": "yesterday"}', "is not a record of the register: Expected a date and time - at `$.created`"),
    ('{"last_run": {"id": "r"}}', "is not a record of the register: Object missing required field"),
]


@pytest.mark.parametrize(("text", "why"), UNREADABLE)
def test_b15_a_record_that_is_none_is_named_with_what_to_do(register, objects, text, why):
    objects.objects[RECORD] = text
    for call in (register.deployment, lambda suffix: register.update(suffix, lambda _known: PR42)):
        with pytest.raises(PlatformctlError) as caught:
            call("pr42")
        assert caught.value.summary == "A record of the register cannot be read"
        assert caught.value.detail.startswith(f"s3://states/{RECORD} {why}")
        assert f"aws s3api list-object-versions --bucket states --prefix {RECORD}" in caught.value.hint
        assert "platformctl up --suffix pr42" in caught.value.hint
    assert objects.objects[RECORD] == text


def test_b15_the_record_of_a_newer_version_is_not_touched(register, objects):
    objects.objects[RECORD] = '{"version": 2}'
    error = error_of(lambda: register.deployment("pr42"))
    assert error.detail == 'The record of "pr42" has version 2; this platformctl knows version 1.'


def test_b15_what_another_machine_wrote_meanwhile_is_not_lost(register, objects):
    objects.objects[RECORD] = json.dumps(OLD)
    seen = []

    def change(known):
        seen.append(known.environment)
        if len(seen) == 1:
            objects.objects[RECORD] = json.dumps(OLD | {"environment": "prod"})
        return replace(LIVELY, environment=known.environment)

    register.update("pr42", change)
    assert seen == ["dev", "prod"]
    assert json.loads(objects.objects[RECORD]) == NEW | {"environment": "prod"}


def test_b15_a_record_that_was_deleted_meanwhile_is_written_anew(register, objects):
    objects.objects[RECORD] = json.dumps(OLD)

    def change(known):
        objects.objects.clear()
        return replace(LIVELY, environment=known.environment if known else "new")

    register.update("pr42", change)
    assert json.loads(objects.objects[RECORD])["environment"] == "new"


def test_b15_a_conflict_of_two_writes_is_tried_again(bucket, s3):
    for code, status in (("ConditionalRequestConflict", 409), ("PreconditionFailed", 412)):
        s3.add_client_error("get_object", "NoSuchKey", http_status_code=404)
        s3.add_client_error("put_object", code, http_status_code=status)
    s3.add_client_error("get_object", "NoSuchKey", http_status_code=404)
    where = BUCKET | {"Key": RECORD, "Body": ANY, "ContentType": "application/json", "IfNoneMatch": "*"}
    s3.add_response("put_object", {}, where)
    bucket.update("pr42", lambda _known: PR42)


@pytest.mark.parametrize("change", [lambda _known: None, lambda known: known, lambda _known: LIVELY])
def test_nothing_is_written_where_nothing_changes(register, objects, change):
    objects.objects[RECORD] = json.dumps(NEW)
    register.update("pr42", change)
    assert objects.calls == [f"get {RECORD}"]


def test_b15_a_register_that_others_change_all_the_time_is_given_up_with_an_explanation(register, objects):
    def change(_known):
        objects.objects[RECORD] = json.dumps(OLD | {"n": len(objects.calls)})
        return LIVELY

    error = error_of(lambda: register.update("pr42", change))
    assert (error.summary, error.detail) == (
        "Registering pr42 failed",
        f"Other machines changed s3://states/{RECORD} 10 times while this one tried to.",
    )


def test_c8_resources_are_counted_and_values_stay_where_they_are(register, objects):
    kinds = [("managed", 2), ("data", 1), ("managed", 1)]
    state = {
        "version": 4,
        "outputs": {"password": {"value": "hunter2", "sensitive": True}},
        "resources": [{"mode": mode, "type": "aws_x", "instances": [{}] * number} for mode, number in kinds],
    }
    objects.objects[STATE] = json.dumps(state)
    assert register.resources(STATE) == 3
    objects.objects[STATE] = "hunter2"
    error = error_of(lambda: register.resources(STATE))
    assert error.detail == f"s3://states/{STATE} is not JSON."
    assert "hunter2" not in str(error.__cause__)
    del objects.objects[STATE]
    assert register.resources(STATE) == 0


@pytest.mark.parametrize("objects", [FakeS3(), FakeS3(objects=None)])
def test_b15_a_suffix_that_nobody_registered_is_free(session_of, objects):
    assert S3StateBucket(session_of(objects), NAME).deployment("pr42") is None


@pytest.mark.parametrize("kind", ["S3", "fake"])
def test_a2_b15_the_bucket_and_its_fake_behave_alike(session_of, kind):
    """Everything that the use cases ask of the port, on the adapter and on the fake that stands for it."""
    other = "pr7/dev/vpc/terraform.tfstate"
    state = json.dumps({"version": 4, "resources": [{"mode": "managed", "type": "aws_x", "instances": [{}, {}]}]})
    objects, states = FakeS3(objects={STATE: state, other: state}), FakeStates()
    for key in (STATE, other):
        states.put(key, resources=2)
    bucket = S3StateBucket(session_of(objects), NAME) if kind == "S3" else FakeStateBucket(states=states)
    assert (bucket.exists(), bucket.name, bucket.deployments(), bucket.deployment("pr42")) == (True, NAME, (), None)
    bucket.update("pr42", lambda _known: None)
    assert bucket.deployment("pr42") is None
    bucket.update("pr7", lambda _known: replace(PR42, suffix="pr7"))
    bucket.update("pr42", lambda known: replace(PR42, units={"kms": ()}) if known is None else known)
    bucket.update("pr42", lambda known: replace(known, expires="2026-02-01T00:00:00+00:00"))
    known = replace(PR42, units={"kms": ()}, expires="2026-02-01T00:00:00+00:00")
    assert bucket.deployments() == (known, replace(PR42, suffix="pr7"))
    assert bucket.keys("pr42/") == (STATE, RECORD)
    assert len(bucket.keys()) == 4
    assert (bucket.resources(STATE), bucket.resources("pr42/gone/terraform.tfstate")) == (2, 0)
    assert bucket.unregister("pr42") is False
    for held in (objects.objects, states.states):
        del held[STATE]
    assert bucket.unregister("pr42") is True
    assert (bucket.keys("pr42/"), bucket.deployment("pr42")) == ((), None)
    bucket.update("pr42", lambda _known: LIVELY)
    assert bucket.deployment("pr42") == LIVELY
    bucket.remove()
    assert bucket.exists() is False
    bucket.create()
    assert (bucket.exists(), bucket.keys()) == (True, ())


def test_keys_of_all_pages(bucket, s3):
    page = {"Contents": [{"Key": "a"}], "IsTruncated": True, "NextContinuationToken": "next"}
    s3.add_response("list_objects_v2", page)
    where = BUCKET | {"Prefix": "", "ContinuationToken": "next"}
    s3.add_response("list_objects_v2", {"Contents": [{"Key": "b"}]}, where)
    assert bucket.keys() == ("a", "b")


def test_removing_deletes_every_version_first(bucket, s3):
    versions = {
        "Versions": [{"Key": "a", "VersionId": "1"}, {"Key": "a", "VersionId": "2"}],
        "DeleteMarkers": [{"Key": "a", "VersionId": "3"}],
    }
    s3.add_response("list_object_versions", versions, BUCKET)
    for version in ("1", "2", "3"):
        s3.add_response("delete_object", {}, BUCKET | {"Key": "a", "VersionId": version})
    s3.add_response("delete_bucket", {}, BUCKET)
    bucket.remove()


CALLS = {
    "head_bucket": lambda bucket: bucket.exists(),
    "create_bucket": lambda bucket: bucket.create(),
    "get_object": lambda bucket: bucket.deployment("pr42"),
    "get_object ": lambda bucket: bucket.resources(STATE),
    "list_objects_v2": lambda bucket: bucket.keys(),
    "list_objects_v2 ": lambda bucket: bucket.unregister("pr42"),
    "list_object_versions": lambda bucket: bucket.remove(),
}


@pytest.mark.parametrize("operation", CALLS)
def test_a_refusal_is_an_error_of_ours_and_no_absence(bucket, s3, operation):
    s3.add_client_error(operation.strip(), "InternalError", "not now", http_status_code=500)
    with pytest.raises(PlatformctlError, match=r" failed$") as caught:
        CALLS[operation](bucket)
    assert "not now" in caught.value.detail


def test_a_refusal_to_write_is_an_error_of_ours(bucket, s3):
    s3.add_client_error("get_object", "NoSuchKey", http_status_code=404)
    s3.add_client_error("put_object", "AccessDenied", "not you", http_status_code=403)
    with pytest.raises(PlatformctlError, match=r"^Registering pr42 failed$"):
        bucket.update("pr42", lambda _known: PR42)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_no_connection_is_an_error_of_ours(offline, call):
    with pytest.raises(PlatformctlError, match=r" failed$"):
        call(S3StateBucket(offline, NAME))
