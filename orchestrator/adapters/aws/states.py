"""Terraform states in S3: read without Terraform, removed when nothing is left of a unit.

State format version 4: https://developer.hashicorp.com/terraform/internals (kept stable by Terraform since 0.12).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from orchestrator.adapters.aws.objects import explained, read_object, unreadable
from orchestrator.adapters.aws.session import CloudSession
from orchestrator.config import EvaluatedUnit, state_address
from orchestrator.engine.ports import State
from orchestrator.hcl import from_json_value, load_json
from orchestrator.hcl.values import mark


class _Output(msgspec.Struct):
    value: Any
    sensitive: bool = False


class _Instance(msgspec.Struct):
    attributes: dict[str, Any] | None = None


class _Resource(msgspec.Struct):
    mode: str
    type: str
    instances: list[_Instance]


class _State(msgspec.Struct):
    """What platformctl needs of a state; Terraform keeps more in it."""

    version: Literal[4]
    outputs: dict[str, _Output] = {}
    resources: list[_Resource] = []


def read_state(session: CloudSession, bucket: str, key: str, *, doing: str, version: str | None = None) -> State | None:
    """Read a state, or a version of it; None when it does not exist.

    Raises PlatformctlError if S3 refuses, or the object is not a state of format version 4.
    """
    stored = read_object(session, bucket, key, doing=doing, version=version)
    if stored is None:
        return None
    try:
        document = load_json(stored.text)
        return parse_state(document)
    except msgspec.ValidationError as error:
        # It names places and types, no values.
        raise unreadable("state", bucket, key, f"is not a Terraform state of format version 4: {error}") from None
    except (ValueError, RecursionError):
        # The cause would quote the text, which is full of values.
        raise unreadable("state", bucket, key, "is not JSON") from None


def parse_state(document: Mapping[str, Any]) -> State:
    """Read a state document of format version 4; raises msgspec.ValidationError when it is none."""
    checked = msgspec.convert(document, _State)
    outputs = {}
    for name, output in sorted(checked.outputs.items()):
        value = from_json_value(output.value)
        outputs[name] = mark(value) if output.sensitive else value
    resources = sum(len(resource.instances) for resource in checked.resources if resource.mode == "managed")
    return State(outputs=outputs, resources=resources, document=document)


@dataclass(frozen=True, slots=True)
class S3States:
    """Implements ``orchestrator.engine.ports.States``."""

    session: CloudSession

    def read(self, unit: EvaluatedUnit) -> State | None:
        address = state_address(unit.name, unit.remote_state)
        doing = f'Reading the state of unit "{unit.name}"'
        return read_state(self.session, address.bucket, address.key, doing=doing)

    def remove(self, unit: EvaluatedUnit) -> None:
        """See the protocol. The bucket keeps earlier versions until its lifecycle rule deletes them."""
        address = state_address(unit.name, unit.remote_state)
        with explained(f'Removing the state of unit "{unit.name}"'):
            self.session.client("s3").delete_object(Bucket=address.bucket, Key=address.key)
