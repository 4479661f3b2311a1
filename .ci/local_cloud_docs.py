# ruff: noqa: INP001 - a program of the pipeline, not a package
"""Writes the tables of docs/local-cloud.md that follow from the code of the local cloud.

Run it after a patch or the table of variables changed: ``python .ci/local_cloud_docs.py``. With ``--check`` it writes nothing,
prints what has drifted as a diff, and exits with 1 if anything has.
"""

import argparse
import difflib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from orchestrator.local_cloud.environment import VARIABLES, environment
from orchestrator.local_cloud.limits import limits as all_limits
from orchestrator.local_cloud.limits.tokens import TOKENS
from orchestrator.local_cloud.models.services import BY_SERVICE
from orchestrator.local_cloud.patches import patches as all_patches

PAGE = Path(__file__).resolve().parent.parent / "docs" / "local-cloud.md"
MOTO = "https://github.com/getmoto/moto"


def patches() -> Iterator[str]:
    """One row per patch of moto, by service."""
    yield "| Service | Resource | On stock moto | Restored | Upstream |"
    yield "|---|---|---|---|---|"
    for patch in sorted(all_patches(), key=lambda patch: (patch.service, patch.subject)):
        upstream = "none found"
        if patch.upstream is not None:
            upstream = f"[#{patch.upstream.partition('/')[2]}]({MOTO}/{patch.upstream})"
        yield f"| {patch.service} | `{patch.subject}` | {patch.symptom} | {patch.restores} | {upstream} |"


def variables() -> Iterator[str]:
    """One row per rule for the user's variables, in the order in which they apply."""
    yield "| Variables | Treatment | Why |"
    yield "|---|---|---|"
    for rule in VARIABLES:
        names = ", ".join(f"`{name}`" for name in rule.names)
        yield f"| {names} | {rule.treatment.value} | {rule.reason} |"


def session() -> Iterator[str]:
    """One row per variable that a local session sets."""
    yield "| Variable | Value |"
    yield "|---|---|"
    for name, value in environment("http://127.0.0.1:PORT", {}).items():
        yield f"| `{name}` | `{value}` |"


def models() -> Iterator[str]:
    """One row per service with codes of its own for requests that its model forbids."""
    yield "| Service | Constraint | Missing | Unknown member | Malformed | Source |"
    yield "|---|---|---|---|---|---|"
    for service, row in sorted(BY_SERVICE.items()):
        constraint = ", ".join(f"`{code}`" for code in (row.invalid, *sorted(set(row.shapes.values()))))
        unknown = f"`{row.unknown}`" if row.unknown else "skipped"
        codes = f"{constraint} | `{row.missing or row.invalid}` | {unknown} | `{row.unreadable}`"
        yield f"| {service} | {codes} | [{'seen' if 'github.com' in row.source else 'documented'}]({row.source}) |"


def limits() -> Iterator[str]:
    """One row per documented limit, by service."""
    yield "| Service | Operations | Refused | Error |"
    yield "|---|---|---|---|"
    for limit in sorted(all_limits(), key=lambda limit: (limit.service, limit.operations)):
        operations, error = ", ".join(limit.operations), f"[{limit.status} `{limit.code}`]({limit.source})"
        yield f"| {limit.service} | {operations} | {limit.forbids} | {error} |"
    for service, rule in TOKENS.items():
        yield f"| {service} | all with a `{rule.parameter}` | a token with other parameters than before; with the same, the first answer comes again | [400 `{rule.code}`]({rule.source}) |"


TABLES: dict[str, Callable[[], Iterator[str]]] = {
    "session": session,
    "variables": variables,
    "models": models,
    "limits": limits,
    "patches": patches,
}


def with_tables(page: str) -> str:
    """Fill every table of a page between its markers.

    Raises:
        ValueError: the markers of a table are missing, repeated or in the wrong order.

    """
    for name, rows in TABLES.items():
        begin, end = f"<!-- BEGIN {name}: written by .ci/local_cloud_docs.py, do not edit -->", f"<!-- END {name} -->"
        if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
            raise ValueError(f"the page must hold these two lines once each, in this order: {begin} and {end}")
        head, rest = page.split(begin)
        table = "\n".join(rows())
        page = f"{head}{begin}\n\n{table}\n\n{end}{rest.split(end)[1]}"
    return page


def main(argv: list[str] | None = None) -> int:
    """Write or check the tables; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write the generated tables of docs/local-cloud.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail with a diff when a table has drifted")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page (default: %(default)s)")
    options = parser.parse_args(argv)
    before = options.page.read_text(encoding="utf-8")
    after = with_tables(before)
    if before == after:
        return 0
    if not options.check:
        options.page.write_text(after, encoding="utf-8")
        return 0
    name = options.page.name
    diff = difflib.unified_diff(before.splitlines(), after.splitlines(), name, f"{name} (generated)", lineterm="")
    sys.stdout.write("\n".join(diff) + "\n")
    sys.stderr.write("local_cloud_docs: tables have drifted; run python .ci/local_cloud_docs.py\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
