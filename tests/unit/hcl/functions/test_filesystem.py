"""Functions over paths and files."""

import hashlib
from pathlib import Path

import pytest

from orchestrator.hcl.functions import terraform_functions
from orchestrator.hcl.scope import FunctionError


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
