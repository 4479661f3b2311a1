# ruff: noqa: INP001 - a module of the pipeline, not a package
"""Pages of docs/ with tables that follow from the code: between its markers a table is written by a program, around them by hand."""

import argparse
import difflib
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

Tables = Mapping[str, Callable[[], Iterable[str]]]
"""What writes the lines of each table of a page, by the name in its markers."""

DOCS = Path(__file__).resolve().parent.parent / "docs"


def with_tables(page: str, tables: Tables, program: str) -> str:
    """Fill every table of a page between its markers.

    Raises:
        ValueError: the markers of a table are missing, repeated or in the wrong order.

    """
    for name, rows in tables.items():
        begin, end = f"<!-- BEGIN {name}: written by .ci/{program}.py, do not edit -->", f"<!-- END {name} -->"
        if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
            raise ValueError(f"the page must hold these two lines once each, in this order: {begin} and {end}")
        head, rest = page.split(begin)
        table = "\n".join(rows())
        page = f"{head}{begin}\n\n{table}\n\n{end}{rest.split(end)[1]}"
    return page


def run(program: str, page: str, tables: Tables, argv: list[str] | None) -> int:
    """Write or check the tables of a page, as the command line says; returns the exit code."""
    parser = argparse.ArgumentParser(description=f"Write the generated tables of docs/{page}.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail with a diff when a table has drifted")
    parser.add_argument("--page", type=Path, default=DOCS / page, help="the page (default: %(default)s)")
    options = parser.parse_args(argv)
    before = options.page.read_text(encoding="utf-8")
    after = with_tables(before, tables, program)
    if before == after:
        return 0
    if not options.check:
        options.page.write_text(after, encoding="utf-8")
        return 0
    name = options.page.name
    diff = difflib.unified_diff(before.splitlines(), after.splitlines(), name, f"{name} (generated)", lineterm="")
    sys.stdout.write("\n".join(diff) + "\n")
    sys.stderr.write(f"{program}: tables have drifted; run python .ci/{program}.py\n")
    return 1
