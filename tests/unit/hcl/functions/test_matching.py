"""regex, regexall and replace, in RE2's syntax."""

import pytest


@pytest.mark.parametrize(
    ("pattern", "text", "value"),
    [
        ("[a-z]+", "53453453abcdef", "abcdef"),
        (r"(\d{4})-(\d\d)", "2026-03-04", ["2026", "03"]),
        (r"^(?:(?P<scheme>[^:]+):)?(?P<rest>.*)$", "//x", {"scheme": None, "rest": "//x"}),
        ("(?<name>a)", "a", {"name": "a"}),
        ("(?P<1>a)", "a", {"1": "a"}),
        ("a(b)?(c)", "ac", [None, "c"]),
        (r"\w+", "\u00e9a", "a"),
        (r"\pL+", "1\u00e9a", "\u00e9a"),
        (r"\p{Greek}", "a\u03b1", "\u03b1"),
        (r"[^\PL]+", "12ab", "ab"),
        ("[[:^alpha:]]+", "ab12", "12"),
        ("[]a]+", "]a", "]a"),
        ("[a&&b]+", "a&&b", "a&&b"),
        ("a(?i)b|C", "c", "c"),
        ("(?i:a)b", "Ab", "Ab"),
        ("(?U)a+", "aaa", "a"),
        ("(?s).", "\n", "\n"),
        ("(?m)^b$", "a\nb\nc", "b"),
        (r"\Qa.b+\E+", "a.b++", "a.b++"),
        ("a{,2}", "aa{,2}", "a{,2}"),
        (r"\x{1F600}", "\U0001f600", "\U0001f600"),
        (r"\12", "\n", "\n"),
    ],
)
def test_regex(call, pattern, text, value):
    assert call("regex", pattern, text) == value


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


@pytest.mark.parametrize(
    ("pattern", "text", "value"),
    [
        ("a*", "baac", ["", "aa", ""]),
        ("(a)(b)?", "ab a", [["a", "b"], ["a", None]]),
        ("(?P<n>a)", "aa", [{"n": "a"}, {"n": "a"}]),
        ("", "ab", ["", "", ""]),
    ],
)
def test_regexall(call, pattern, text, value):
    assert call("regexall", pattern, text) == value


@pytest.mark.parametrize(
    ("text", "part", "replacement", "value"),
    [
        ("a.b.c", ".", "-", "a-b-c"),
        ("ab", "", "-", "-a-b-"),
        ("a/b", "/", "-", "a-b"),
        ("abc", "/(b)/", "[$1]", "a[b]c"),
        ("abc", "/(?P<x>b)/", "${x}$x$1x$$", "abb$c"),
        ("abc", "/b/", "$2$name$", "a$c"),
        ("baac", "/a*/", "x", "xbxcx"),
        ("A1", "/[A-Z]/", "$0$0", "AA1"),
    ],
)
def test_replace(call, text, part, replacement, value):
    assert call("replace", text, part, replacement) == value


def test_replace_refuses_a_wrong_pattern(refusal):
    assert refusal("replace", "a", "/(/", "") == ("Invalid regular expression: missing closing ) in (.", 1)
