"""Keeps plans in files, and fingerprints what they were made of."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from orchestrator.adapters.workspaces import write_private
from orchestrator.config import EvaluatedUnit
from orchestrator.engine.plan import KeptPlan, parse_document, to_document
from orchestrator.errors import PlatformctlError, UsageError
from orchestrator.hcl import dump_json, load_json, print_value
from orchestrator.hcl.values import redacted

# Written by Terraform into a folder that somebody ran it in by hand; not part of the module.
_NOT_PART = (".terraform", "terraform.tfstate")
_EXAMPLES = "examples"


def fingerprint(unit: EvaluatedUnit, module: Path) -> str:
    """Hash everything that determines a unit: its inputs, its generated files and the files of its module.

    Secrets are left out, so that nobody can guess values by their hash; Terraform's own plan of the unit covers them.

    The unit is evaluated as for the plan, with unknown outputs of the units that are planned with it.
    """
    digest = hashlib.sha256()
    for part in _parts(unit, module):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _parts(unit: EvaluatedUnit, module: Path) -> Iterator[bytes]:
    for name, value in sorted(unit.inputs.items()):
        yield f"{name} = {print_value(redacted(value))}".encode()
    for file in unit.generated:
        yield f"{file.path}\n{'' if file.sensitive else file.contents}".encode()
    for path in sorted(module.rglob("*")):
        relative = path.relative_to(module)
        if relative.parts[0] == _EXAMPLES or any(part.startswith(_NOT_PART) for part in relative.parts):
            continue
        if path.is_file():
            yield relative.as_posix().encode()
            yield path.read_bytes()


def write_plan(file: Path, kept: KeptPlan) -> None:
    """Keep a plan; only its owner can read the file.

    Raises:
        PlatformctlError: it cannot be written.

    """
    try:
        write_private(file, dump_json(to_document(kept), indent=1) + "\n")
    except OSError as error:
        raise PlatformctlError("The plan could not be kept", detail=f"{file}: {error.strerror}.") from error


def read_kept_plan(file: Path) -> KeptPlan:
    """Read a plan that ``write_plan`` kept.

    Raises:
        UsageError: there is none, or it cannot be used.

    """
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
