"""A unit with everything evaluated: what the engine plans and applies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.config.generated import GeneratedFile, RemoteState
from orchestrator.config.source import ModuleSource
from orchestrator.hcl.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedUnit:
    """A unit, evaluated with the outputs of the units before it.

    Attributes:
        name: the unit's name.
        folder: where its terragrunt.hcl lies, absolute.
        inputs: the variables of its module; may hold unknown values, and secrets as ``Sensitive``. Not in the repr.
        generated: the files to write next to the module, the backend's among them.
        undetermined: labels of generate blocks whose contents depend on outputs that are not known yet; their files
            are not among ``generated``.

    """

    name: str
    folder: Path
    source: ModuleSource
    inputs: Mapping[str, Value] = field(repr=False)
    remote_state: RemoteState | None
    generated: tuple[GeneratedFile, ...]
    undetermined: tuple[str, ...] = ()
