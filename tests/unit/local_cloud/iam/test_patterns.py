"""B9: wildcards, ARNs and policy variables, as IAM reads them."""

from contextlib import nullcontext

import pytest

from orchestrator.local_cloud.iam.patterns import UnknownVariable, matches, matches_arn, substituted

CONTEXT = {
    "aws:username": ("ann",),
    "aws:principaltag/team": ("*",),
    "aws:tagkeys": ("a", "b"),
}


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("s3:*", "s3:PutObject", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("s3:Get", "s3:GetObject", False),
        ("a.c", "abc", False),
        ("b[1]*", "b[1]/k", True),
        ("b[1]*", "b1/k", False),
        ("*", "", True),
        ("?", "", False),
        ("a*c", "a\nc", True),
        ("A", "a", False),
        ("a*b*c", "a-bb-c-c", True),
        ("a*b*c", "a-c-b", False),
        ("*a?c*", "abbabc", True),
        ("**", "x", True),
        # Years for a regular expression engine that backtracks.
        ("*a" * 30 + "*b", "a" * 2000, False),
    ],
)
def test_wildcards(pattern, value, expected):
    assert matches(pattern, value) is expected


@pytest.mark.parametrize(
    ("pattern", "arn", "expected"),
    [
        ("*", "arn:aws:s3:::b/k", True),
        ("*", "*", True),
        ("arn:aws:s3:::b/*", "*", False),
        ("arn:aws:s3:::*", "arn:aws:s3:::b/k", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
        ("arn:aws:sqs:*:123456789012:q", "arn:aws:sqs:us-east-1:123456789012:q", True),
        # A wildcard stays in its part; the last part may hold colons.
        ("arn:aws:sqs:*:q", "arn:aws:sqs:us-east-1:123456789012:q", False),
        ("arn:aws:logs:us-east-1:1:log-group:g:*", "arn:aws:logs:us-east-1:1:log-group:g:log-stream:s", True),
        ("arn:aws:logs:us-east-1:1:log-group:*", "arn:aws:logs:eu-west-1:1:log-group:g", False),
        ("arn:aws:iam::*:role/?", "arn:aws:iam::123456789012:role/xy", False),
        # AWS completes an ARN that ends early.
        ("arn:aws:sqs", "arn:aws:sqs:us-east-1:1:q", True),
        ("arn:aws:sqs", "arn:aws:sns:us-east-1:1:q", False),
        ("nonsense", "arn:aws:sns:us-east-1:1:q", False),
    ],
)
def test_arns(pattern, arn, expected):
    assert matches_arn(pattern, arn) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("home/${aws:username}/*", "home/ann/*"),
        ("${AWS:UserName}", "ann"),
        ("${aws:nobody, 'guest'}", "guest"),
        ("${aws:username, 'guest'}", "ann"),
        ("${aws:TagKeys, 'several'}", "several"),
        ("${*}${?}${$}", "*?$"),
        ("no variable", "no variable"),
        ("${aws:nobody}", None),
        ("${aws:TagKeys}", None),
    ],
)
def test_variables(text, expected):
    with nullcontext() if expected is not None else pytest.raises(UnknownVariable):
        assert substituted(text, CONTEXT, as_pattern=False) == expected


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("team/${aws:PrincipalTag/team}", "team/*", True),
        ("team/${aws:PrincipalTag/team}", "team/red", False),
        ("file${*}", "file*", True),
        ("file${*}", "files", False),
        ("file${?}*", "file?s", True),
        ("file${?}*", "files", False),
    ],
)
def test_the_value_of_a_variable_contains_no_wildcards(text, value, expected):
    assert matches(substituted(text, CONTEXT, as_pattern=True), value) is expected
