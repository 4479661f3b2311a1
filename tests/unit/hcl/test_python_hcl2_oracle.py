"""Our parser beside python-hcl2, which reads the same grammar in another way: both must find the same structure."""

from pathlib import Path

import hcl2
import pytest

from orchestrator.hcl import parse_expression, parse_text
from orchestrator.hcl.nodes import Body

PATH = Path("f.hcl")

# python-hcl2 writes every grouping that it found as parentheses, which we read and compare with what we found.
OPTIONS = hcl2.SerializationOptions(
    with_comments=False, wrap_objects=True, wrap_tuples=True, force_operation_parentheses=True
)

EXPRESSIONS = [
    "a ? b : c ? d : e",
    "a ? b ? c : d : e",
    "a == b ? c : d + e",
    "1 + 2 * x",
    "a - b - c",
    "a / b * c % d",
    "-a.b + !c[0]",
    "!a == b",
    "-a * b",
    "a || b && c == d",
    "a && b || c && d",
    "a < b == c >= d",
    "(a + b) * c",
    "a[*].b[0].c",
    "a.*.b[0]",
    "a.0.b",
    'a["b"][c.d].e',
    "f(a, b...)",
    "f(g(a), [b, c], { d = e })",
    "provider::x::y(a)",
    "[for k, v in x : v if k]",
    "[for v in x : v.y]",
    "{for k, v in x : k => v... if v}",
    '{for v in x : "${v}-1" => v}',
    '{ (a) = 1, b = c.d, "e" = 2 }',
    '{\n  a = 1\n  b = [\n    2,\n    3,\n  ]\n  c = {\n    d = "e"\n  }\n}',
    '"x${a}y"',
    '"x${a + b * c}y${d ? e : f}"',
    '"$${a} %%{b}"',
    '"%{ if a }b%{ else }c%{ endif }"',
    '"%{ for x in y ~} ${x} %{~ endfor }"',
    "<<EOT\n  a ${b}\n  c\nEOT",
    "<<-EOT\n    a ${b}\n      c\n  EOT",
    "true",
    "null",
    "1.5",
    "1e3",
    "-5",
]


def written(value: object) -> str:
    """The text of an expression as python-hcl2 hands it back."""
    if isinstance(value, str):
        if value.startswith('"<<'):
            return f"{value[1:-1]}\n"
        return value[2:-1] if value.startswith("${") else value
    return {True: "true", False: "false", None: "null"}.get(value, str(value))


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions(text):
    file = f"v = {text}\n"
    ours = parse_text(file, PATH).body.attributes["v"].expression
    theirs = written(hcl2.loads(file, serialization_options=OPTIONS)["v"])
    assert parse_expression(theirs, PATH) == ours


BODY = """
# A file with everything that a body can hold.
locals {
  region = "us-east-1" // in one line
  zones  = ["a", "b"]  /* and another */
}

include "root" {
  path = find_in_parent_folders("root.hcl")
}

dependency "vpc" {
  config_path = "../vpc"
}

terraform {
  source = "../../modules//aurora"

  before_hook "check" {
    commands = ["apply", "plan"]
    execute  = ["echo", local.region]
  }

  before_hook "again" {
    commands = ["apply"]
    execute  = ["true"]
  }
}

resource aws_x "y" { name = "z" }
empty {}

inputs = merge(local.common, {
  subnet_ids = dependency.vpc.outputs.private_subnet_ids
  name       = "aurora-${local.suffix}"
})
"""


def outline(body: Body) -> dict[str, object]:
    """The names of a body in the shape of python-hcl2's dictionaries."""
    found: dict[str, object] = dict.fromkeys(body.attributes, "attribute")
    for block in body.blocks:
        inner: object = outline(block.body)
        for label in reversed(block.labels):
            inner = {label: inner}
        blocks = found.setdefault(block.type, [])
        assert isinstance(blocks, list)
        blocks.append(inner)
    return found


def their_outline(body: object) -> object:
    if isinstance(body, dict):
        return {
            key.strip('"'): their_outline(item) if isinstance(item, (dict, list)) else "attribute"
            for key, item in body.items()
            if key != "__is_block__"
        }
    assert isinstance(body, list)
    return [their_outline(item) for item in body]


def test_bodies():
    assert outline(parse_text(BODY, PATH).body) == their_outline(hcl2.loads(BODY, serialization_options=OPTIONS))
