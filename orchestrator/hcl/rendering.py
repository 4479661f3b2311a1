"""``templatefile`` and ``templatestring``: templates that come from elsewhere, and see only the variables that they are given."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from orchestrator.diagnostics import ConfigurationError, Range, failure
from orchestrator.hcl import nodes
from orchestrator.hcl.calls import NEEDS_KNOWN_VALUES, check_count, evaluate_arguments, special_form
from orchestrator.hcl.dispatch import charge, evaluate, marked_if, split, veiled
from orchestrator.hcl.functions.conversion import to_string, type_name
from orchestrator.hcl.nodes import FunctionCall
from orchestrator.hcl.parse import parse_template
from orchestrator.hcl.scope import Function, FunctionError, Scope, read_file
from orchestrator.hcl.values import Unknown, Value

_INVALID = "Invalid function argument"
_PARSING = 50
"""Steps that a hundred characters of a template take."""

_VARIABLE = re.compile(r"(?!\d)[\w-]+\Z")


def _never_called() -> NoReturn:
    raise AssertionError("a mark in a scope, not a function")


_INSIDE_TEMPLATE = Function(name="templatefile", call=_never_called, minimum=0, maximum=0)


@special_form("templatefile")
def _templatefile(node: FunctionCall, scope: Scope) -> Value:
    """Return the text of a file as a template that sees only the given variables."""
    (path, variables), places = _arguments(node, scope)
    file_name, path_secret = split(path)
    if isinstance(file_name, Unknown):
        raise _too_early(node, places[0])
    if not isinstance(file_name, str):
        raise failure(places[0], _INVALID, "The first argument of templatefile has to be a path.")
    given, secret = _variables(node, variables, places[1])
    file = (scope.folder / file_name) if scope.folder is not None else Path(file_name)
    scope.templates.add(file.expanduser())
    try:
        text = read_file(file.expanduser()).decode("utf-8")
    except (OSError, ValueError) as error:
        shown = "The file" if path_secret else f"The file {file}"
        reason = "does not exist" if isinstance(error, FileNotFoundError) else "cannot be read as UTF-8 text"
        raise failure(places[0], "Template file cannot be read", f"{shown} {reason}.") from error
    _charge_parsing(text, node, scope)
    inner = Scope(given, _inner_functions(scope), scope.folder, scope.work, scope.templates)
    value = veiled(lambda: evaluate(parse_template(text, file), inner), secret=secret)
    return _text(marked_if(path_secret or secret, value), node)


@special_form("templatestring")
def _templatestring(node: FunctionCall, scope: Scope) -> Value:
    """Return a string as a template that sees only the given variables, and no files.

    The string has to be a reference, because a template that is written out needs no function.
    """
    (template, variables), places = _arguments(node, scope)
    if node.expand_final or not _is_reference(node.arguments[0]):
        raise failure(
            places[0],
            _INVALID,
            "The first argument of templatestring has to be a reference to a string, such as local.template.",
            "Write a template that is known here as a quoted string.",
        )
    text, text_secret = split(template)
    if isinstance(text, Unknown):
        raise _too_early(node, places[0])
    if not isinstance(text, str):
        raise failure(
            places[0], _INVALID, f"The first argument of templatestring has to be a string, not {_article(text)}."
        )
    given, secret = _variables(node, variables, places[1])
    functions = {name: function for name, function in _inner_functions(scope).items() if not name.startswith("file")}
    _charge_parsing(text, node, scope)
    inner = Scope(given, functions, scope.folder, scope.work)
    try:
        value = veiled(lambda: evaluate(parse_template(text, Path("template")), inner), secret=secret)
    except ConfigurationError:
        if not text_secret:
            raise
        # The place of what is wrong would quote the template.
        raise failure(places[0], _INVALID, "The template is secret, so what is wrong with it is not shown.") from None
    plain, own_mark = split(_text(value, node))
    try:
        result = plain if isinstance(plain, Unknown) else to_string(plain)
    except FunctionError:
        message = f"The template's only value has to become a string, but it is {_article(plain)}."
        raise failure(node.range, _INVALID, message) from None
    return marked_if(text_secret or secret or own_mark, result)


def _charge_parsing(text: str, node: FunctionCall, scope: Scope) -> None:
    charge(scope, node.range, text, cost=_PARSING)


def _inner_functions(scope: Scope) -> Mapping[str, Function]:
    return {**scope.functions, _INSIDE_TEMPLATE.name: _INSIDE_TEMPLATE}


def _arguments(node: FunctionCall, scope: Scope) -> tuple[list[Value], list[Range]]:
    if scope.functions.get(_INSIDE_TEMPLATE.name) is _INSIDE_TEMPLATE:
        message = f"The function {node.name} cannot be called from inside of a template."
        raise failure(node.range, "Invalid function call", message)
    expanded = evaluate_arguments(node, scope)
    if expanded is None:
        message = f"The arguments of {node.name} are not known before apply."
        raise failure(node.arguments[-1].range, NEEDS_KNOWN_VALUES, message)
    check_count(node, len(expanded[0]), 2, 2)
    return expanded


def _variables(node: FunctionCall, value: Value, place: Range) -> tuple[Mapping[str, Value], bool]:
    variables, secret = split(value)
    if isinstance(variables, Unknown):
        raise _too_early(node, place)
    if not isinstance(variables, dict):
        raise failure(
            place,
            _INVALID,
            f"The second argument of {node.name} has to be an object with the variables, not {_article(variables)}.",
        )
    for name in variables:
        if not _VARIABLE.match(name):
            raise failure(
                place,
                _INVALID,
                f'"{name}" is no name of a variable: one starts with a letter, and letters, digits, _ and - follow.',
            )
    return variables, secret


def _is_reference(expression: nodes.Expression) -> bool:
    match expression:
        case nodes.VariableExpression():
            return True
        case nodes.GetAttribute() | nodes.Index(key=nodes.Literal()):
            return _is_reference(expression.of)
    return False


def _text(value: Value, node: FunctionCall) -> Value:
    plain, _ = split(value)
    if plain is None:
        raise failure(node.range, "Template result is null", "The template's only value is null, which is no result.")
    return value


def _too_early(node: FunctionCall, place: Range) -> ConfigurationError:
    return failure(
        place,
        NEEDS_KNOWN_VALUES,
        f"The template and the names of the variables of {node.name} are needed before apply.",
        "Write the variables as an object, { name = value }; their values may be unknown.",
    )


def _article(value: Value) -> str:
    return "null" if value is None else f"a {type_name(value)}"
