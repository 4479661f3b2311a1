"""The configuration language: text to syntax tree to values."""

from orchestrator.hcl.dispatch import too_deep
from orchestrator.hcl.evaluate import evaluate
from orchestrator.hcl.format import format_text
from orchestrator.hcl.json_syntax import BlockShape, parse_json_file
from orchestrator.hcl.json_values import dump_json, from_json_value, load_json, to_json_value
from orchestrator.hcl.nodes import (
    Attribute,
    Block,
    Body,
    Expression,
    File,
    FunctionCall,
    ListExpression,
    Literal,
    ObjectExpression,
)
from orchestrator.hcl.parse import parse_expression, parse_file, parse_template, parse_text, read_text
from orchestrator.hcl.print import print_expression, print_value
from orchestrator.hcl.references import Reference, function_calls, references
from orchestrator.hcl.scope import Scope
from orchestrator.hcl.values import unknown_reference

__all__ = [
    "Attribute",
    "Block",
    "BlockShape",
    "Body",
    "Expression",
    "File",
    "FunctionCall",
    "ListExpression",
    "Literal",
    "ObjectExpression",
    "Reference",
    "Scope",
    "dump_json",
    "evaluate",
    "format_text",
    "from_json_value",
    "function_calls",
    "load_json",
    "parse_expression",
    "parse_file",
    "parse_json_file",
    "parse_template",
    "parse_text",
    "print_expression",
    "print_value",
    "read_text",
    "references",
    "to_json_value",
    "too_deep",
    "unknown_reference",
]
