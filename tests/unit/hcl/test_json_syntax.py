"""The language written as JSON is the same tree as the language itself, with places in the JSON text (C1, C10)."""

import json
import shutil
import subprocess

import pytest

from orchestrator.diagnostics import ConfigurationError
from orchestrator.hcl import BlockShape, Scope, evaluate, from_json_value, load_json, parse_json_file, parse_text
from orchestrator.hcl.functions import terraform_functions

PLAIN = BlockShape(labels=lambda names: False, blocks={})
LABELLED = BlockShape(labels=lambda names: True, blocks={"hook": BlockShape(labels=lambda names: True, blocks={})})
OPTIONAL = BlockShape(labels=lambda names: "path" not in names, blocks={})
BLOCKS = {"locals": PLAIN, "unit": LABELLED, "include": OPTIONAL}


def read(tmp_path, text):
    file = tmp_path / "x.hcl.json"
    file.write_text(text, encoding="utf-8")
    return parse_json_file(file, BLOCKS)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{}", ""),
        ('{"a": 1, "b": 2.50, "c": 1e3}', "a = 1\nb = 2.50\nc = 1e3"),
        ('{"a": true, "b": false, "c": null}', "a = true\nb = false\nc = null"),
        ('{"a": "x", "b": "", "//": "a comment", "c": []}', 'a = "x"\nb = ""\nc = []'),
        ('{"a": "${local.x}", "b": "${f(1)}-${2}"}', 'a = "${local.x}"\nb = "${f(1)}-${2}"'),
        ('{"a": "$${x} %%{y}"}', 'a = "$${x} %%{y}"'),
        ('{"a": "${\\"x\\"}\\u00e9\\n"}', 'a = "${"x"}é\\n"'),
        ('{"a": "%{ if b }1%{ else }2%{ endif }"}', 'a = "%{ if b }1%{ else }2%{ endif }"'),
        ('{"a": {"k": [1, {"${n}": "v"}]}}', 'a = {\n"k" = [1, {"${n}" = "v"}]\n}'),
        ('{"a": {"//": 1}}', 'a = {"//" = 1}'),
        ('{"locals": {"a": 1}}', "locals {\na = 1\n}"),
        ('{"locals": [{"a": 1}, {"b": 2}]}', "locals {\na = 1\n}\nlocals {\nb = 2\n}"),
        ('{"locals": null}', ""),
        ('{"unit": {"x": {"a": 1}, "y": {}}}', 'unit "x" {\na = 1\n}\nunit "y" {\n}'),
        ('{"unit": [{"x": [{"a": 1}, {"b": 2}]}]}', 'unit "x" {\na = 1\n}\nunit "x" {\nb = 2\n}'),
        ('{"unit": {"x": {"hook": {"h": {"a": 1}}}}}', 'unit "x" {\nhook "h" {\na = 1\n}\n}'),
        ('{"include": {"path": "p"}}', 'include {\npath = "p"\n}'),
        ('{"include": {"root": {"path": "p"}}}', 'include "root" {\npath = "p"\n}'),
    ],
)
def test_c1_json_says_the_same_as_the_language(tmp_path, written, meant):
    assert read(tmp_path, written).body == parse_text(f"{meant}\n", tmp_path / "x.hcl").body


@pytest.mark.parametrize(
    ("written", "place", "text"),
    [
        ("", "1:1", "Expected a value, but found the end of the file."),
        ("[]", "1:1", "The file must hold an object."),
        ('{"a": }', "1:7", 'Expected a value, but found "}".'),
        ('{"a": 1,}', "1:9", 'Expected the name of a property in double quotes, but found "}".'),
        ('{"a": 1 "b": 2}', "1:9", 'Expected "," or "}", but found """.'),
        ('{"a": 1} x', "1:10", 'Expected the end of the file, but found "x".'),
        ('{"a": 01}', "1:8", 'Expected "," or "}", but found "1".'),
        ('{"a": "\t"}', "1:7", "This string has no end, or an escape sequence in it that JSON does not have."),
        ('{"a": "\\x"}', "1:7", "This string has no end, or an escape sequence in it that JSON does not have."),
        ('{\n "a": 1,\n "a": 2}', "3:2", "The argument a was already set in line 2."),
        ('{"locals": 1}', "1:12", "locals is a block, so its value must be an object, or an array of objects."),
        ('{"a": 1e9999}', "1:7", "It has too many digits."),
        ('{"a": "x ${1 + } y"}', "1:16", 'Expected the start of an expression, but found "}".'),
        ('{"a": "\\u00e9\\n${1 + } y"}', "1:22", 'Expected the start of an expression, but found "}".'),
        ('{"a": "${x"}', "1:8", 'There is no "}" that closes this ${.'),
        ("[" * 100_000, "1:1", "The file cannot be read."),
    ],
)
def test_c7_mistakes_have_the_place_in_the_json(tmp_path, written, place, text):
    with pytest.raises(ConfigurationError) as raised:
        read(tmp_path, written)
    assert [(str(item.range).partition("json:")[2], item.detail) for item in raised.value.diagnostics] == [
        (place, text)
    ]


VALUES = {
    "plain": "x",
    "number": -1.5,
    "of a type": "${1 + 1}",
    "mixed": 'a-${upper("b")}-${true}',
    "escaped": "$${a} %%{b} $ % {}",
    "quotes": 'he said "${join("\\",", ["a", "b"])}"\n\t',
    "if": "%{ if 1 > 2 ~} no %{ else ~} yes %{~ endif }",
    "for": '%{ for i in ["a", "b"] }<${i}>%{ endfor }',
    "nested": {"list": [1, None, {"deep": "${[1, 2][1]}"}], "é": "\U0001f600"},
}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("terraform") is None, reason="there is no terraform on the PATH")
def test_c1_values_are_those_of_terraform(tmp_path):
    (tmp_path / "main.tf.json").write_text(json.dumps({"locals": {"all": VALUES}}))
    done = subprocess.run(
        ["terraform", "console"],
        input="jsonencode(local.all)\n",
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    attribute = parse_json_file(tmp_path / "main.tf.json", {"locals": PLAIN}).body.blocks[0].body.attributes["all"]

    value = evaluate(attribute.expression, Scope({}, dict(terraform_functions(tmp_path))))

    assert value == from_json_value(load_json(json.loads(done.stdout)))
