"""Function packages as a table."""

from collections.abc import Iterable

from rich.table import Table


def render_packages(rows: Iterable[tuple[str, int, str, bool]]) -> Table:
    """Render packages: function, size in bytes, SHA-256 in hexadecimal, and whether it was built just now."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("function")
    table.add_column("size", justify="right")
    table.add_column("sha256")
    table.add_column("")
    for function, size, sha256, built in rows:
        table.add_row(function, f"{size / 1024 / 1024:.1f} MB", sha256[:12], "built" if built else "unchanged")
    return table
