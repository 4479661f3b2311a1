"""The functions that belong to the language: lazy ones, those about secrets, and templates from files."""

from pathlib import Path

from orchestrator.diagnostics import Collector, ConfigurationError, failure
from orchestrator.hcl.calls import (
    NEEDS_KNOWN_VALUES,
    UNKNOWN_FUNCTION,
    check_count,
    evaluate_arguments,
    folded_call,
    special_form,
)
from orchestrator.hcl.dispatch import TOO_MUCH, evaluate, marked_if, split
from orchestrator.hcl.function import Function
from orchestrator.hcl.functions.conversion import type_name
from orchestrator.hcl.limits import read_file
from orchestrator.hcl.nodes import FunctionCall
from orchestrator.hcl.parse import parse_template
from orchestrator.hcl.scope import Scope
from orchestrator.hcl.values import (
    Sensitive,
    Unknown,
    Value,
    has_sensitive,
    is_wholly_known,
    mark,
)

# These say that the expression itself is wrong, not that it fails with these values.
_NEVER_CAUGHT = (UNKNOWN_FUNCTION, NEEDS_KNOWN_VALUES, TOO_MUCH)


@special_form("try")
def _try(node: FunctionCall, scope: Scope) -> Value:
    """Return the first argument that can be evaluated; one that is not wholly known may fail later, so it stays."""
    _check_lazy(node, 1, None)
    problems = Collector()
    candidates: list[Value] = []
    for argument in node.arguments:
        try:
            value = evaluate(argument, scope)
        except ConfigurationError as error:
            _check_caught(error)
            problems.absorb(error)
            continue
        if is_wholly_known(value) and not candidates:
            return value
        candidates.append(value)
        if is_wholly_known(value):
            break
    if candidates:
        return marked_if(any(map(has_sensitive, candidates)), Unknown(folded_call(node, candidates)))
    reasons = "; ".join(
        f"{finding.detail.rstrip('.')} (line {finding.range.start.line})" if finding.range else finding.detail
        for finding in problems.found
    )
    raise failure(node.range, "No expression of try succeeded", f"Every argument of try failed: {reasons}.")


@special_form("can")
def _can(node: FunctionCall, scope: Scope) -> Value:
    """Tell whether the argument can be evaluated."""
    _check_lazy(node, 1, 1)
    try:
        value = evaluate(node.arguments[0], scope)
    except ConfigurationError as error:
        _check_caught(error)
        return False
    return True if is_wholly_known(value) else Unknown(folded_call(node, [value]))


def _check_lazy(node: FunctionCall, minimum: int, maximum: int | None) -> None:
    check_count(node, len(node.arguments), minimum, maximum)
    if node.expand_final:
        raise failure(
            node.arguments[-1].range,
            "Invalid expanding argument",
            f'The function "{node.name}" takes its arguments one by one, so "..." cannot be used with it.',
        )


def _check_caught(error: ConfigurationError) -> None:
    if any(finding.summary in _NEVER_CAUGHT for finding in error.diagnostics):
        raise error


# Secrets


@special_form("sensitive")
def _sensitive(node: FunctionCall, scope: Scope) -> Value:
    return mark(_only_argument(node, scope))


@special_form("nonsensitive")
def _nonsensitive(node: FunctionCall, scope: Scope) -> Value:
    """Return the value without its mark; one that is unknown may turn out to be a secret, so the call stays."""
    value, _ = split(_only_argument(node, scope))
    return Unknown(folded_call(node, [value])) if isinstance(value, Unknown) else value


@special_form("issensitive")
def _issensitive(node: FunctionCall, scope: Scope) -> Value:
    value = _only_argument(node, scope)
    if isinstance(value, Sensitive):
        return True
    return Unknown(folded_call(node, [value])) if isinstance(value, Unknown) else False


def _only_argument(node: FunctionCall, scope: Scope) -> Value:
    expanded = evaluate_arguments(node, scope)
    if expanded is None:
        raise failure(
            node.arguments[-1].range,
            "Invalid expanding argument",
            f'The function "{node.name}" takes one argument, but it is not known yet how many these are.',
        )
    arguments, _ = expanded
    check_count(node, len(arguments), 1, 1)
    return arguments[0]


# Templates from files


def _never_called() -> Value:
    raise AssertionError("a mark in a scope, not a function")


_INSIDE_TEMPLATE = Function(name="templatefile", call=_never_called, minimum=0, maximum=0)


@special_form("templatefile")
def _templatefile(node: FunctionCall, scope: Scope) -> Value:
    """Return the text of a file as a template that sees only the given variables."""
    if scope.functions.get(node.name) is _INSIDE_TEMPLATE:
        raise failure(
            node.range, "Invalid function call", "The function templatefile cannot be called from inside of a template."
        )
    expanded = evaluate_arguments(node, scope)
    if expanded is None:
        raise failure(
            node.arguments[-1].range, NEEDS_KNOWN_VALUES, "The arguments of templatefile are not known before apply."
        )
    arguments, places = expanded
    check_count(node, len(arguments), 2, 2)
    (path, path_secret), (variables, variables_secret) = map(split, arguments)
    if isinstance(path, Unknown) or isinstance(variables, Unknown):
        place = places[0] if isinstance(path, Unknown) else places[1]
        raise failure(
            place,
            NEEDS_KNOWN_VALUES,
            "The file and the names of the variables of templatefile are needed before apply.",
            "Write the variables as an object, { name = value }; their values may be unknown.",
        )
    if not isinstance(path, str):
        raise failure(places[0], "Invalid function argument", "The first argument of templatefile has to be a path.")
    if not isinstance(variables, dict):
        raise failure(
            places[1],
            "Invalid function argument",
            f"The second argument of templatefile has to be an object with the variables, not {_article(variables)}.",
        )
    file = (scope.folder / path) if scope.folder is not None else Path(path)
    try:
        text = read_file(file.expanduser()).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        shown = "The file" if path_secret else f"The file {file}"
        reason = "does not exist" if isinstance(error, FileNotFoundError) else "cannot be read as UTF-8 text"
        raise failure(places[0], "Template file cannot be read", f"{shown} {reason}.") from error
    inner = Scope(variables, {**scope.functions, node.name: _INSIDE_TEMPLATE}, scope.folder, scope.work)
    return marked_if(path_secret or variables_secret, evaluate(parse_template(text, file), inner))


def _article(value: Value) -> str:
    return "null" if value is None else f"a {type_name(value)}"
