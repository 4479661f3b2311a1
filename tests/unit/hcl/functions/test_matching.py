"""regex, regexall and replace, in RE2's syntax."""

import pytest


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(?=a)", "invalid or unsupported Perl syntax in (?="),
        ("(?<!a)", "invalid or unsupported Perl syntax in (?<!"),
        ("(?>a)", "invalid or unsupported Perl syntax in (?>"),
        ("(?P=a)", "invalid or unsupported Perl syntax in (?P"),
        (r"(a)\1", r"invalid escape sequence in \1"),
        (r"\Z", r"invalid escape sequence in \Z"),
        ("a**", "invalid nested repetition operator in **"),
        ("a++", "invalid nested repetition operator in ++"),
        ("x{2}{3}", "invalid nested repetition operator in {2}{3}"),
        ("*a", "missing argument to repetition operator in *"),
        ("a{1001}", "invalid repeat count in {1001}"),
        ("a{2,1}", "invalid repeat count in {2,1}"),
        ("[b-a]", "invalid character class range in b-a"),
        ("[[:foo:]]", "invalid character class range in [:foo:]"),
        (r"\p{Foo}", r"invalid character class range in \p{Foo}"),
        ("[a", "missing closing ] in [a"),
        ("(a", "missing closing ) in (a"),
        ("a)", "unexpected ) in a)"),
        ("a\\", "trailing backslash at end of expression in \\"),
        ("(?P<n-m>a)", "invalid named capture in (?P<n-m>"),
        ("(?P<x>a)(b)", "cannot mix both named and unnamed capture groups"),
    ],
)
def test_what_re2_refuses(refusal, pattern, reason):
    assert refusal("regex", pattern, "a") == (f"Invalid regular expression: {reason}.", 0)
    assert refusal("regexall", pattern, "a") == (f"Invalid regular expression: {reason}.", 0)


def test_no_match(call, refusal):
    assert refusal("regex", "a$", "a\n") == ("The pattern did not match any part of the given string.", None)
    assert call("regexall", "a$", "a\n") == []


def test_replace_refuses_a_wrong_pattern(refusal):
    assert refusal("replace", "a", "/(/", "") == ("Invalid regular expression: missing closing ) in (.", 1)
