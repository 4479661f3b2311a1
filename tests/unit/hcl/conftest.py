"""What the tests of the configuration language share: a few functions, and shorthands to evaluate a text."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from orchestrator.hcl import Scope, evaluate, parse_expression
from orchestrator.hcl.scope import Function, FunctionError
from orchestrator.hcl.values import SetValue, Unknown, Value

PATH = Path("unit/terragrunt.hcl")


def _length(value: Value) -> Value:
    if not isinstance(value, (str, list, dict, SetValue)):
        raise FunctionError("It has no length.", argument=0)
    return len(value)


def _upper(value: Value) -> Value:
    if not isinstance(value, str):
        raise FunctionError("It is no string.", argument=0)
    return value.upper()


def _merge(*maps: Value) -> Value:
    if any(isinstance(item, Unknown) for item in maps):
        return NotImplemented
    merged: dict[str, Value] = {}
    for item in maps:
        merged |= item
    return merged


def _refuse(value: Value) -> Value:
    raise FunctionError(f"It does not like {value}.", argument=0)


def _function(name: str, call: Callable[..., Value], minimum: int = 1, maximum: int | None = 1, **more) -> Function:
    return Function(name=name, call=call, minimum=minimum, maximum=maximum, **more)


FUNCTIONS: Mapping[str, Function] = {
    function.name: function
    for function in (
        _function("upper", _upper),
        _function("length", _length),
        _function("max", lambda *numbers: max(numbers), 1, None),
        _function("pair", lambda first, second: [first, second], 2, 2),
        _function("toset", lambda items: SetValue(tuple(sorted(set(items))))),
        _function("merge", _merge, 0, None, takes_unknown=True),
        _function("refuse", _refuse),
        _function("run_cmd", lambda *words: " ".join(words), 1, None, portable=False),
    )
}


@pytest.fixture(scope="session")
def functions() -> Mapping[str, Function]:
    return FUNCTIONS


@pytest.fixture(scope="session")
def value_of() -> Callable[..., Value]:
    """Evaluate a text; keyword arguments are the variables."""

    def run(text: str, /, **variables: Value) -> Value:
        return evaluate(parse_expression(text, PATH), Scope(variables, FUNCTIONS))

    return run
