# ruff: noqa: INP001 - a program of the pipeline, not a package
"""Writes the tables of docs/local-cloud.md that follow from the code of the local cloud.

Run it after a patch or the table of variables changed: ``python .ci/local_cloud_docs.py``. With ``--check`` it writes nothing,
prints what has drifted as a diff, and exits with 1 if anything has.
"""

from collections.abc import Iterator

from generated_tables import Tables, run

from orchestrator.local_cloud.environment import VARIABLES, environment
from orchestrator.local_cloud.limits import limits as all_limits
from orchestrator.local_cloud.limits.tokens import TOKENS
from orchestrator.local_cloud.models.services import BY_SERVICE
from orchestrator.local_cloud.patches import patches as all_patches

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


TABLES: Tables = {
    "session": session,
    "variables": variables,
    "models": models,
    "limits": limits,
    "patches": patches,
}


def main(argv: list[str] | None = None) -> int:
    """Write or check the tables; returns the exit code."""
    return run("local_cloud_docs", "local-cloud.md", TABLES, argv)


if __name__ == "__main__":
    raise SystemExit(main())
