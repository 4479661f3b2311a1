"""Terraform processes on this machine that no record of this project tells of: another copy of it, Terragrunt, or one started by hand.

A process tells what it works on by its folder: ``.terraform/terraform.tfstate`` there holds the backend that ``init`` has set up.
"""

import json
from collections.abc import Iterator
from pathlib import Path

# The embedded Terraform is a Python process, which its module's name gives away.
_PROGRAMS = (b"terraform", b"tofu", b"opentofu")
_EMBEDDED = b"orchestrator.adapters.terraform.embedded"


def states_at_work(bucket: str, *, proc: Path = Path("/proc")) -> frozenset[str]:
    """The keys of the states in the bucket that a Terraform of this machine works on, as far as this user may see.

    Args:
        bucket: of the states.
        proc: where the system lists its processes; without one nothing is known.

    """
    return frozenset(key for folder in _folders(proc) if (key := _state_key(folder, bucket)))


def _folders(proc: Path) -> Iterator[Path]:
    for process in proc.glob("[0-9]*"):
        try:
            program, *rest = (process / "cmdline").read_bytes().split(b"\0")
            if program.rsplit(b"/", 1)[-1] in _PROGRAMS or _EMBEDDED in rest:
                yield (process / "cwd").readlink()
        except OSError:
            # It has ended, or is another user's.
            continue


def _state_key(folder: Path, bucket: str) -> str:
    try:
        settings = json.loads((folder / ".terraform" / "terraform.tfstate").read_text(encoding="utf-8"))
        backend = settings["backend"]["config"]
        return str(backend["key"]) if backend["bucket"] == bucket else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""
