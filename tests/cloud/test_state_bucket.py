"""The register of deployments on the local cloud: what several machines write at once is not lost (B15)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from orchestrator.adapters.aws.session import local_session
from orchestrator.adapters.aws.state_bucket import S3StateBucket
from orchestrator.commands.ports import RegisteredDeployment

PR42 = RegisteredDeployment(suffix="pr42", environment="dev", created="2026-01-31T08:15:00+00:00")
# Together fewer changes than one machine tries: whatever the order, nobody has to give up.
MACHINES, CHANGES = 3, 3


@pytest.fixture
def bucket(cloud, name):
    status = cloud.status()
    session = local_session(cloud.environment(), endpoint=status.endpoint, account_id=status.account_id)
    made = S3StateBucket(session, name)
    made.create()
    yield made
    made.remove()


def test_b15_every_machine_gets_its_change_in(bucket):
    def add(unit):
        bucket.update("pr42", lambda known: replace(known or PR42, units={**(known.units if known else {}), unit: ()}))

    def work(machine):
        for number in range(CHANGES):
            add(f"{machine}-{number}")

    with ThreadPoolExecutor(MACHINES) as pool:
        list(pool.map(work, range(MACHINES)))
    assert len(bucket.deployment("pr42").units) == MACHINES * CHANGES


def test_b15_a_record_that_was_read_too_early_is_not_written(bucket):
    seen = []

    def change(known):
        seen.append(known)
        if len(seen) == 1:
            # Another machine is faster.
            bucket.update("pr42", lambda _known: PR42)
        return replace(known or PR42, expires="2026-01-31T16:15:00+00:00")

    bucket.update("pr42", change)
    assert seen == [None, PR42]
    assert bucket.deployment("pr42") == replace(PR42, expires="2026-01-31T16:15:00+00:00")


def test_states_are_encrypted_with_the_buckets_own_key(bucket, client, name):
    client("s3").put_object(Bucket=name, Key="pr42/vpc/terraform.tfstate", Body=b"{}")
    key = client("kms").describe_key(KeyId=f"alias/{name}")["KeyMetadata"]
    stored = client("s3").head_object(Bucket=name, Key="pr42/vpc/terraform.tfstate")
    assert (stored["ServerSideEncryption"], stored["SSEKMSKeyId"]) == ("aws:kms", key["Arn"])
    assert client("kms").get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is True
