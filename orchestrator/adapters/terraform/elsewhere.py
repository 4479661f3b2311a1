"""Finds Terraform processes that no record of this project knows: of another clone, of Terragrunt, or started by hand.

What a process works on follows from its folder: ``.terraform/terraform.tfstate`` there holds the backend that ``init`` set up.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import psutil

# The embedded Terraform is a Python process that runs this module.
_PROGRAMS = ("terraform", "tofu", "opentofu")
_EMBEDDED = "orchestrator.adapters.terraform.embedded"


class _Location(msgspec.Struct):
    bucket: str
    key: str


class _Backend(msgspec.Struct):
    config: _Location


class _Settings(msgspec.Struct):
    backend: _Backend


def states_at_work(bucket: str, *, processes: Iterable[psutil.Process] | None = None) -> frozenset[str]:
    """Return the keys of the states in the bucket that a Terraform on this machine works on, as far as this user may see."""
    folders = _folders(psutil.process_iter() if processes is None else processes)
    return frozenset(key for folder in folders if (key := _state_key(folder, bucket)))


def _folders(processes: Iterable[psutil.Process]) -> Iterator[Path]:
    for process in processes:
        try:
            program, *rest = process.cmdline() or [""]
            if program.rsplit("/", 1)[-1] in _PROGRAMS or _EMBEDDED in rest:
                yield Path(process.cwd())
        except (psutil.Error, OSError):
            # It has ended, or belongs to another user.
            continue


def _state_key(folder: Path, bucket: str) -> str:
    try:
        text = (folder / ".terraform" / "terraform.tfstate").read_text(encoding="utf-8")
        location = msgspec.convert(json.loads(text), _Settings).backend.config
    except (OSError, ValueError, RecursionError):
        return ""
    return location.key if location.bucket == bucket else ""
