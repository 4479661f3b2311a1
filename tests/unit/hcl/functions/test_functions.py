"""The functions there are, and the page that lists them.

Numbers as Terraform reads and prints them.
Functions over dates and times.
What base64gzip compresses.
Functions over paths and files.
What is known in spite of unknown parts, and what is left for later (C3).
"""

import base64
import gzip
import hashlib
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest

from orchestrator.hcl import unknown_reference
from orchestrator.hcl.calls import NOT_SUPPORTED, special_forms
from orchestrator.hcl.functions import strings, terraform_functions
from orchestrator.hcl.functions.conversion import number_text, parse_number
from orchestrator.hcl.scope import FunctionError
from orchestrator.hcl.values import SetValue

PAGE = Path(__file__).parents[4] / "docs" / "functions.md"


def documented(section: str) -> dict[str, list[str]]:
    """The names in the second column (or, where there is but one column of names, the first) of each row."""
    return {topic: re.findall(r"`([a-z0-9]+)`\*?", names) for topic, names in rows(section)}


def rows(section: str) -> list[list[str]]:
    body = PAGE.read_text(encoding="utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    lines = [line for line in body.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def test_c1_docs_list_the_functions_that_there_are(functions):
    listed = [name for names in documented("Supported").values() for name in names]
    assert len(listed) == len(set(listed))
    assert set(listed) == functions.keys() | special_forms.keys()


def test_c1_docs_list_the_functions_that_are_refused():
    listed = {name: reason for topics, reason in rows("Not supported") for name in re.findall(r"`([a-z0-9]+)`", topics)}
    assert listed == dict(NOT_SUPPORTED)


def test_c1_docs_list_names_in_order():
    assert [topic for topic, names in documented("Supported").items() if names != sorted(names)] == []


def test_c1_docs_mark_the_functions_that_take_unknown_values(functions):
    body = PAGE.read_text(encoding="utf-8").split("\n## Supported\n")[1].split("\n## ")[0]
    marked = set(re.findall(r"`([a-z0-9]+)`\*", body))
    assert marked == {name for name, function in functions.items() if function.takes_unknown}


def test_the_example_of_the_contributing_page_is_the_code():
    page = (PAGE.parent / "contributing/hcl-function.md").read_text(encoding="utf-8")
    example = page.split("```python\n")[1].split("```")[0]
    assert example in Path(strings.__file__).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "minimum", "maximum"),
    [
        ("abs", 1, 1),
        ("coalesce", 1, None),
        ("format", 1, None),
        ("join", 2, None),
        ("lookup", 2, 3),
        ("merge", 0, None),
        ("range", 1, 3),
        ("setproduct", 2, None),
        ("timestamp", 0, 0),
    ],
)
def test_numbers_of_arguments(functions, name, minimum, maximum):
    function = functions[name]
    assert (function.minimum, function.maximum, function.name) == (minimum, maximum, name)


D = Decimal


@pytest.mark.parametrize(
    ("text", "number", "printed"),
    [
        ("1.50", D("1.5"), "1.5"),
        ("1e3", 1000, "1000"),
        ("-1E-7", D("-1E-7"), "-0.0000001"),
        (".5", D("0.5"), "0.5"),
        ("5.", 5, "5"),
        ("+1", 1, "1"),
        ("1e30", 10**30, "1" + "0" * 30),
    ],
)
def test_number_from_and_to_text(text, number, printed):
    assert parse_number(text) == number
    assert number_text(parse_number(text)) == printed


@pytest.mark.parametrize("text", ["", " 1", "1 ", "0x10", "1_000", "inf", "NaN", "1e", ".", "\u0661"])
def test_text_that_is_no_number(text):
    assert parse_number(text) is None


def test_one_instant_for_all_functions_of_a_run(tmp_path):
    ticks = count()

    def clock() -> datetime:
        return datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC) + timedelta(seconds=next(ticks))

    functions = terraform_functions(tmp_path, now=clock)
    instants = {functions[name].call() for name in ("timestamp", "plantimestamp", "timestamp")}
    assert instants == {"2026-03-04T05:06:07Z"}
    assert terraform_functions(tmp_path, now=clock)["timestamp"].call() == "2026-03-04T05:06:08Z"


def test_base64gzip_holds_the_text_and_no_time(call):
    data = base64.b64decode(call("base64gzip", "hello hello"))
    assert gzip.decompress(data) == b"hello hello"
    assert data[4:8] == b"\0\0\0\0"
    assert call("base64gzip", "hello hello") == call("base64gzip", "hello hello")


def test_paths_start_at_the_base_folder(files):
    functions = terraform_functions(files)
    assert functions["abspath"].call("a/../c") == str(files / "c")
    assert functions["abspath"].call("/a/./b/") == "/a/b"
    assert functions["file"].call("./a/../b.txt") == "b"
    assert functions["file"].call(str(files / "b.txt")) == "b"


def test_home_folder(call, monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    assert call("pathexpand", "~/x") == "/home/someone/x"
    assert call("pathexpand", "~") == "/home/someone"


def test_reading(files):
    functions = terraform_functions(files)
    assert functions["file"].call("\u00e9.txt") == "\u00e9"
    assert functions["filebase64"].call("bin") == "/wA="
    assert functions["fileexists"].call("b.txt") is True
    assert functions["fileexists"].call("nope") is False
    assert functions["filesha256"].call("bin") == hashlib.sha256(b"\xff\x00").hexdigest()


@pytest.mark.parametrize(
    ("path", "pattern", "names"),
    [
        (".", "*", [".hidden", "b.txt", "bin", "d.json", "link.txt", "\u00e9.txt"]),
        (".", "*.{txt,json}", ["b.txt", "d.json", "link.txt", "\u00e9.txt"]),
        (".", "a/**", ["a/sub/deep.txt", "a/x.txt"]),
        ("a", "**/deep.txt", ["sub/deep.txt"]),
        (".", "[a-c].txt", ["b.txt"]),
        (".", "[^b].txt", ["\u00e9.txt"]),
        ("a/sub", "../?.txt", ["../x.txt"]),
        (".", "folder-link/*", ["folder-link/x.txt"]),
        (".", "//b.txt", ["b.txt"]),
        ("nope", "*", []),
    ],
)
def test_fileset(files, path, pattern, names):
    found = list(terraform_functions(files)["fileset"].call(path, pattern))
    assert [name for name in found if "loop" not in name] == names


def test_fileset_ends_in_spite_of_a_link_to_a_folder_above(files):
    found = list(terraform_functions(files)["fileset"].call(".", "**"))
    assert "a/sub/deep.txt" in found
    assert not [name for name in found if name.count("loop") > 1]


@pytest.mark.parametrize(
    ("name", "arguments", "message", "argument"),
    [
        ("file", ["nope"], 'No file exists at "nope": the path is relative to FOLDER.', 0),
        ("file", ["a"], '"a" is a folder, not a file.', 0),
        ("file", ["bin"], 'The contents of "bin" are not valid UTF-8; read them with filebase64 instead.', 0),
        ("filemd5", ["nope"], 'No file exists at "nope": the path is relative to FOLDER.', 0),
        ("fileexists", ["a"], '"a" is a folder, not a file.', 0),
        ("fileset", [".", "["], 'Syntax error in the pattern "[".', 1),
        ("fileset", [".", "{a"], 'Syntax error in the pattern "{a".', 1),
        ("pathexpand", ["~bob/x"], "Cannot expand the home folder of another user.", 0),
    ],
)
def test_refusal(files: Path, name, arguments, message, argument):
    with pytest.raises(FunctionError) as raised:
        terraform_functions(files)[name].call(*arguments)
    assert (raised.value.message.replace(str(files), "FOLDER"), raised.value.argument) == (message, argument)


def test_what_reads_files_is_not_portable(functions):
    """C3: a plan of the whole stack runs elsewhere, where a relative path means another file."""
    bound = {name for name, function in functions.items() if not function.portable}
    assert bound == {
        *("abspath", "file", "filebase64", "fileexists", "fileset"),
        *("filemd5", "filesha1", "filesha256", "filesha512", "filebase64sha256", "filebase64sha512"),
    }


U = unknown_reference("dependency", "vpc", "outputs", "vpc_id")
V = unknown_reference("dependency", "kms", "outputs", "arn")


@pytest.mark.parametrize(
    ("name", "arguments", "value"),
    [
        ("alltrue", [[U, False]], False),
        ("anytrue", [[U, True]], True),
        ("coalesce", [None, "", "a", U], "a"),
        ("coalescelist", [[], [U], V], [U]),
        ("concat", [[U], ["a"]], [U, "a"]),
        ("contains", [[U, "a"], "a"], True),
        ("element", [["a", U], 3], U),
        ("flatten", [[["a"], [{"b": U}]]], ["a", {"b": U}]),
        ("index", [["a", "b", U], "b"], 1),
        ("keys", [{"b": U, "a": 1}], ["a", "b"]),
        ("length", [[U, V]], 2),
        ("length", [{"a": U}], 1),
        ("lookup", [{"a": U}, "a", "z"], U),
        ("lookup", [{"a": U}, "b", "z"], "z"),
        ("lookup", [{"a": 1}, "a", U], 1),
        ("lookup", [{"a": 1}, "b", U], U),
        ("merge", [{"a": U}, None, {"b": 1}], {"a": U, "b": 1}),
        ("one", [[U]], U),
        ("reverse", [["a", U]], [U, "a"]),
        ("slice", [["a", U, "b"], 1, 2], [U]),
        ("values", [{"b": U, "a": 1}], [1, U]),
        ("zipmap", [["a", "b"], [U, 1]], {"a": U, "b": 1}),
    ],
)
def test_c3_known_in_spite_of_unknown_parts(call, functions, name, arguments, value):
    assert functions[name].takes_unknown
    assert call(name, *arguments) == value


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("alltrue", [[U, True]]),
        ("anytrue", [[U, False]]),
        ("coalesce", [U, "a"]),
        ("coalesce", [1, U]),
        ("coalescelist", [[], U]),
        ("concat", [["a"], U]),
        ("contains", [["a", U], "b"]),
        ("contains", [["a"], U]),
        ("element", [["a", "b"], U]),
        ("flatten", [[["a"], U]]),
        ("index", [[U, "b"], "b"]),
        ("keys", [U]),
        ("length", [U]),
        ("length", [SetValue(("a", U))]),
        ("lookup", [{"a": 1}, U]),
        ("merge", [{"a": 1}, U]),
        ("one", [U]),
        ("reverse", [U]),
        ("slice", [["a"], 0, U]),
        ("values", [U]),
        ("zipmap", [[U], [1]]),
    ],
)
def test_c3_left_for_later(call, functions, name, arguments):
    assert functions[name].takes_unknown
    assert call(name, *arguments) is NotImplemented


def test_every_function_that_takes_unknown_values_is_tested_here(functions):
    tested = {mark[0] for mark in test_c3_left_for_later.pytestmark[0].args[1]}
    assert tested == {name for name, function in functions.items() if function.takes_unknown}
