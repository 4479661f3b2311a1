"""Terraform as the oracle: every expression of expressions.txt gives here what it gives in `terraform console`."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from orchestrator.diagnostics import ConfigurationError
from orchestrator.hcl import Scope, evaluate, parse_expression
from orchestrator.hcl.functions import terraform_functions

TABLE = Path(__file__).with_name("expressions.txt")
REFUSED = "refused"

DIFFERENCES = [
    # Lists and tuples, maps and objects have one Python type: no conversion to an element type that was given before.
    ('concat(tolist(["a"]), tolist([1]))', '["a",1]', '["a","1"]'),
    ('lookup(tomap({a = "x"}), "b", 5)', "5", '"5"'),
    ('lookup(tomap({a = 1}), "b", "x")', '"x"', REFUSED),
    ('contains([tolist(["a"])], ["a"])', "true", "false"),
    # Another compressor.
    ('base64gzip("")', '"H4sIAAAAAAAA/wMAAAAAAAAAAAA="', '"H4sIAAAAAAAA/wAAAP//AQAA//8AAAAAAAAAAA=="'),
    # Refused, because what Terraform computes is wrong.
    ('cidrhost("::ffff:10.0.0.0/112", 1)', REFUSED, '"0:1::ffff:a00:0"'),
    ('cidrsubnet("10.0.0.0/16", 4, -1)', REFUSED, '"0.0.16.0/20"'),
    ('cidrsubnet("10.1.0.0/16", -1, 0)', REFUSED, '"10.1.0.0/15"'),
    # Beyond what Python's calendar holds.
    ('timeadd("9999-12-31T23:00:00Z", "2h")', REFUSED, '"10000-01-01T01:00:00Z"'),
    # There is no negative zero here.
    ('yamldecode("-0")', "0", "-0"),
    # Aliases of encoding names.
    ('textencodebase64("a", "csISOLatin1")', REFUSED, '"YQ=="'),
]
"""Expression, what it gives here, what it gives in Terraform: docs/functions.md names each."""


def expressions() -> list[str]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def here(expression: str, folder: Path) -> str:
    scope = Scope({}, terraform_functions(folder))
    try:
        return json.dumps(evaluate(parse_expression(f"jsonencode({expression})", TABLE), scope))
    except ConfigurationError:
        return json.dumps(REFUSED)


def in_terraform(asked: list[str], folder: Path) -> list[str]:
    """What one console process says to all of them; base64 keeps its answer from being quoted as HCL."""
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("needs terraform")
    rows = "".join(f'  try(jsonencode({expression}), "{REFUSED}"),\n' for expression in asked)
    (folder / "main.tf").write_text(f"locals {{\n  results = [\n{rows}  ]\n}}\n", encoding="utf-8")
    settings = folder.parent / "empty.tfrc"
    settings.touch()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    environment |= {"TF_CLI_CONFIG_FILE": str(settings), "CHECKPOINT_DISABLE": "1"}
    done = subprocess.run(
        [terraform, "console"],
        input="base64encode(jsonencode(local.results))\n",
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return [json.dumps(result) for result in json.loads(base64.b64decode(done.stdout.strip().strip('"')))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the file functions of the table read."""
    root = tmp_path / "work"
    contents = {
        "a/x.txt": b"x",
        "a/sub/x.txt": b"x\n",
        "a/sub/sub2/deep.txt": b"deep\n",
        "b.txt": b"b",
        "c.txt": b"c",
        "d.json": b"{}\n",
        "bin": b"\xff\x00",
        ".hidden": b"h\n",
        ".dot/.hidden": b"\n",
        "\u00e9.txt": b"\n",
    }
    for name, data in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    (root / "link.txt").symlink_to("b.txt")
    (root / "dirlink").symlink_to("a")
    (root / "broken").symlink_to("nowhere")
    return root


@pytest.mark.slow
def test_c1_the_same_as_terraform(folder):
    """C1: the functions of the language are Terraform's."""
    asked = expressions()
    assert len(asked) > 1000
    answers = in_terraform(asked, folder)
    pairs = zip(asked, answers, [here(expression, folder) for expression in asked], strict=True)
    different = [f"{expression}: {theirs} there, {ours} here" for expression, theirs, ours in pairs if theirs != ours]
    assert not different, "\n".join(different)


@pytest.mark.slow
def test_c1_the_differences_are_the_ones_that_are_documented(folder):
    answers = in_terraform([expression for expression, _, _ in DIFFERENCES], folder)
    found = [
        (expression, json.loads(here(expression, folder)), json.loads(theirs))
        for (expression, _, _), theirs in zip(DIFFERENCES, answers, strict=True)
    ]
    assert found == DIFFERENCES
