"""csvdecode: comma-separated values as RFC 4180 and Go's ``encoding/csv`` read them."""

import re
from collections import Counter
from collections.abc import Iterator

from orchestrator.hcl.function import FunctionError
from orchestrator.hcl.functions.declaration import declare, text
from orchestrator.hcl.values import Value

_FIELD = re.compile(r'"(?P<quoted>[^"]*(?:""[^"]*)*)"(?=[,\n])|(?P<plain>(?!")[^",\n]*)(?=[,\n])')


@declare("csvdecode", text)
def csv_decode(source: str) -> Value:
    """Return a list with an object for each row, named by the header."""
    rows = _rows(source)
    header = next(rows, None)
    if header is None:
        raise FunctionError("The header line is missing.", argument=0)
    _, names = header
    repeated = next((name for name, count in Counter(names).items() if count > 1), None)
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
    """Read the rows, each with the number of its first line; empty lines are skipped."""
    # Only a line feed ends a line; str.splitlines knows more ends than CSV does.
    text = source.replace("\r\n", "\n").removesuffix("\r").removesuffix("\n") + "\n"
    at = 0
    line = 1
    while at < len(text):
        first = line
        fields: list[str] = []
        while text[at] != "\n" or fields:
            found = _FIELD.match(text, at)
            if found is None:
                quoted = text[at] == '"'
                reason = (
                    'extraneous or missing " in a quoted field' if quoted else 'bare " in a field that is not quoted'
                )
                raise _error(line, reason)
            fields.append(found["plain"] if found["quoted"] is None else found["quoted"].replace('""', '"'))
            line += found.group().count("\n")
            at = found.end()
            if text[at] == "\n":
                break
            at += 1
        if fields:
            yield first, fields
        at += 1
        line += 1


def _error(line: int, reason: str) -> FunctionError:
    return FunctionError(f"CSV error on line {line}: {reason}.", argument=0)
