"""Terraform states in S3: read without Terraform, removed when nothing is left of a unit.

State format version 4: https://developer.hashicorp.com/terraform/internals (kept stable by Terraform since 0.12).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.session import CloudSession, explain
from orchestrator.config import EvaluatedUnit, state_address
from orchestrator.engine.ports import State
from orchestrator.errors import PlatformctlError
from orchestrator.hcl import from_json_value
from orchestrator.hcl.values import mark

_MISSING = frozenset({"NoSuchKey", "NoSuchBucket", "404"})


def parse_state(document: Mapping[str, Any]) -> State:
    """A parsed state file.

    Raises:
        PlatformctlError: it is not format version 4.

    """
    if document.get("version") != 4:  # noqa: PLR2004 - the only version since Terraform 0.12
        raise PlatformctlError(
            "Unknown state format", detail=f"The state is of version {document.get('version')}, expected was 4."
        )
    outputs = {}
    for name, output in sorted(document.get("outputs", {}).items()):
        value = from_json_value(output["value"])
        outputs[name] = mark(value) if output.get("sensitive") else value
    resources = sum(
        len(resource["instances"]) for resource in document.get("resources", []) if resource["mode"] == "managed"
    )
    return State(outputs=outputs, resources=resources, document=document)


@dataclass(frozen=True, slots=True)
class S3States:
    """Implements ``orchestrator.engine.ports.States``."""

    session: CloudSession

    def read(self, unit: EvaluatedUnit) -> State | None:
        """See the protocol."""
        address = state_address(unit.name, unit.remote_state)
        try:
            answer = self.session.client("s3").get_object(Bucket=address.bucket, Key=address.key)
            text = answer["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise explain(error, doing=f'Reading the state of unit "{unit.name}"') from error
        except BotoCoreError as error:
            raise explain(error, doing=f'Reading the state of unit "{unit.name}"') from error
        try:
            document = json.loads(text)
        except ValueError:
            # The cause would quote the text, which is full of values.
            raise PlatformctlError(
                "A state cannot be read",
                detail=f'The state of unit "{unit.name}", s3://{address.bucket}/{address.key}, is not JSON.',
                hint="Restore an earlier version of the object; the bucket keeps them for 90 days.",
            ) from None
        return parse_state(document)

    def remove(self, unit: EvaluatedUnit) -> None:
        """See the protocol. In the versioned bucket earlier versions stay until its lifecycle rule ends them."""
        address = state_address(unit.name, unit.remote_state)
        try:
            self.session.client("s3").delete_object(Bucket=address.bucket, Key=address.key)
        except (ClientError, BotoCoreError) as error:
            raise explain(error, doing=f'Removing the state of unit "{unit.name}"') from error
