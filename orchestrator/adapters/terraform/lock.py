"""The dependency lock file of the live tree: the provider's version, and the hashes of its files.

Terraform checks the hash in every command, at half a second each. Here it is checked once per run, and the workspaces'
lock files name the version alone. Format and the "h1" scheme:
https://developer.hashicorp.com/terraform/language/files/dependency-lock
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from orchestrator.adapters.terraform.mirror import platform_name
from orchestrator.errors import UsageError
from orchestrator.hcl import Scope, evaluate, parse_file

FILE_NAME = ".terraform.lock.hcl"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedProvider:
    """One entry of a lock file.

    ``address``: for example "registry.terraform.io/hashicorp/aws"; ``hashes``: each with its scheme, "h1:...".
    """

    address: str
    version: str
    hashes: tuple[str, ...]

    @property
    def source(self) -> str:
        """Namespace and type: "hashicorp/aws"."""
        return self.address.split("/", 1)[1]

    def text(self, *, with_hashes: bool) -> str:
        """Return the entry as a lock file has it, with the version alone or with the hashes."""
        hashes = "".join(f'    "{item}",\n' for item in self.hashes) if with_hashes else ""
        listed = f"  hashes = [\n{hashes}  ]\n" if hashes else ""
        return f'provider "{self.address}" {{\n  version = "{self.version}"\n{listed}}}\n'


def read_lock(file: Path) -> tuple[LockedProvider, ...]:
    """Read the entries of a lock file, by address.

    Raises ConfigurationError if the file is missing or is not a lock file.
    """
    found = []
    scope = Scope(variables={}, functions={})
    for block in parse_file(file).body.blocks:
        if block.type != "provider":
            continue
        values = {name: evaluate(attribute.expression, scope) for name, attribute in block.body.attributes.items()}
        hashes = values.get("hashes")
        found.append(
            LockedProvider(
                address=block.labels[0],
                version=str(values.get("version", "")),
                hashes=tuple(str(item) for item in hashes) if isinstance(hashes, list) else (),
            )
        )
    return tuple(sorted(found, key=lambda entry: entry.address))


def hash_folder(folder: Path) -> str:
    """Return the "h1" hash of an unpacked provider: SHA-256 over the sorted lines "<sha256 of file>  <path>"."""
    lines = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        lines.append(f"{digest}  {file.relative_to(folder).as_posix()}\n")
    # Go sorts by path, and so do we: by the characters of the whole relative path, not folder by folder.
    lines.sort(key=lambda line: line.split("  ", 1)[1])
    return "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()


def verify(folder: Path, entry: LockedProvider, *, lock_file: Path) -> None:
    """Check an unpacked provider against its lock entry.

    Raises UsageError: its hash is not among those of the lock file.
    """
    actual = hash_folder(folder)
    if actual not in entry.hashes:
        raise UsageError(
            "The provider is not the one that is locked",
            detail=f"{entry.source} {entry.version} in {folder} hashes to {actual}, which {lock_file} does not list.",
            hint=f"If this is a platform not locked yet, add it: terraform providers lock -platform={platform_name()}. "
            "Otherwise do not use this copy of the provider.",
        )
