"""The state bucket of an account, which is created before the first deployment, and the register of deployments in it.

Every deployment has a small object beside its states that names its environment; otherwise a second environment under the same
suffix would take over resources of the first. It is compared and swapped, because two machines may change it at once.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from orchestrator.adapters.aws.listing import pages
from orchestrator.adapters.aws.objects import ABSENT, code_of, explained, list_keys, read_object, unreadable
from orchestrator.adapters.aws.session import CloudSession
from orchestrator.adapters.aws.states import read_state
from orchestrator.commands.ports import RegisteredDeployment
from orchestrator.engine.environments import LastRun
from orchestrator.errors import PlatformctlError, UsageError
from orchestrator.hcl import load_json

_NAME = "platformctl.json"
_VERSION = 1
"""Of the record: a platformctl reads records up to its own. New fields do not change it, for older ones keep what they do not know."""
_END_OF_OLD_VERSIONS = {
    "ID": "end-of-old-state-versions",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}
_OVERTAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409", "404", "NoSuchKey"})
"""Codes with which S3 refuses a conditional write: the object was changed or deleted since it was read, or is being changed.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""
_KEY_WINDOW_DAYS = 7
_ATTEMPTS = 10


class _Record(msgspec.Struct):
    """The fields that are the same for every platform; lists of texts beside them are settings of one."""

    version: int = _VERSION
    environment: str = ""
    created: str = ""
    expires: str | None = None
    units: dict[str, tuple[str, ...]] = {}
    last_run: LastRun | None = None


_FIELDS = frozenset(_Record.__struct_fields__)


@dataclass(frozen=True, slots=True)
class S3StateBucket:
    """Implements ``orchestrator.commands.ports.StateBucket``.

    All methods raise PlatformctlError: S3 refuses, or an object is not what it should be.
    """

    session: CloudSession
    name: str

    def exists(self) -> bool:
        with explained(f"Looking for bucket {self.name}"):
            try:
                self._s3().head_bucket(Bucket=self.name, ExpectedBucketOwner=self.session.account_id)
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return False
                if code_of(error) in {"403", "AccessDenied"}:
                    raise UsageError(
                        "The state bucket belongs to somebody else",
                        detail=f"Bucket {self.name} exists, and account {self.session.account_id} may not use it.",
                        hint="Check the credentials; docs/deployment.md lists the permissions of a deployer.",
                    ) from error
                raise
        return True

    def create(self) -> None:
        """Create the bucket: versioned, encrypted with a key of its own, private, TLS only; old versions go after 90 days.

        Every step may be repeated, which completes an earlier attempt that stopped half-way.
        """
        s3 = self._s3()
        private = dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        )
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "DenyWithoutTls",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [f"arn:aws:s3:::{self.name}", f"arn:aws:s3:::{self.name}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }
        with explained(f"Creating bucket {self.name}"):
            # us-east-1 is the one region that must not be named when a bucket is created.
            s3.create_bucket(Bucket=self.name)
            s3.put_public_access_block(Bucket=self.name, PublicAccessBlockConfiguration=private)
            s3.put_bucket_ownership_controls(
                Bucket=self.name, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
            )
            s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})
            encryption = {
                "ApplyServerSideEncryptionByDefault": {
                    "SSEAlgorithm": "aws:kms",
                    "KMSMasterKeyID": self._key() or self._make_key(),
                },
                "BucketKeyEnabled": True,
            }
            s3.put_bucket_encryption(Bucket=self.name, ServerSideEncryptionConfiguration={"Rules": [encryption]})
            s3.put_bucket_lifecycle_configuration(
                Bucket=self.name, LifecycleConfiguration={"Rules": [_END_OF_OLD_VERSIONS]}
            )
            s3.put_bucket_policy(Bucket=self.name, Policy=json.dumps(policy))

    def deployment(self, suffix: str) -> RegisteredDeployment | None:
        return self._read(suffix)[0]

    def deployments(self) -> tuple[RegisteredDeployment, ...]:
        suffixes = sorted(key.removesuffix(f"/{_NAME}") for key in self.keys() if key.endswith(f"/{_NAME}"))
        return tuple(found for suffix in suffixes if (found := self.deployment(suffix)) is not None)

    def update(self, suffix: str, change: Callable[[RegisteredDeployment | None], RegisteredDeployment | None]) -> None:
        for _ in range(_ATTEMPTS):
            known, tag = self._read(suffix)
            wanted = change(known)
            if wanted is None or wanted == known or self._write(wanted, tag):
                return
        raise PlatformctlError(
            f"Registering {suffix} failed",
            detail=f"Other machines changed s3://{self.name}/{suffix}/{_NAME} {_ATTEMPTS} times while this one tried to.",
            hint="Try again.",
        )

    def _read(self, suffix: str) -> tuple[RegisteredDeployment | None, str]:
        """Return what is registered, and the entity tag of the record."""
        key = f"{suffix}/{_NAME}"
        stored = read_object(self.session, self.name, key, doing=f"Reading the register of {suffix}")
        if stored is None:
            return None, ""
        try:
            return _registered(suffix, load_json(stored.text)), stored.etag
        except msgspec.ValidationError as error:
            why = f"is not a record of the register: {error}"
        except ValueError:
            why = "is not JSON"
        # Without the record nobody knows the environment, so whoever writes it again has to name it.
        otherwise = f"Or delete the object, and run platformctl up --suffix {suffix} with the --env of the deployment."
        raise unreadable("record of the register", self.name, key, why, otherwise=otherwise)

    def _write(self, deployment: RegisteredDeployment, tag: str) -> bool:
        """Write the record if it is still the one with the tag, or still absent; returns whether it was."""
        fields = {name: value for name, value in asdict(deployment).items() if name in _FIELDS}
        record = {**deployment.unknown, **deployment.settings, "version": _VERSION, **fields}
        condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        with explained(f"Registering {deployment.suffix}"):
            try:
                self._s3().put_object(
                    Bucket=self.name,
                    Key=f"{deployment.suffix}/{_NAME}",
                    Body=json.dumps(record).encode(),
                    ContentType="application/json",
                    **condition,
                )
            except ClientError as error:
                if code_of(error) in _OVERTAKEN:
                    return False
                raise
        return True

    def resources(self, key: str) -> int:
        state = read_state(self.session, self.name, key, doing=f"Reading {key}")
        return state.resources if state else 0

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        return tuple(list_keys(self.session, self.name, prefix, doing=f"Listing bucket {self.name}"))

    def unregister(self, suffix: str) -> bool:
        record = f"{suffix}/{_NAME}"
        if any(key != record for key in self.keys(f"{suffix}/")):
            return False
        with explained(f"Unregistering {suffix}"):
            self._s3().delete_object(Bucket=self.name, Key=record)
        return True

    def remove(self) -> None:
        s3 = self._s3()
        with explained(f"Deleting bucket {self.name}"):
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=self.name):
                for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                    s3.delete_object(Bucket=self.name, Key=item["Key"], VersionId=item["VersionId"])
            s3.delete_bucket(Bucket=self.name)
            kms, key = self.session.client("kms"), self._key()
            if key is not None:
                kms.delete_alias(AliasName=self._alias)
                kms.schedule_key_deletion(KeyId=key.rpartition("/")[2], PendingWindowInDays=_KEY_WINDOW_DAYS)

    @property
    def _alias(self) -> str:
        return f"alias/{self.name.replace('.', '-')}"

    def _key(self) -> str | None:
        """Find the ARN of the key of the states."""
        for one in pages(self.session.client("kms"), "list_aliases", "Aliases"):
            if one["AliasName"] == self._alias:
                return f"{one['AliasArn'].rpartition(':')[0]}:key/{one['TargetKeyId']}"
        return None

    def _make_key(self) -> str:
        """Make the key of the states; its tag Name is what policies tell it by."""
        kms = self.session.client("kms")
        tags = [{"TagKey": "ManagedBy", "TagValue": "platformctl"}, {"TagKey": "Name", "TagValue": self.name}]
        made = kms.create_key(Description=f"Terraform's states in {self.name}", Tags=tags)["KeyMetadata"]
        # The name first: without it a repetition would make a second key.
        kms.create_alias(AliasName=self._alias, TargetKeyId=made["KeyId"])
        kms.enable_key_rotation(KeyId=made["KeyId"])
        return str(made["Arn"])

    def _s3(self) -> Any:
        return self.session.client("s3")


def _registered(suffix: str, document: Any) -> RegisteredDeployment:
    """Return the deployment of a record; older records lack fields, newer ones have fields to keep.

    Raises msgspec.ValidationError: a field is not what it should be; PlatformctlError if a newer platformctl wrote it.
    """
    record = msgspec.convert(document, _Record)
    if record.version > _VERSION:
        raise PlatformctlError(
            "A newer platformctl has written the register",
            detail=f'The record of "{suffix}" has version {record.version}; this platformctl knows version {_VERSION}.',
            hint="Upgrade platformctl.",
        )
    for name, moment in (("created", record.created), ("expires", record.expires)):
        try:
            datetime.fromisoformat(moment or "2026-01-01")
        except ValueError:
            raise msgspec.ValidationError(f"Expected a date and time - at `$.{name}`") from None
    rest = {name: value for name, value in document.items() if name not in _FIELDS}
    settings = {name: tuple(value) for name, value in rest.items() if _is_setting(value)}
    return RegisteredDeployment(
        suffix=suffix,
        environment=record.environment,
        created=record.created,
        settings=settings,
        expires=record.expires,
        units=record.units,
        last_run=record.last_run,
        unknown={name: value for name, value in rest.items() if name not in settings},
    )


def _is_setting(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
