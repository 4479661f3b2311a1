"""The condition operators of IAM, as tests of one value of the request against one value of the policy.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators". A value that is no number, date, address or
Base64 fails the test, not the evaluation.
"""

import base64
import operator as compare
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_network
from typing import Any

from orchestrator.local_cloud.iam.patterns import matches, matches_arn

Test = Callable[[str, str], bool]
"""(the request's value, the policy's value)"""


_NEGATED = re.compile(r"(?:string|arn|numeric|date)not(?:equals|equalsignorecase|like)|notipaddress")


def operator(name: str) -> tuple[Test, bool]:
    """Return an operator's test and whether it is negated, or raise ValueError; IAM ignores the case of names."""
    bare = name.lower()
    negated = _NEGATED.fullmatch(bare) is not None
    test = _TESTS.get(bare.replace("not", "", 1) if negated else bare)
    if test is None:
        raise ValueError(f"{name} is no condition operator of IAM")
    return test, negated


def is_pattern(name: str) -> bool:
    """Return whether an operator matches with wildcards."""
    bare = name.lower()
    return "like" in bare or bare.startswith("arn")


def _parsed(parse: Callable[[str], Any], test: Callable[[Any, Any], bool]) -> Test:
    """Return a test of parsed values, which fails for values that cannot be parsed."""

    def of(actual: str, expected: str) -> bool:
        try:
            return test(parse(actual), parse(expected))
        except (InvalidOperation, OSError, OverflowError, ValueError):
            return False

    return of


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


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "equals": compare.eq,
    "lessthan": compare.lt,
    "lessthanequals": compare.le,
    "greaterthan": compare.gt,
    "greaterthanequals": compare.ge,
}
_TESTS: dict[str, Test] = {
    "stringequals": compare.eq,
    "stringequalsignorecase": lambda actual, expected: actual.lower() == expected.lower(),
    "stringlike": lambda actual, expected: matches(expected, actual),
    # AWS: the two behave identically.
    "arnequals": lambda actual, expected: matches_arn(expected, actual),
    "arnlike": lambda actual, expected: matches_arn(expected, actual),
    "binaryequals": _parsed(lambda text: base64.b64decode(text, validate=True), compare.eq),
    "bool": lambda actual, expected: actual.lower() == expected.lower(),
    "ipaddress": _in_network,
    **{f"numeric{name}": _parsed(Decimal, test) for name, test in _ORDER.items()},
    **{f"date{name}": _parsed(_instant, test) for name, test in _ORDER.items()},
}
