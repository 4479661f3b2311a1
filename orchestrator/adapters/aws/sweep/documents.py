"""What is compared: the states of a deployment in the bucket, and the types that a module's files declare."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from orchestrator.adapters.aws.locks import STATE_NAME
from orchestrator.adapters.aws.objects import ABSENT, code_of, explained
from orchestrator.adapters.aws.session import CloudSession
from orchestrator.adapters.aws.states import read_state
from orchestrator.config import configuration_files, parsed
from orchestrator.errors import PlatformctlError
from orchestrator.hcl import Block, Literal


def state_documents(session: CloudSession, bucket: str, keys: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Read the states under these keys; one that was removed meanwhile records nothing.

    Raises:
        PlatformctlError: one of them cannot be read, so nobody can tell what no state records.

    """
    states = {key: read_state(session, bucket, key, doing=f"Reading the state {key}") for key in keys}
    return {key: state.document for key, state in states.items() if state is not None}


def require_no_lost_state(session: CloudSession, bucket: str, suffix: str) -> None:
    """Check that no state was deleted while it recorded resources, which would all look like leftovers.

    Raises:
        PlatformctlError: one was; the hint brings it back.

    """
    doing = "Looking for deleted states"
    with explained(doing):
        try:
            pages = list(
                session.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=f"{suffix}/")
            )
        except ClientError as error:
            if code_of(error) in ABSENT:
                return
            raise
    for marker in (item for page in pages for item in page.get("DeleteMarkers", ())):
        key = marker["Key"]
        if not marker["IsLatest"] or not key.endswith(f"/{STATE_NAME}"):
            continue
        versions = [item for page in pages for item in page.get("Versions", ()) if item["Key"] == key]
        newest = max(versions, key=lambda item: item["LastModified"], default=None)
        state = newest and read_state(session, bucket, key, doing=doing, version=newest["VersionId"])
        if state and state.resources:
            raise PlatformctlError(
                "A state was deleted that recorded resources",
                detail=f"s3://{bucket}/{key} recorded {state.resources}. Without it they look like leftovers of a killed run.",
                hint=f"Bring it back: aws s3api delete-object --bucket {bucket} --key {key} "
                f"--version-id {marker['VersionId']}",
            )


def types_of_module(files: Mapping[str, Path | str]) -> frozenset[str] | None:
    """Return the types of the resources that a module declares, with those of the folders that it calls; None when only Terraform could tell.

    Args:
        files: at the top of the module, by name: paths or texts.

    Raises:
        ConfigurationError: a file does not parse.

    """
    types: set[str] = set()
    for name in configuration_files(files):
        if name.endswith(".json"):
            return None
        for block in parsed(name, files[name]).blocks:
            if block.type == "module":
                called = _called(files[name], block)
                found = None if called is None else types_of_module({path.name: path for path in called.iterdir()})
                if found is None:
                    return None
                types |= found
            if block.type == "resource":
                types.add(block.labels[0])
    return frozenset(types)


def _called(caller: Path | str, call: Block) -> Path | None:
    """Return the folder that a module call in a file names relative to it; None for any other source."""
    source = call.body.attributes.get("source")
    match source.expression if source else None:
        case Literal(value=str(path)) if path.startswith(("./", "../")) and isinstance(caller, Path):
            folder = caller.parent / path
            return folder if folder.is_dir() else None
        case _:
            return None
