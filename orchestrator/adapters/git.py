"""What git knows of the project: which files differ between two revisions."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from orchestrator.commands.ports import RevisionDifference
from orchestrator.errors import UsageError

_CONFIGURATION = (".hcl", ".tf", ".json", ".tfvars")


@dataclass(frozen=True, slots=True)
class GitRepository:
    """Implements ``commands.ports.Repository`` with the git on PATH."""

    folder: Path

    def difference(self, old: str, new: str) -> RevisionDifference:
        top = Path(self._run("rev-parse", "--show-toplevel").rstrip("\n"))
        # The folder as its caller spells it, which may go through links.
        top = self.folder / os.path.relpath(top, self.folder.resolve())
        first, second = (self._commit(revision) for revision in (old, new))
        names = self._run("diff-tree", "-r", "-z", "--name-only", "--no-renames", first, second).split("\0")
        return RevisionDifference(
            paths=frozenset(Path(os.path.normpath(top / name)) for name in names if name),
            is_of_working_tree=second == self._commit("HEAD") and not self._is_dirty(),
        )

    def _is_dirty(self) -> bool:
        """Tell whether tracked files differ, or there are new ones that configure units; states and caches do not count."""
        entries = self._run("status", "--porcelain", "-z", "--untracked-files=all").split("\0")
        return any(entry and (not entry.startswith("??") or entry.endswith(_CONFIGURATION)) for entry in entries)

    def _commit(self, revision: str) -> str:
        try:
            return self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
        except _GitError:
            raise UsageError(
                "Unknown revision",
                detail=f'git knows no commit "{revision}" in {self.folder}.',
                hint="Fetch it first; CI systems often clone one commit only (actions/checkout: fetch-depth: 0).",
            ) from None

    def _run(self, *arguments: str) -> str:
        try:
            done = subprocess.run(
                ["git", "-C", str(self.folder), *arguments],
                capture_output=True,
                check=False,
                encoding="utf-8",
                errors="surrogateescape",
            )
        except FileNotFoundError:
            raise UsageError("git not found", detail="A filter such as [main] asks git.", hint="Install git.") from None
        if done.returncode:
            raise _GitError(
                "git failed", detail=done.stderr.strip(), hint="A filter such as [main] needs a git repository."
            )
        return done.stdout


class _GitError(UsageError):
    """git refused."""
