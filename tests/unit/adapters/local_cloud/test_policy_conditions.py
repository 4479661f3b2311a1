"""B4: the denial of requests without TLS, evaluated as AWS does."""

import pytest

from orchestrator.adapters.local_cloud.policy_conditions import conditions_hold, matches_pattern

CONTEXT = {
    "aws:securetransport": "true",
    "s3:tlsversion": "1.3",
    "aws:requestedregion": "us-east-1",
    "aws:principalarn": "arn:aws:iam::123456789012:role/x",
    "aws:sourceip": "10.1.2.3",
    "aws:currenttime": "2026-01-02T00:00:00Z",
}


@pytest.mark.parametrize(
    ("block", "holds"),
    [
        ({}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"Bool": {"aws:SecureTransport": False}}, False),
        ({"Bool": {"aws:SecureTransport": True}}, True),
        ({"NumericLessThan": {"s3:TlsVersion": "1.2"}}, False),
        ({"NumericGreaterThanEquals": {"s3:TlsVersion": 1.2}}, True),
        ({"NumericLessThan": {"s3:TlsVersion": "nonsense"}}, False),
        ({"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}}, True),
        ({"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}}, False),
        ({"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}, True),
        ({"StringEqualsIgnoreCase": {"aws:RequestedRegion": "US-EAST-1"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/?"}}, True),
        ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ({"IpAddress": {"aws:SourceIp": "nonsense"}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}, True),
        # What a request does not carry.
        ({"StringEquals": {"s3:x-amz-acl": "private"}}, False),
        ({"StringEqualsIfExists": {"s3:x-amz-acl": "private"}}, True),
        ({"StringNotEquals": {"s3:x-amz-acl": "private"}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": "x"}}, True),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": "x"}}, False),
        ({"Null": {"s3:x-amz-acl": "true"}}, True),
        ({"Null": {"aws:SecureTransport": "true"}}, False),
        # All operators and all keys must hold.
        ({"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, False),
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1", "aws:SourceIp": "1.1.1.1"}}, False),
    ],
)
def test_condition_blocks(block, holds):
    assert conditions_hold(block, CONTEXT) is holds


def test_an_unknown_operator_is_an_error():
    with pytest.raises(ValueError, match="StringMatches is no condition operator of IAM"):
        conditions_hold({"StringMatches": {"aws:SecureTransport": "true"}}, CONTEXT)


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("s3:*", "s3:PutObject", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("s3:Get", "s3:GetObject", False),
        ("arn:aws:s3:::b[1]/*", "arn:aws:s3:::b[1]/k", True),
        ("arn:aws:s3:::b[1]/*", "arn:aws:s3:::b1/k", False),
        ("a.c", "abc", False),
    ],
)
def test_patterns(pattern, value, matches):
    assert matches_pattern(pattern, value) is matches
