"""The condition operators of IAM, as tests of one value of the request against one value of the policy.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators". A value that is no number, date, address or
Base64 fails the test, not the evaluation.
"""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_network

from orchestrator.local_cloud.iam.patterns import matches, matches_arn

Test = Callable[[str, str], bool]
"""(the request's value, the policy's value)"""


def operator(name: str) -> tuple[Test, bool]:
    """Return an operator's test and whether it is negated, or raise ValueError; IAM ignores the case of names."""
    bare = name.lower()
    negated = bare in _NEGATED
    test = _TESTS.get(_NEGATED.get(bare, bare))
    if test is None:
        raise ValueError(f"{name} is no condition operator of IAM")
    return test, negated


def is_pattern(name: str) -> bool:
    """Return whether an operator matches with wildcards."""
    bare = name.lower()
    return "like" in bare or bare.startswith("arn")


def _number(compare: Callable[[Decimal, Decimal], bool]) -> Test:
    def test(actual: str, expected: str) -> bool:
        try:
            return compare(Decimal(actual), Decimal(expected))
        except InvalidOperation:
            return False

    return test


def _date(compare: Callable[[datetime, datetime], bool]) -> Test:
    def test(actual: str, expected: str) -> bool:
        try:
            return compare(_instant(actual), _instant(expected))
        except (OSError, OverflowError, ValueError):
            return False

    return test


def _instant(text: str) -> datetime:
    """Parse a date of the W3C's profile of ISO 8601, or seconds since 1970."""
    if text.removeprefix("-").isdigit() and len(text) > len("2026"):
        return datetime.fromtimestamp(int(text), UTC)
    if len(text) == len("2026"):
        text += "-01-01"
    elif len(text) == len("2026-01"):
        text += "-01"
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _in_network(actual: str, expected: str) -> bool:
    try:
        return ip_address(actual) in ip_network(expected, strict=False)
    except ValueError:
        return False


def _bytes_equal(actual: str, expected: str) -> bool:
    try:
        return base64.b64decode(actual, validate=True) == base64.b64decode(expected, validate=True)
    except ValueError:
        return False


_TESTS: dict[str, Test] = {
    "stringequals": lambda actual, expected: actual == expected,
    "stringequalsignorecase": lambda actual, expected: actual.lower() == expected.lower(),
    "stringlike": lambda actual, expected: matches(expected, actual),
    # AWS: the two behave identically.
    "arnequals": lambda actual, expected: matches_arn(expected, actual),
    "arnlike": lambda actual, expected: matches_arn(expected, actual),
    "binaryequals": _bytes_equal,
    "bool": lambda actual, expected: actual.lower() == expected.lower(),
    "ipaddress": _in_network,
    "numericequals": _number(lambda actual, expected: actual == expected),
    "numericlessthan": _number(lambda actual, expected: actual < expected),
    "numericlessthanequals": _number(lambda actual, expected: actual <= expected),
    "numericgreaterthan": _number(lambda actual, expected: actual > expected),
    "numericgreaterthanequals": _number(lambda actual, expected: actual >= expected),
    "dateequals": _date(lambda actual, expected: actual == expected),
    "datelessthan": _date(lambda actual, expected: actual < expected),
    "datelessthanequals": _date(lambda actual, expected: actual <= expected),
    "dategreaterthan": _date(lambda actual, expected: actual > expected),
    "dategreaterthanequals": _date(lambda actual, expected: actual >= expected),
}
_NEGATED = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "notipaddress": "ipaddress",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
}
