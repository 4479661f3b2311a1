"""JSON, YAML, CSV, base64, character encodings, URLs and hashes."""

import base64
import gzip
from decimal import Decimal

import pytest

D = Decimal


YAML_BLOCK = """\
"a":
- 1
- "c": null
"b": "x"
"d": {}
"e": []
"f":
- - 1
  - 2
"g": |-
  l1
  l2
"h": |+
  l1

"i": true
"""
FOLDED = "a" * 60 + " " + "b" * 30 + " " + "c"


NOT_JSON = "Not valid JSON: "
NOT_YAML = "Cannot decode YAML: "


@pytest.mark.parametrize(
    ("name", "arguments", "message", "argument"),
    [
        ("jsondecode", ["{"], f"{NOT_JSON}expecting property name enclosed in double quotes (line 1, column 2).", None),
        ("jsondecode", ["NaN"], f"{NOT_JSON}NaN is not a number in JSON.", None),
        ("yamldecode", [""], "Not a YAML document: the text is empty.", 0),
        ("yamldecode", ["a: [1"], "Not valid YAML: expected ',' or ']', but got '<stream end>' (line 1, column 6).", 0),
        ("yamldecode", ["a: *x"], "Not valid YAML: found undefined alias 'x' (line 1, column 4).", 0),
        (
            "yamldecode",
            ["a: &x [*x]"],
            f"{NOT_YAML}an anchor cannot be referred to from inside its own definition (line 1, column 4).",
            0,
        ),
        ("yamldecode", ["~: 1"], f"{NOT_YAML}a mapping key cannot be null (line 1, column 1).", 0),
        ("yamldecode", ["[1]: 1"], f"{NOT_YAML}only strings are allowed as mapping keys (line 1, column 1).", 0),
        (
            "yamldecode",
            ["- .inf"],
            f"{NOT_YAML}numbers that are infinite or not a number are not supported (line 1, column 3).",
            0,
        ),
        ("yamldecode", ["!x 1"], f'{NOT_YAML}unsupported tag "!x" (line 1, column 1).', 0),
        ("yamldecode", ["<<: 1"], f"{NOT_YAML}only a mapping can be merged into a mapping (line 1, column 5).", 0),
        ("csvdecode", [""], "The header line is missing.", 0),
        ("csvdecode", ["a,a"], 'Duplicate column name "a".', 0),
        ("csvdecode", ["a,b\n1"], "CSV error on line 2: wrong number of fields.", 0),
        ("csvdecode", ['a\nx"y'], 'CSV error on line 2: bare " in a field that is not quoted.', 0),
        ("csvdecode", ['a\n"x"y'], 'CSV error on line 2: extraneous or missing " in a quoted field.', 0),
        ("csvdecode", ['a\n"x'], 'CSV error on line 2: extraneous or missing " in a quoted field.', 0),
        ("base64decode", ["w6k"], 'Failed to decode base64 data "w6k".', 0),
        ("base64decode", ["/w=="], "The result of decoding the given string is not valid UTF-8.", 0),
        ("textencodebase64", ["a", "nope"], '"nope" is not a supported IANA encoding name.', 1),
        (
            "textencodebase64",
            ["\u4e16", "ISO-8859-1"],
            "The given string contains characters that cannot be represented in ISO-8859-1.",
            0,
        ),
        (
            "textdecodebase64",
            ["gQ==", "windows-1252"],
            "The given string contains symbols that are not defined for windows-1252.",
            0,
        ),
        (
            "uuidv5",
            ["foo", "x"],
            'Unknown namespace "foo": it must be one of "dns", "oid", "url", "x500", or a UUID.',
            0,
        ),
    ],
)
def test_refusal(refusal, name, arguments, message, argument):
    assert refusal(name, *arguments) == (message, argument)


def test_base64gzip_holds_the_text_and_no_time(call):
    data = base64.b64decode(call("base64gzip", "hello hello"))
    assert gzip.decompress(data) == b"hello hello"
    assert data[4:8] == b"\0\0\0\0"
    assert call("base64gzip", "hello hello") == call("base64gzip", "hello hello")
