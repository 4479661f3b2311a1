"""JSON, YAML, CSV, base64, character encodings, URLs and hashes."""

import base64
import gzip
from decimal import Decimal

import pytest

from orchestrator.hcl.values import SetValue

D = Decimal


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, D("1.5"), 10**30]}, '{"a":[true,null,1.5,1000000000000000000000000000000],"b":1}'),
        ('<>&\u2028\x01\x7f\t"\\/\u00e9', '"\\u003c\\u003e\\u0026\\u2028\\u0001\x7f\\t\\"\\\\/\u00e9"'),
        (SetValue(("a", "b")), '["a","b"]'),
        (D("1E-7"), "0.0000001"),
    ],
)
def test_jsonencode(call, value, text):
    assert call("jsonencode", value) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":1.50,"b":[1e3,null,true]}', {"a": D("1.5"), "b": [1000, None, True]}),
        ('{"a":1,"a":2}', {"a": 2}),
        ('"e\\u0301"', "\u00e9"),
        ('"\\ud83d"', "\ufffd"),
    ],
)
def test_jsondecode(call, text, value):
    assert call("jsondecode", text) == value


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


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            {"i": True, "h": "l1\n\n", "g": "l1\nl2", "f": [[1, 2]], "e": [], "d": {}, "b": "x", "a": [1, {"c": None}]},
            YAML_BLOCK,
        ),
        ("hello", '"hello"\n'),
        ("", '""\n'),
        (1, "1\n...\n"),
        (None, "null\n...\n"),
        ({"": 1, "a\nb": 2}, '"": 1\n? |-\n  a\n  b\n: 2\n'),
        ({"k" * 129: 1}, '? "' + "k" * 129 + '"\n: 1\n'),
        ({"k" * 128: 1}, '"' + "k" * 128 + '": 1\n'),
        ({"a": " x\n y\n"}, '"a": |2\n   x\n   y\n'),
        ({"a": "x \ny"}, '"a": "x \\ny"\n'),
        ({"a": "\u00e9\n\U0001f600\t\x01"}, '"a": "\u00e9\\n\\U0001F600\\t\\x01"\n'),
        ([FOLDED], '- "' + FOLDED.replace(" c", "\n  c") + '"\n'),
    ],
)
def test_yamlencode(call, value, text):
    assert call("yamlencode", value) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: yes\nn: on\n", {"a": True, "false": True}),
        ("[017, 0o17, 0x1F, 1_000, 1e3, .5, '1', ~]", [17, 15, 31, "1_000", 1000, D("0.5"), "1", None]),
        ("2026-01-02", "2026-01-02T00:00:00Z"),
        ("2026-01-02 3:04:05.6", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05+02:00", "2026-01-02T03:04:05+02:00"),
        ("2026-02-30", "2026-02-30"),
        ("12:30:45", "12:30:45"),
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}\n", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("c: {b: 2, <<: {b: 1}}", {"c": {"b": 1}}),
        ("[!!str 1, !!int 1, !!float '1', !!binary aGk=]", ["1", 1, "1", "aGk="]),
        ("1: a\n", {"1": "a"}),
    ],
)
def test_yamldecode(call, text, value):
    assert call("yamldecode", text) == value


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\n1,2\n", [{"a": "1", "b": "2"}]),
        ('a,b\r\n"x,""y\nz",2\r\n\r\n3,4', [{"a": 'x,"y\nz', "b": "2"}, {"a": "3", "b": "4"}]),
        ("a", []),
    ],
)
def test_csvdecode(call, text, rows):
    assert call("csvdecode", text) == rows


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


@pytest.mark.parametrize(
    ("name", "arguments", "value"),
    [
        ("base64encode", ["\u00e9"], "w6k="),
        ("base64decode", ["w6\nk="], "\u00e9"),
        ("textencodebase64", ["\u00e9", "UTF-16LE"], "6QA="),
        ("textencodebase64", ["\u00e9", "UTF-16"], "/v8A6Q=="),
        ("textdecodebase64", ["//7pAA==", "UTF-16"], "\u00e9"),
        ("urlencode", ["a b/\u00e9~*"], "a+b%2F%C3%A9~%2A"),
        ("md5", ["a"], "0cc175b9c0f1b6a831c399e269772661"),
        ("base64sha256", ["a"], "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="),
        ("uuidv5", ["dns", "www.terraform.io"], "a5008fae-b28c-5ba5-96cd-82b4c53552d6"),
        ("uuidv5", ["6ba7b810-9dad-11d1-80b4-00c04fd430c8", "x"], "05b16a01-46c6-56dd-bd6e-c6dfb4a1427a"),
    ],
)
def test_value(call, name, arguments, value):
    assert call(name, *arguments) == value


def test_base64gzip_holds_the_text_and_no_time(call):
    data = base64.b64decode(call("base64gzip", "hello hello"))
    assert gzip.decompress(data) == b"hello hello"
    assert data[4:8] == b"\0\0\0\0"
    assert call("base64gzip", "hello hello") == call("base64gzip", "hello hello")
