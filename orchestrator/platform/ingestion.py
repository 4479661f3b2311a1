"""Market data from a file: what would become of it, and its upload to a deployment.

The functions' own code reads the file, in a process of its own, so that a preview and the platform cannot differ.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.session import explain
from orchestrator.commands.drift import no_such_deployment
from orchestrator.commands.outputs import OutputsResult
from orchestrator.diagnostics import did_you_mean
from orchestrator.errors import PlatformctlError, UsageError
from orchestrator.model.project import Project

OWN_MAPS = "_sources"
"""The folder of the live tree with the source maps of its owner."""

_PROGRAM = Path("ingest") / "preview.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketDataFile:
    """A file as it is, or would be, uploaded.

    Attributes:
        source: the name of its map; None to recognise it by its columns.
        metadata: what its map takes from there, such as the symbol.

    """

    path: Path
    source: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The key of the object."""
        return "/".join(("incoming", *([self.source] if self.source else []), self.path.name))


class RejectedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is no trade, and why."""

    line: int
    reason: str
    text: str


class IngestPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of a file.

    Attributes:
        skipped: rows that the map leaves out on purpose.
        symbols: the ten with the most trades.
        first: the first trades, as the platform stores them.
        bad: the first rows that are rejected.
        refused: the file would end in the dead-letter queue.

    """

    accepted: int
    rejected: int
    skipped: int
    symbols: dict[str, int]
    first: list[dict[str, Any]]
    bad: list[RejectedRow]
    refused: bool


def preview_file(project: Project, file: MarketDataFile, *, rows: int) -> IngestPreview:
    """Tell what would become of a file, without any cloud.

    Args:
        project: whose functions and maps read it.
        file: on this machine.
        rows: how many trades and how many bad rows to show.

    Raises:
        UsageError: there is no such file or map, or a map has mistakes.

    """
    require_source(project, file)
    request = {"file": str(file.path.resolve()), "key": file.key, "metadata": dict(file.metadata), "rows": rows}
    return msgspec.convert(_ask(project, request), IngestPreview)


def upload_file(deployed: OutputsResult, file: MarketDataFile) -> str:
    """Upload a file to a deployment; returns its address.

    Raises:
        UsageError: there is no such file, or the deployment has no bucket for it.
        PlatformctlError: AWS refuses.

    """
    _require_file(file.path)
    bucket = deployed.units.get("s3", {}).get("bucket_names", {}).get("raw-data")
    if bucket is None:
        raise no_such_deployment(deployed.deployment.request, "or it is not complete")
    try:
        client = deployed.deployment.account.client("s3")
        client.upload_file(str(file.path), bucket, file.key, ExtraArgs={"Metadata": dict(file.metadata)})
    except (ClientError, BotoCoreError) as error:
        raise explain(error, doing=f"Uploading {file.path.name}") from error
    return f"s3://{bucket}/{file.key}"


def sources(project: Project) -> Mapping[str, str]:
    """Return the names and titles of the maps, those of the live tree included.

    Raises:
        UsageError: a map has mistakes.

    """
    found: Mapping[str, str] = _ask(project, {})["sources"]
    return found


def check_own_maps(project: Project) -> None:
    """Check the maps of the live tree, if it has any.

    Raises:
        UsageError: one has mistakes.

    """
    if any(_own_maps(project).glob("*.toml")) and (project.functions / _PROGRAM).is_file():
        sources(project)


def require_source(project: Project, file: MarketDataFile) -> None:
    """Refuse a file or a map that does not exist.

    Raises:
        UsageError: it does not.

    """
    _require_file(file.path)
    if file.source is not None and file.source not in (known := sources(project)):
        raise UsageError(
            "No such source map",
            detail=f'There is no source map "{file.source}". The maps are {", ".join(known)}.',
            hint=did_you_mean(file.source, known) or f"Your own maps go into {_own_maps(project)}.",
        )


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise UsageError("No such file", detail=f"There is no file {path}.")


def _own_maps(project: Project) -> Path:
    return project.live / OWN_MAPS


def _ask(project: Project, request: Mapping[str, Any]) -> Any:
    program = project.functions / _PROGRAM
    if not program.is_file():
        raise UsageError("This project takes no market data", detail=f"There is no {program}.")
    own = _own_maps(project)
    text = json.dumps({**request, "own": str(own) if own.is_dir() else None})
    done = subprocess.run(
        [sys.executable, "-B", str(program)],
        input=text,
        capture_output=True,
        check=False,
        encoding="utf-8",
        env=dict(os.environ) | {"PYTHONPATH": str(project.functions), "PYTHONUTF8": "1"},
    )
    if done.returncode:
        raise PlatformctlError("Reading market data failed", detail=done.stderr.strip()[-2000:])
    answer = json.loads(done.stdout)
    if "mistakes" in answer:
        raise _mistakes(own, answer["mistakes"])
    return answer


def _mistakes(folder: Path, lines: Sequence[str]) -> UsageError:
    return UsageError(
        "A mistake in a source map" if len(lines) == 1 else f"{len(lines)} mistakes in source maps",
        detail="\n".join(f"{folder}/{line}" for line in lines),
        hint="docs/market-data-sources.md describes the keys of a map.",
    )
