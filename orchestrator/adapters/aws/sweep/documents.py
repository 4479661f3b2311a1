"""What is compared: the states of a deployment as they lie in the bucket, and the types that a module's files make."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.locks import STATE_NAME
from orchestrator.adapters.aws.session import CloudSession, explain
from orchestrator.adapters.aws.states import parse_state
from orchestrator.config.interface import module_files
from orchestrator.errors import PlatformctlError
from orchestrator.hcl import parse_file


def state_documents(session: CloudSession, bucket: str, keys: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """The states under these keys, parsed.

    Raises:
        PlatformctlError: one of them cannot be read: then nothing can be said about what no state knows.

    """
    found: dict[str, Mapping[str, Any]] = {}
    for key in keys:
        try:
            text = session.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        except (ClientError, BotoCoreError) as error:
            raise explain(error, doing=f"Reading the state {key}") from error
        try:
            found[key] = parse_state(json.loads(text)).document
        except ValueError:
            # The cause would quote the text, which is full of values.
            raise PlatformctlError(
                "A state cannot be read",
                detail=f"s3://{bucket}/{key} is not JSON, so what it records cannot be told from what nobody records.",
                hint="Restore an earlier version of the object; the bucket keeps them for 90 days.",
            ) from None
    return found


def require_no_lost_state(session: CloudSession, bucket: str, suffix: str) -> None:
    """Check that no state was deleted while it recorded something: all of that would look like a leftover.

    Raises:
        PlatformctlError: one was; the hint brings it back.

    """
    s3 = session.client("s3")
    try:
        pages = list(s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=f"{suffix}/"))
        for marker in (item for page in pages for item in page.get("DeleteMarkers", ())):
            key = marker["Key"]
            if not marker["IsLatest"] or not key.endswith(f"/{STATE_NAME}"):
                continue
            versions = [item for page in pages for item in page.get("Versions", ()) if item["Key"] == key]
            newest = max(versions, key=lambda item: item["LastModified"], default=None)
            if newest is None:
                continue
            text = s3.get_object(Bucket=bucket, Key=key, VersionId=newest["VersionId"])["Body"].read()
            resources = parse_state(json.loads(text)).resources
            if resources:
                raise PlatformctlError(
                    "A state was deleted that recorded resources",
                    detail=f"s3://{bucket}/{key} recorded {resources}. Without it they look like what a killed run has left.",
                    hint=f"Bring it back: aws s3api delete-object --bucket {bucket} --key {key} "
                    f"--version-id {marker['VersionId']}",
                )
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise explain(error, doing="Looking for deleted states") from error
    except BotoCoreError as error:
        raise explain(error, doing="Looking for deleted states") from error
    except ValueError:
        # The cause would quote the text, which is full of values.
        raise PlatformctlError(
            "A deleted state cannot be read", detail=f"A version of one under {suffix}/ is not JSON."
        ) from None


def types_of_module(folder: Path) -> frozenset[str] | None:
    """The types of the resources that a module's files declare; None where only Terraform could tell.

    Raises:
        ConfigurationError: a file does not parse.

    """
    types = set()
    for path in module_files(folder):
        if path.suffix == ".json":
            return None
        for block in parse_file(path).body.blocks:
            # What a module in the module makes is written somewhere else.
            if block.type == "module":
                return None
            if block.type == "resource":
                types.add(block.labels[0])
    return frozenset(types)
