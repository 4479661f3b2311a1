"""The bucket of the states: one per account, made before the first deployment, and the register of deployments in it.

Every deployment has a small object beside its states that says which environment it was made of; a second environment
under the same suffix would otherwise take over, and change, resources of the first. It is changed by comparing and
swapping, because two machines may do so at once.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.session import CloudSession, explain
from orchestrator.adapters.aws.states import parse_state
from orchestrator.commands.ports import RegisteredDeployment
from orchestrator.engine.environments import LastRun
from orchestrator.errors import PlatformctlError, UsageError

_RECORD = "platformctl.json"
_NONCURRENT_DAYS = 90
_ABSENT = frozenset({"404", "NoSuchBucket", "NoSuchKey"})
_OVERTAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
"""Codes with which S3 refuses a conditional write: the object changed since it was read, or is being changed just now.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""
_ATTEMPTS = 10
_LAST_RUN = tuple(item.name for item in fields(LastRun))
_FIELDS = frozenset({"environment", "created", "expires", "units", "last_run"})
"""Fields of the record that are the same for every platform; lists of texts beside them are settings of one."""


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

    def deployment(self, suffix: str) -> RegisteredDeployment | None:
        """What is registered under the suffix, or None."""
        return self._read(suffix)[0]

    def deployments(self) -> tuple[RegisteredDeployment, ...]:
        """Everything that is registered, by suffix."""
        suffixes = sorted(key.removesuffix(f"/{_RECORD}") for key in self.keys() if key.endswith(f"/{_RECORD}"))
        return tuple(found for suffix in suffixes if (found := self.deployment(suffix)) is not None)

    def update(self, suffix: str, change: Callable[[RegisteredDeployment | None], RegisteredDeployment | None]) -> None:
        """Change what is registered under the suffix.

        Args:
            suffix: the deployment's.
            change: makes the new record of what is registered now, or None to leave everything as it is. Called again when
                another machine was faster.

        """
        for _ in range(_ATTEMPTS):
            known, tag = self._read(suffix)
            wanted = change(known)
            if wanted is None or wanted == known or self._write(wanted, tag):
                return
        raise PlatformctlError(
            f"Registering {suffix} failed",
            detail=f"Other machines changed s3://{self.name}/{suffix}/{_RECORD} {_ATTEMPTS} times while this one tried to.",
            hint="Try again.",
        )

    def _read(self, suffix: str) -> tuple[RegisteredDeployment | None, str | None]:
        """What is registered, and the entity tag of the object that says so."""
        try:
            answer = self._s3().get_object(Bucket=self.name, Key=f"{suffix}/{_RECORD}")
            record = json.load(answer["Body"])
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return None, None
            raise explain(error, doing=f"Reading the register of {suffix}") from error
        except BotoCoreError as error:
            raise explain(error, doing=f"Reading the register of {suffix}") from error
        last_run = record.get("last_run")
        deployment = RegisteredDeployment(
            suffix=suffix,
            environment=record["environment"],
            created=record["created"],
            settings={name: tuple(value) for name, value in record.items() if _is_setting(name, value)},
            expires=record.get("expires"),
            units={name: tuple(needs) for name, needs in record.get("units", {}).items()},
            last_run=LastRun(**{name: last_run[name] for name in _LAST_RUN}) if last_run else None,
            unknown={
                name: value for name, value in record.items() if name not in _FIELDS and not _is_setting(name, value)
            },
        )
        return deployment, answer.get("ETag")

    def _write(self, deployment: RegisteredDeployment, tag: str | None) -> bool:
        """Write the record if it is still the one with the tag, or still absent; returns whether it was."""
        record = {**deployment.unknown, **deployment.settings}
        record |= {name: value for name, value in asdict(deployment).items() if name in _FIELDS}
        condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        try:
            self._s3().put_object(
                Bucket=self.name,
                Key=f"{deployment.suffix}/{_RECORD}",
                Body=json.dumps(record).encode(),
                ContentType="application/json",
                **condition,
            )
        except ClientError as error:
            # An object that was deleted meanwhile is no match either: S3 says 404 then, and only then.
            if error.response["Error"]["Code"] in _OVERTAKEN | (_ABSENT - {"NoSuchBucket"}):
                return False
            raise explain(error, doing=f"Registering {deployment.suffix}") from error
        except BotoCoreError as error:
            raise explain(error, doing=f"Registering {deployment.suffix}") from error
        return True

    def resources(self, key: str) -> int:
        """How many resource instances are in the state under the key; 0 when it has gone meanwhile."""
        try:
            answer = self._s3().get_object(Bucket=self.name, Key=key)
            document = json.load(answer["Body"])
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return 0
            raise explain(error, doing=f"Reading {key}") from error
        except BotoCoreError as error:
            raise explain(error, doing=f"Reading {key}") from error
        except ValueError:
            # The cause would quote the text, which is full of values.
            raise PlatformctlError(
                "A state cannot be read",
                detail=f"s3://{self.name}/{key} is not JSON.",
                hint="Restore an earlier version of the object; the bucket keeps them for 90 days.",
            ) from None
        return parse_state(document).resources

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


def _is_setting(name: str, value: object) -> bool:
    return name not in _FIELDS and isinstance(value, list) and all(isinstance(item, str) for item in value)


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
