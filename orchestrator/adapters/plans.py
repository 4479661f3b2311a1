"""Keeps plans in files, and fingerprints what they were made of."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from orchestrator.adapters.workspaces import write_private
from orchestrator.config import Composition, EvaluatedUnit, walk
from orchestrator.engine.plan import KeptPlan, parse_document, to_document
from orchestrator.errors import PlatformctlError, UsageError
from orchestrator.hcl import dump_json, load_json, print_value
from orchestrator.hcl.values import redacted


def fingerprint(unit: EvaluatedUnit, composition: Composition) -> str:
    """Hash everything that determines a unit: its inputs and all files that Terraform sees.

    Secrets are left out, so that nobody can guess values by their hash; Terraform's own plan of the unit covers them.

    The unit is evaluated as for the plan, with unknown outputs of the units that are planned with it.
    """
    digest = hashlib.sha256()
    for part in _parts(unit, composition):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _parts(unit: EvaluatedUnit, composition: Composition) -> Iterator[bytes]:
    for name, value in sorted(unit.inputs.items()):
        yield f"{name} = {print_value(redacted(value))}".encode()
    for hook in unit.behaviour.hooks:
        yield repr((hook.kind, hook.name, sorted(hook.commands), hook.execute, hook.working_dir)).encode()
    yield composition.subdirectory.encode()
    secret = {(Path(composition.subdirectory) / file.path).as_posix() for file in unit.generated if file.sensitive}
    for path, entry in walk(composition.tree):
        yield path.encode()
        if path not in secret:
            yield entry.encode() if isinstance(entry, str) else entry.read_bytes()


def write_plan(file: Path, kept: KeptPlan) -> None:
    """Keep a plan; only its owner can read the file; raises PlatformctlError if it cannot be written."""
    try:
        write_private(file, dump_json(to_document(kept), indent=1) + "\n")
    except OSError as error:
        raise PlatformctlError("The plan could not be kept", detail=f"{file}: {error.strerror}.") from error


def read_kept_plan(file: Path) -> KeptPlan:
    """Read a plan that ``write_plan`` kept; raises UsageError if there is none, or it cannot be used."""
    try:
        document = load_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            "The plan cannot be read",
            detail=f"{file}: {error.strerror}.",
            hint="Make one with platformctl plan --out FILE.",
        ) from error
    except (ValueError, RecursionError):
        document = None
    return parse_document(document, name=str(file))
