"""Function packages as a table."""

from collections.abc import Iterable

from orchestrator.display.columns import Columns


def render_packages(rows: Iterable[tuple[str, int, str, bool]]) -> Columns:
    """Render packages: function, size in bytes, SHA-256 in hexadecimal, and whether it was built just now."""
    cells = [
        (function, f"{size / 1024 / 1024:.1f} MB", sha256[:12], "built" if built else "unchanged")
        for function, size, sha256, built in rows
    ]
    return Columns(("function", "size", "sha256", ""), cells, right=("size",))
