"""csvdecode: comma-separated values as RFC 4180 and Go's ``encoding/csv`` read them."""

from collections.abc import Iterator

from orchestrator.hcl.function import Function, FunctionError
from orchestrator.hcl.functions.declaration import declare, text
from orchestrator.hcl.values import Value


@declare("csvdecode", text)
def csv_decode(source: str) -> Value:
    """A list with an object for each row, named by the header."""
    rows = _rows(source)
    header = next(rows, None)
    if header is None:
        raise FunctionError("The header line is missing.", argument=0)
    _, names = header
    repeated = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if repeated is not None:
        raise FunctionError(f'Duplicate column name "{repeated}".', argument=0)
    result: list[Value] = []
    for line, fields in rows:
        if len(fields) != len(names):
            raise _error(line, "wrong number of fields")
        row: dict[str, Value] = dict(zip(names, fields, strict=True))
        result.append(row)
    return result


def _rows(source: str) -> Iterator[tuple[int, list[str]]]:
    """The rows, each with the number of its first line; empty lines are skipped."""
    # Only a line feed ends a line; str.splitlines knows more ends than CSV does.
    whole = source.replace("\r\n", "\n").removesuffix("\r").removesuffix("\n")
    lines = [line + "\n" for line in whole.split("\n")]
    at = 0
    while at < len(lines):
        if lines[at] == "\n":
            at += 1
            continue
        start = at
        fields, at = _row(lines, at)
        yield start + 1, fields


def _row(lines: list[str], at: int) -> tuple[list[str], int]:
    """The fields of the row that begins at a line, and the line after it."""
    fields: list[str] = []
    rest = lines[at]
    while True:
        if rest.startswith('"'):
            field, rest, at = _quoted(lines, at, rest[1:])
        else:
            end = min(position for position in (rest.find(","), rest.find("\n")) if position >= 0)
            field, rest = rest[:end], rest[end:]
            if '"' in field:
                raise _error(at + 1, 'bare " in a field that is not quoted')
        fields.append(field)
        if not rest.startswith(","):
            return fields, at + 1
        rest = rest[1:]


def _quoted(lines: list[str], at: int, rest: str) -> tuple[str, str, int]:
    """A quoted field, which may go on over several lines; what follows it, and the line that is on."""
    start = at
    parts: list[str] = []
    while True:
        before, quote, after = rest.partition('"')
        parts.append(before)
        if quote and after.startswith('"'):
            parts.append('"')
            rest = after[1:]
        elif quote:
            if not after.startswith((",", "\n")):
                raise _error(at + 1, 'extraneous or missing " in a quoted field')
            return "".join(parts), after, at
        elif at + 1 < len(lines):
            at += 1
            rest = lines[at]
        else:
            raise _error(start + 1, 'extraneous or missing " in a quoted field')


def _error(line: int, reason: str) -> FunctionError:
    return FunctionError(f"CSV error on line {line}: {reason}.", argument=0)


FUNCTIONS: tuple[Function, ...] = (csv_decode,)
