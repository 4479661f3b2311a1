"""Patches of CloudTrail (B10, B15)."""

import pytest
from botocore.exceptions import ClientError

from tests.cloud.helpers import trail_policy


@pytest.fixture
def trails(client, name):
    """Two trails of one account."""
    client("s3").create_bucket(Bucket=name)
    client("s3").put_bucket_policy(Bucket=name, Policy=trail_policy(name))
    names = [f"{name}-{suffix}" for suffix in ("one", "two")]
    api = client("cloudtrail")
    arns = [api.create_trail(Name=trail, S3BucketName=name, IsMultiRegionTrail=True)["TrailARN"] for trail in names]
    yield dict(zip(names, arns, strict=True))
    known = {trail["Name"] for trail in api.describe_trails()["trailList"]}
    for trail in known & set(names):
        api.delete_trail(Name=trail)
    client("s3").delete_bucket(Bucket=name)


def test_b15_a_trail_is_described_by_name_and_by_arn(client, trails):
    api = client("cloudtrail")
    for trail, arn in trails.items():
        for wanted in (trail, arn):
            found = api.describe_trails(trailNameList=[wanted])["trailList"]
            assert [item["Name"] for item in found] == [trail]
    assert api.describe_trails(trailNameList=["no-such-trail"])["trailList"] == []
    assert set(trails) <= {trail["Name"] for trail in api.describe_trails()["trailList"]}


def test_b12_a_trail_is_deleted_by_name_and_by_arn(client, trails):
    api = client("cloudtrail")
    (first, _), (second, arn) = trails.items()
    api.delete_trail(Name=first)
    api.delete_trail(Name=arn)
    assert not {first, second} & {trail["Name"] for trail in api.describe_trails()["trailList"]}
    with pytest.raises(ClientError, match="TrailNotFoundException"):
        api.delete_trail(Name=arn)
