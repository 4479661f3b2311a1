"""The bucket of the states: one per account, made before the first deployment, and the register of deployments in it.

Every deployment has a small object beside its states that says which environment it was made of; a second environment
under the same suffix would otherwise take over, and change, resources of the first.
"""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.session import CloudSession, explain
from orchestrator.errors import UsageError

_RECORD = "platformctl.json"
_NONCURRENT_DAYS = 90
_ABSENT = frozenset({"404", "NoSuchBucket", "NoSuchKey"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What the register knows of a deployment.

    Attributes:
        created: when it was first registered, in ISO 8601, UTC.
        account_settings: what it owns of the things that AWS has once per account and region.

    """

    suffix: str
    environment: str
    created: str
    account_settings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StateBucket:
    """The state bucket of an account.

    Raises (all methods):
        PlatformctlError: S3 refuses.

    """

    session: CloudSession
    name: str

    def exists(self) -> bool:
        """Whether the bucket is there.

        Raises:
            UsageError: a bucket of that name belongs to someone else.

        """
        try:
            self._s3().head_bucket(Bucket=self.name, ExpectedBucketOwner=self.session.account_id)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _ABSENT:
                return False
            if code in {"403", "AccessDenied"}:
                raise UsageError(
                    "The state bucket is not ours to use",
                    detail=f"Bucket {self.name} exists, and account {self.session.account_id} may not use it.",
                    hint="Check the credentials; docs/deployment.md lists the permissions of a deployer.",
                ) from error
            raise explain(error, doing=f"Looking for bucket {self.name}") from error
        except BotoCoreError as error:
            raise explain(error, doing=f"Looking for bucket {self.name}") from error
        return True

    def create(self) -> None:
        """Make the bucket: versioned, encrypted, private, TLS only; old versions of states end after 90 days.

        Every step may be repeated, so an earlier attempt that stopped half-way is completed.
        """
        s3 = self._s3()
        try:
            # us-east-1 is the one region that must not be named when a bucket is created.
            s3.create_bucket(Bucket=self.name)
            s3.put_public_access_block(
                Bucket=self.name,
                PublicAccessBlockConfiguration={
                    "BlockPublicAcls": True,
                    "IgnorePublicAcls": True,
                    "BlockPublicPolicy": True,
                    "RestrictPublicBuckets": True,
                },
            )
            s3.put_bucket_ownership_controls(
                Bucket=self.name, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
            )
            s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})
            s3.put_bucket_encryption(
                Bucket=self.name,
                ServerSideEncryptionConfiguration={
                    "Rules": [
                        {
                            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"},
                            "BucketKeyEnabled": True,
                        }
                    ]
                },
            )
            s3.put_bucket_lifecycle_configuration(
                Bucket=self.name, LifecycleConfiguration={"Rules": [_end_of_old_versions()]}
            )
            s3.put_bucket_policy(Bucket=self.name, Policy=json.dumps(_tls_only(self.name)))
        except (ClientError, BotoCoreError) as error:
            raise explain(error, doing=f"Creating bucket {self.name}") from error

    def deployment(self, suffix: str) -> Deployment | None:
        """What is registered under the suffix, or None."""
        try:
            answer = self._s3().get_object(Bucket=self.name, Key=f"{suffix}/{_RECORD}")
            record = json.load(answer["Body"])
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return None
            raise explain(error, doing=f"Reading the register of {suffix}") from error
        except BotoCoreError as error:
            raise explain(error, doing=f"Reading the register of {suffix}") from error
        return Deployment(
            suffix=suffix,
            environment=record["environment"],
            created=record["created"],
            account_settings=tuple(record["account_settings"]),
        )

    def deployments(self) -> tuple[Deployment, ...]:
        """Everything that is registered, by suffix."""
        suffixes = sorted(key.removesuffix(f"/{_RECORD}") for key in self.keys() if key.endswith(f"/{_RECORD}"))
        return tuple(found for suffix in suffixes if (found := self.deployment(suffix)) is not None)

    def register(self, deployment: Deployment) -> None:
        """Write the deployment into the register."""
        record = {
            "environment": deployment.environment,
            "created": deployment.created,
            "account_settings": deployment.account_settings,
        }
        try:
            self._s3().put_object(
                Bucket=self.name,
                Key=f"{deployment.suffix}/{_RECORD}",
                Body=json.dumps(record).encode(),
                ContentType="application/json",
            )
        except (ClientError, BotoCoreError) as error:
            raise explain(error, doing=f"Registering {deployment.suffix}") from error

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        """The keys of the current objects under a prefix."""
        pages = self._s3().get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        try:
            return tuple(item["Key"] for page in pages for item in page.get("Contents", []))
        except (ClientError, BotoCoreError) as error:
            raise explain(error, doing=f"Listing bucket {self.name}") from error

    def unregister(self, suffix: str) -> bool:
        """Take a deployment of which no state is left off the register; returns whether that was so."""
        record = f"{suffix}/{_RECORD}"
        if any(key != record for key in self.keys(f"{suffix}/")):
            return False
        try:
            self._s3().delete_object(Bucket=self.name, Key=record)
        except (ClientError, BotoCoreError) as error:
            raise explain(error, doing=f"Unregistering {suffix}") from error
        return True

    def remove(self) -> None:
        """Delete the bucket with every version in it. For the local cloud only: on AWS it outlives the deployments."""
        s3 = self._s3()
        try:
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=self.name):
                for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                    s3.delete_object(Bucket=self.name, Key=item["Key"], VersionId=item["VersionId"])
            s3.delete_bucket(Bucket=self.name)
        except (ClientError, BotoCoreError) as error:
            raise explain(error, doing=f"Deleting bucket {self.name}") from error

    def _s3(self) -> Any:
        return self.session.client("s3")


def _end_of_old_versions() -> dict[str, Any]:
    return {
        "ID": "end-of-old-state-versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": _NONCURRENT_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }


def _tls_only(bucket: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "DenyWithoutTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
