"""The state bucket: made once, private, and the register of deployments (A2, B15)."""

import io
import json
from dataclasses import replace

import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY

from orchestrator.adapters.aws.state_bucket import Deployment, StateBucket, state_keys
from orchestrator.engine.environments import LastRun
from orchestrator.errors import PlatformctlError, UsageError
from tests.fakes.live_tree import LiveTree

ACCOUNT = "123456789012"
NAME = "states"
BUCKET = {"Bucket": NAME}
RECORD = {"Bucket": NAME, "Key": "pr42/platformctl.json"}
PR42 = Deployment(suffix="pr42", environment="dev", created="2026-01-31T08:15:00+00:00", account_settings=("config",))


@pytest.fixture
def bucket(session, s3):
    return StateBucket(session, NAME)


def test_a_bucket_of_ours_exists(bucket, s3):
    s3.add_response("head_bucket", {}, BUCKET | {"ExpectedBucketOwner": ACCOUNT})
    assert bucket.exists() is True


def test_no_bucket(bucket, s3):
    s3.add_client_error("head_bucket", "404", http_status_code=404)
    assert bucket.exists() is False


@pytest.mark.parametrize("code", ["403", "AccessDenied"])
def test_a4_a_bucket_of_somebody_else_is_refused(bucket, s3, code):
    s3.add_client_error("head_bucket", code, http_status_code=403)
    with pytest.raises(UsageError) as caught:
        bucket.exists()
    error = caught.value
    assert (error.summary, error.detail) == (
        "The state bucket is not ours to use",
        f"Bucket {NAME} exists, and account {ACCOUNT} may not use it.",
    )


def test_another_answer_is_an_error_and_no_absence(bucket, s3):
    s3.add_client_error("head_bucket", "500", "later", http_status_code=500)
    with pytest.raises(PlatformctlError, match="Looking for bucket states failed"):
        bucket.exists()


def expect_creation(s3):
    """The calls in their order; the bucket is private before anything can be put into it."""
    s3.add_response("create_bucket", {}, BUCKET)
    s3.add_response(
        "put_public_access_block",
        {},
        BUCKET
        | {
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            }
        },
    )
    s3.add_response(
        "put_bucket_ownership_controls",
        {},
        BUCKET | {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
    )
    s3.add_response("put_bucket_versioning", {}, BUCKET | {"VersioningConfiguration": {"Status": "Enabled"}})
    s3.add_response("put_bucket_encryption", {}, BUCKET | {"ServerSideEncryptionConfiguration": ANY})
    s3.add_response("put_bucket_lifecycle_configuration", {}, BUCKET | {"LifecycleConfiguration": ANY})
    s3.add_response("put_bucket_policy", {}, BUCKET | {"Policy": ANY})


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
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms"}
    (rule,) = sent["PutBucketLifecycleConfiguration"]["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["NoncurrentVersionExpiration"]) == ("Enabled", {"NoncurrentDays": 90})
    assert "Expiration" not in rule, "a current state never ends"
    (statement,) = json.loads(sent["PutBucketPolicy"]["Policy"])["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Resource"] == ["arn:aws:s3:::states", "arn:aws:s3:::states/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_creation_that_stopped_half_way_can_be_repeated(bucket, s3):
    s3.add_response("create_bucket", {}, BUCKET)
    s3.add_client_error("put_public_access_block", "SlowDown", "later")
    with pytest.raises(PlatformctlError, match="Creating bucket states failed"):
        bucket.create()
    expect_creation(s3)
    bucket.create()


OLD = b'{"environment": "dev", "created": "2026-01-31T08:15:00+00:00", "account_settings": ["config"]}'
NEW = (
    OLD[:-1]
    + b', "database_principals": ["arn:aws:iam::1:role/dba"], "expires": "2026-01-31T16:15:00+00:00", "units": {"kms": [], "vpc": ["kms"]}, '
    b'"last_run": {"id": "r", "command": "up", "finished": "2026-01-31T09:00:00+00:00", "exit_code": 1}}'
)
LIVELY = replace(
    PR42,
    database_principals=("arn:aws:iam::1:role/dba",),
    expires="2026-01-31T16:15:00+00:00",
    units={"kms": (), "vpc": ("kms",)},
    last_run=LastRun(id="r", command="up", finished="2026-01-31T09:00:00+00:00", exit_code=1),
)
WRITTEN = RECORD | {"ContentType": "application/json"}


def holds(s3, record, tag='"1"'):
    s3.add_response("get_object", {"Body": StreamingBody(io.BytesIO(record), len(record)), "ETag": tag}, RECORD)


def absent(s3):
    s3.add_client_error("get_object", "NoSuchKey", http_status_code=404, expected_params=RECORD)


def test_b15_a_deployment_is_registered_under_its_suffix(bucket, s3):
    absent(s3)
    s3.add_response("put_object", {}, WRITTEN | {"Body": NEW, "IfNoneMatch": "*"})
    bucket.update("pr42", lambda known: LIVELY if known is None else None)
    holds(s3, NEW)
    assert bucket.deployment("pr42") == LIVELY


def test_b15_a_record_from_before_there_were_times_to_live_is_read(bucket, s3):
    holds(s3, OLD)
    assert bucket.deployment("pr42") == PR42
    assert (PR42.expires, PR42.units, PR42.last_run) == (None, {}, None)


def test_fields_of_a_newer_platformctl_do_not_keep_a_record_from_being_read(bucket, s3):
    holds(s3, NEW.replace(b'"exit_code": 1', b'"exit_code": 1, "mood": "good"').replace(b"{", b'{"new": 1, ', 1))
    assert bucket.deployment("pr42") == LIVELY


def test_b15_a_record_is_changed_only_if_it_is_still_the_one_that_was_read(bucket, s3):
    holds(s3, OLD, tag='"7"')
    s3.add_response("put_object", {}, WRITTEN | {"Body": NEW, "IfMatch": '"7"'})
    bucket.update("pr42", lambda known: replace(LIVELY, created=known.created))


@pytest.mark.parametrize(("code", "status"), [("PreconditionFailed", 412), ("ConditionalRequestConflict", 409)])
def test_b15_what_another_machine_wrote_meanwhile_is_not_lost(bucket, s3, code, status):
    holds(s3, OLD, tag='"7"')
    s3.add_client_error("put_object", code, http_status_code=status)
    holds(s3, OLD.replace(b"dev", b"prod"), tag='"8"')
    expected = json.dumps(json.loads(NEW.replace(b"dev", b"prod"))).encode()
    s3.add_response("put_object", {}, WRITTEN | {"Body": expected, "IfMatch": '"8"'})
    bucket.update("pr42", lambda known: replace(LIVELY, environment=known.environment))


def test_b15_a_record_that_was_deleted_meanwhile_is_written_anew(bucket, s3):
    holds(s3, OLD, tag='"7"')
    s3.add_client_error("put_object", "NoSuchKey", http_status_code=404)
    absent(s3)
    s3.add_response("put_object", {}, WRITTEN | {"Body": NEW, "IfNoneMatch": "*"})
    bucket.update("pr42", lambda _known: LIVELY)


@pytest.mark.parametrize("change", [lambda _known: None, lambda known: known, lambda _known: LIVELY])
def test_nothing_is_written_where_nothing_changes(bucket, s3, change):
    holds(s3, NEW)
    bucket.update("pr42", change)


def test_b15_a_register_that_others_change_all_the_time_is_given_up_with_an_explanation(bucket, s3):
    for _ in range(10):
        holds(s3, OLD)
        s3.add_client_error("put_object", "PreconditionFailed", http_status_code=412)
    with pytest.raises(PlatformctlError) as caught:
        bucket.update("pr42", lambda _known: LIVELY)
    assert (caught.value.summary, caught.value.detail) == (
        "Registering pr42 failed",
        "Other machines changed s3://states/pr42/platformctl.json 10 times while this one tried to.",
    )


KEY = "pr42/kms/terraform.tfstate"


def test_c8_resources_are_counted_and_values_stay_where_they_are(bucket, s3):
    state = {
        "version": 4,
        "outputs": {"password": {"value": "hunter2", "sensitive": True}},
        "resources": [
            {"mode": "managed", "instances": [{}, {}]},
            {"mode": "data", "instances": [{}]},
            {"mode": "managed", "instances": [{}]},
        ],
    }
    text = json.dumps(state).encode()
    s3.add_response("get_object", {"Body": StreamingBody(io.BytesIO(text), len(text))}, BUCKET | {"Key": KEY})
    assert bucket.resources(KEY) == 3
    s3.add_response("get_object", {"Body": StreamingBody(io.BytesIO(b"hunter2"), 7)}, BUCKET | {"Key": KEY})
    with pytest.raises(PlatformctlError) as caught:
        bucket.resources(KEY)
    assert caught.value.detail == f"s3://states/{KEY} is not JSON."
    assert "hunter2" not in str(caught.value.__cause__)


def test_a_state_that_has_gone_meanwhile_holds_nothing(bucket, s3):
    s3.add_client_error("get_object", "NoSuchKey", http_status_code=404)
    assert bucket.resources(KEY) == 0


def test_the_keys_of_states_are_those_that_the_live_tree_says(tmp_path):
    assert state_keys(LiveTree(tmp_path).standard().load()) == {
        name: f"pr42/dev/{name}/terraform.tfstate" for name in ("api", "docs", "kms", "vpc")
    }


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchBucket"])
def test_b15_a_suffix_that_nobody_registered_is_free(bucket, s3, code):
    s3.add_client_error("get_object", code, http_status_code=404, expected_params=RECORD)
    assert bucket.deployment("pr42") is None


def listing(s3, *keys, prefix="pr42/"):
    s3.add_response(
        "list_objects_v2", {"Contents": [{"Key": key} for key in keys]} if keys else {}, BUCKET | {"Prefix": prefix}
    )


def test_a2_a_deployment_without_states_is_taken_off_the_register(bucket, s3):
    listing(s3, "pr42/platformctl.json")
    s3.add_response("delete_object", {}, RECORD)
    assert bucket.unregister("pr42") is True


def test_a2_a_deployment_with_a_state_stays_on_it(bucket, s3):
    listing(s3, "pr42/platformctl.json", "pr42/vpc/terraform.tfstate")
    assert bucket.unregister("pr42") is False


def test_keys_of_all_pages(bucket, s3):
    s3.add_response(
        "list_objects_v2", {"Contents": [{"Key": "a"}], "IsTruncated": True, "NextContinuationToken": "next"}
    )
    s3.add_response(
        "list_objects_v2", {"Contents": [{"Key": "b"}]}, BUCKET | {"Prefix": "", "ContinuationToken": "next"}
    )
    assert bucket.keys() == ("a", "b")


def test_removing_deletes_every_version_first(bucket, s3):
    s3.add_response(
        "list_object_versions",
        {
            "Versions": [{"Key": "a", "VersionId": "1"}, {"Key": "a", "VersionId": "2"}],
            "DeleteMarkers": [{"Key": "a", "VersionId": "3"}],
        },
        BUCKET,
    )
    for version in ("1", "2", "3"):
        s3.add_response("delete_object", {}, BUCKET | {"Key": "a", "VersionId": version})
    s3.add_response("delete_bucket", {}, BUCKET)
    bucket.remove()


CALLS = {
    "exists": lambda bucket: bucket.exists(),
    "create": lambda bucket: bucket.create(),
    "deployment": lambda bucket: bucket.deployment("pr42"),
    "update": lambda bucket: bucket.update("pr42", lambda _known: PR42),
    "resources": lambda bucket: bucket.resources(KEY),
    "keys": lambda bucket: bucket.keys(),
    "unregister": lambda bucket: bucket.unregister("pr42"),
    "remove": lambda bucket: bucket.remove(),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_no_connection_is_an_error_of_ours(offline, call):
    with pytest.raises(PlatformctlError) as caught:
        call(StateBucket(offline, NAME))
    assert caught.value.summary.endswith(" failed")


@pytest.mark.parametrize(
    ("call", "operation"),
    [
        ("deployment", "get_object"),
        ("update", "get_object"),
        ("resources", "get_object"),
        ("keys", "list_objects_v2"),
        ("unregister", "list_objects_v2"),
        ("remove", "list_object_versions"),
    ],
)
def test_a_refusal_is_an_error_of_ours(bucket, s3, call, operation):
    s3.add_client_error(operation, "AccessDenied", "not you", http_status_code=403)
    with pytest.raises(PlatformctlError) as caught:
        CALLS[call](bucket)
    assert caught.value.summary.endswith(" failed")
    assert "not you" in caught.value.detail


def test_a_refusal_to_write_is_an_error_of_ours(bucket, s3):
    absent(s3)
    s3.add_client_error("put_object", "AccessDenied", "not you", http_status_code=403)
    with pytest.raises(PlatformctlError, match="Registering pr42 failed"):
        CALLS["update"](bucket)
