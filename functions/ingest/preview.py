"""What would become of a file: the program behind ``platformctl ingest --dry-run``, which needs no cloud.

Reads one JSON object from standard input and writes one to standard output. The function itself does not use it.
"""

import io
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from market.sources import BadRow, MapError, SkippedRow, load_sources, read_rows
from market.trades import DAY, Trade

_SYMBOLS = 1000
"""Symbols that are counted one by one."""


def preview(request: dict[str, Any]) -> dict[str, Any]:
    """Read a file as ingest would.

    Args:
        request: ``own``, a folder of maps or null; and, unless only the maps are to be checked, ``file``, the ``key`` that it would have,
            its ``metadata``, and how many ``rows`` to show.

    Raises:
        MapError: an own map has mistakes.

    """
    sources = load_sources(Path(request["own"]) if request["own"] else None)
    if "file" not in request:
        return {"sources": {name: source.title for name, source in sorted(sources.items())}}
    first: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    counts, symbols = Counter(accepted=0, rejected=0, skipped=0), Counter[str]()
    cut = False
    with Path(request["file"]).open("rb") as file:
        rows = read_rows(
            io.BufferedReader(file),
            key=request["key"],
            sources=sources,
            latest=time.time_ns() + DAY,
            metadata=request["metadata"],
        )
        for row in rows:
            match row:
                case Trade():
                    counts["accepted"] += 1
                    symbols[row.symbol if row.symbol in symbols or len(symbols) < _SYMBOLS else "others"] += 1
                    if len(first) < request["rows"]:
                        first.append(json.loads(row.to_json()))
                case SkippedRow():
                    counts["skipped"] += 1
                case BadRow():
                    counts["rejected"] += 1
                    cut = cut or row.cut
                    if len(bad) < request["rows"]:
                        bad.append({"line": row.line, "reason": row.reason, "text": row.text})
    # As logic.Counts: rows that are missing, or not one trade, make a file a dead letter.
    refused = cut or (counts["rejected"] > 0 and not counts["accepted"])
    return {**counts, "symbols": dict(symbols.most_common(10)), "first": first, "bad": bad, "refused": refused}


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    try:
        answer = preview(request)
    except MapError as error:
        answer = {"mistakes": str(error).splitlines()}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
