"""Evaluates the Condition block of a policy statement, with AWS's rules for keys that a request does not carry.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys". Pure: no moto, no request.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import translate
from functools import lru_cache
from ipaddress import ip_address, ip_network

Context = Mapping[str, str]
"""Condition keys in lower case ("aws:securetransport") and their one value."""

Test = Callable[[str, str], bool]


def conditions_hold(block: Mapping[str, Mapping[str, object]], context: Context) -> bool:
    """Whether a whole Condition block is true: every operator and every key in it.

    Args:
        block: {"Bool": {"aws:SecureTransport": "false"}}.
        context: the keys that the request carries.

    Raises:
        ValueError: an operator that AWS does not have.

    """
    return all(
        _holds(operator, context.get(key.lower()), _as_list(expected))
        for operator, keys in block.items()
        for key, expected in keys.items()
    )


def matches_pattern(pattern: str, value: str) -> bool:
    """Wildcard matching as in Action, Resource and the Like operators: ``*`` and ``?``, in full, with respect to case."""
    return _pattern(pattern).fullmatch(value) is not None


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    # Brackets mean nothing to IAM, but something to fnmatch.
    return re.compile(translate(pattern.replace("[", "[[]")))


def _holds(operator: str, actual: str | None, expected: Sequence[str]) -> bool:
    if operator == "Null":
        return (actual is None) == (expected[0].lower() == "true")
    quantifier, _, bare = operator.rpartition(":")
    optional = bare.endswith("IfExists")
    bare = bare.removesuffix("IfExists")
    negated, test = _test(bare)
    if actual is None:
        # A missing key satisfies negated operators, IfExists and ForAllValues, and nothing else.
        return negated or optional or quantifier == "ForAllValues"
    found = any(test(actual, value) for value in expected)
    return found != negated


def _test(operator: str) -> tuple[bool, Test]:
    positive = _TESTS.get(operator)
    if positive is not None:
        return False, positive
    negative = _NEGATED.get(operator)
    if negative is not None:
        return True, _TESTS[negative]
    raise ValueError(f"{operator} is no condition operator of IAM")


def _as_list(value: object) -> Sequence[str]:
    values = value if isinstance(value, list) else [value]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in values]


def _number(compare: Callable[[float, float], bool]) -> Test:
    def test(actual: str, expected: str) -> bool:
        try:
            return compare(float(actual), float(expected))
        except ValueError:
            return False

    return test


def _in_network(actual: str, expected: str) -> bool:
    try:
        return ip_address(actual) in ip_network(expected, strict=False)
    except ValueError:
        return False


_TESTS: dict[str, Test] = {
    "StringEquals": lambda actual, expected: actual == expected,
    "StringEqualsIgnoreCase": lambda actual, expected: actual.lower() == expected.lower(),
    "StringLike": lambda actual, expected: matches_pattern(expected, actual),
    "ArnEquals": lambda actual, expected: matches_pattern(expected, actual),
    "ArnLike": lambda actual, expected: matches_pattern(expected, actual),
    "BinaryEquals": lambda actual, expected: actual == expected,
    "Bool": lambda actual, expected: actual.lower() == expected.lower(),
    "IpAddress": _in_network,
    "NumericEquals": _number(lambda actual, expected: actual == expected),
    "NumericLessThan": _number(lambda actual, expected: actual < expected),
    "NumericLessThanEquals": _number(lambda actual, expected: actual <= expected),
    "NumericGreaterThan": _number(lambda actual, expected: actual > expected),
    "NumericGreaterThanEquals": _number(lambda actual, expected: actual >= expected),
    # Times in ISO 8601 and UTC compare as text.
    "DateEquals": lambda actual, expected: actual == expected,
    "DateLessThan": lambda actual, expected: actual < expected,
    "DateLessThanEquals": lambda actual, expected: actual <= expected,
    "DateGreaterThan": lambda actual, expected: actual > expected,
    "DateGreaterThanEquals": lambda actual, expected: actual >= expected,
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
