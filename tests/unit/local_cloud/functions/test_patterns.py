"""Filter patterns: which events they select."""

import json

import pytest

from orchestrator.local_cloud.functions.patterns import FilterPatternError, compile_pattern

ERRORS = '{ $.level = "ERROR" || $.level = "CRITICAL" || $.record.status = "error" || $.record.status = "timeout" }'
DATABASE = '?"ERROR:" ?"FATAL:" ?"PANIC:"'


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("", "anything", True),
        ("  ", "", True),
        ("ERROR", "an ERROR occurred", True),
        ("ERROR", "an error occurred", False),
        ("ERROR", "two ERRORS", False),
        ("ERROR disk", "disk: ERROR", True),
        ("ERROR disk", "ERROR", False),
        ('"disk full"', "the disk full event", True),
        ('"disk full"', "full disk", False),
        ('"say \\"hi\\""', 'I say "hi"', True),
        (DATABASE, "2026 FATAL:  password", True),
        (DATABASE, "LOG: started", False),
        ("?ERROR ?WARN", "WARN", True),
        ("ERROR ?WARN", "ERROR", True),
        ("ERROR -retry", "ERROR once", True),
        ("ERROR -retry", "ERROR retry", False),
        ('-"will retry"', "it will retry", False),
        ('-"will retry"', "done", True),
        ("%\\b5\\d\\d\\b%", "status 503", True),
        ("%\\b5\\d\\d\\b%", "status 403", False),
        # Hours for a regular expression engine that backtracks.
        ("%a*a*a*a*a*a*b%", "a" * 100_000, False),
        ("%ERR%", "\ud800ERR", True),
    ],
)
def test_b7_terms_are_searched_in_the_text(pattern, message, expected):
    assert compile_pattern(pattern)(message) is expected


DOCUMENT = {
    "level": "ERROR",
    "status": 503,
    "text": "503",
    "latency": 1.5,
    "yes": True,
    "no": False,
    "null": None,
    "record": {"status": "timeout", "a.b": 1},
    "items": [{"id": 1}, {"id": 2}],
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (ERRORS, True),
        ('{ $.level = "WARN" || $.record.status = "timeout" }', True),
        ('{ $.level = "WARN" && $.record.status = "timeout" }', False),
        ('{ $.level = "WARN" || $.level = "ERROR" && $.status = 503 }', True),
        ('{ ($.level = "WARN" || $.level = "ERROR") && $.status = 1 }', False),
        ("{ $.level = ERROR }", True),
        ('{ $.level != "WARN" }', True),
        ('{ $.absent != "WARN" }', False),
        ("{ $.status = 503 }", True),
        ("{ $.status = 5* }", True),
        ('{ $.status = "5*" }', True),
        ('{ $.text = "5*" }', True),
        ('{ $.text = "4*" }', False),
        ('{ $.text = "5?3" }', False),
        ("{ $.status >= 500 && $.status < 600 }", True),
        ("{ $.status > 503 }", False),
        ("{ $.status <= 503 }", True),
        ("{ $.latency = 1.5 }", True),
        ("{ $.text > 500 }", False),
        ("{ $.yes IS TRUE }", True),
        ("{ $.no IS TRUE }", False),
        ("{ $.no IS FALSE }", True),
        ("{ $.null IS NULL }", True),
        ("{ $.absent IS NULL }", False),
        ("{ $.null EXISTS }", True),
        ("{ $.absent EXISTS }", False),
        ("{ $.absent NOT EXISTS }", True),
        ("{ $.items[1].id = 2 }", True),
        ("{ $.items[*].id = 2 }", True),
        ("{ $.items[2].id = 2 }", False),
        ('{ $.record["a.b"] = 1 }', True),
        ("{ $.level = %^ERR% }", True),
        ("{ $.level = %^WARN% }", False),
    ],
)
def test_b7_fields_of_a_json_object_are_compared(pattern, expected):
    assert compile_pattern(pattern)(json.dumps(DOCUMENT)) is expected


@pytest.mark.parametrize("message", ["not JSON", "[1]", '"ERROR"', "", "[" * 100_000, "9" * 5000])
def test_b7_an_event_that_is_no_json_object_matches_no_comparison(message):
    assert compile_pattern("{ $.absent NOT EXISTS }")(message) is False


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("[ip, user]", "Patterns for space-delimited fields are not evaluated here."),
        ("{ $.a = 1", "There is no closing brace in: { $.a = 1"),
        ("{ $.a = }", "A comparison has no value."),
        ("{ a = 1 }", "A selector is missing."),
        ("{ $.a > x }", "> compares numbers only, not x."),
        ("{ ($.a = 1 }", "A closing parenthesis is missing."),
        ("{ $.a = 1 $.b = 2 }", "Nothing is expected here: $.b"),
        ("{ $.a IS ODD }", "Unknown: IS ODD"),
        ("%(a+)+$%", "%(a+)+$% contains (, which CloudWatch Logs does not support."),
        ("%[a%", "%[a% is no regular expression: b'missing ]: [a'"),
        ("x" * 1025, "It has more than 1024 characters."),
        (f"{{ {'(' * 51}$.a = 1{')' * 51} }}", "It has more than 50 opening parentheses."),
        ('"open', 'It cannot be read from here: "open'),
    ],
)
def test_b7_an_invalid_pattern_is_refused(pattern, reason):
    with pytest.raises(FilterPatternError) as refused:
        compile_pattern(pattern)
    assert str(refused.value) == reason
