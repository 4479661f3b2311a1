"""B9, B4: Condition blocks, with AWS's rules for keys that are missing and keys with several values."""

import pytest

from orchestrator.local_cloud.iam.conditions import parse_conditions

CONTEXT = {
    "aws:securetransport": ("true",),
    "s3:tlsversion": ("1.3",),
    "aws:requestedregion": ("us-east-1",),
    "aws:principalarn": ("arn:aws:iam::123456789012:role/x",),
    "aws:sourceip": ("10.1.2.3",),
    "aws:currenttime": ("2026-01-02T00:00:00Z",),
    "aws:epochtime": ("1767312000",),
    "aws:username": ("ann",),
    "aws:tagkeys": ("Name", "Owner"),
    "dynamodb:leadingkeys": ("ann", "ann"),
    "x:key": ("QQ==",),
    "x:none": (),
}


def holds(block, context=None, **options):
    return all(
        condition.holds(CONTEXT if context is None else context, **options) for condition in parse_conditions(block)
    )


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({}, True),
        # Booleans, as JSON writes them or as text.
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"Bool": {"aws:SecureTransport": False}}, False),
        ({"Bool": {"aws:SecureTransport": True}}, True),
        ({"bool": {"AWS:SECURETRANSPORT": "TRUE"}}, True),
        # Numbers.
        ({"NumericLessThan": {"s3:TlsVersion": "1.2"}}, False),
        ({"NumericGreaterThanEquals": {"s3:TlsVersion": 1.3}}, True),
        ({"NumericGreaterThan": {"s3:TlsVersion": "1.3"}}, False),
        ({"NumericLessThanEquals": {"s3:TlsVersion": "1.30"}}, True),
        ({"NumericEquals": {"s3:TlsVersion": ["1.2", "1.30"]}}, True),
        ({"NumericNotEquals": {"s3:TlsVersion": ["1.2", "1.30"]}}, False),
        ({"NumericLessThan": {"s3:TlsVersion": "nonsense"}}, False),
        # Text.
        ({"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "us-*"}}, False),
        ({"StringEquals": {"aws:RequestedRegion": []}}, False),
        ({"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}}, False),
        ({"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}, True),
        ({"StringEqualsIgnoreCase": {"aws:RequestedRegion": "US-EAST-1"}}, True),
        ({"StringNotEqualsIgnoreCase": {"aws:RequestedRegion": "US-EAST-1"}}, False),
        ({"StringLike": {"aws:RequestedRegion": "us-*-?"}}, True),
        ({"StringNotLike": {"aws:RequestedRegion": "us-*"}}, False),
        # ARNs, part by part.
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/?"}}, True),
        ({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:*:role/x"}}, False),
        ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}, True),
        ({"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/x"}}, False),
        # Addresses.
        ({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "10.0.0.0/8"]}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ({"IpAddress": {"aws:SourceIp": "10.1.2.3"}}, True),
        ({"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}, False),
        ({"IpAddress": {"aws:SourceIp": "nonsense"}}, False),
        # Times: ISO 8601 with zones, and seconds.
        ({"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}, True),
        ({"DateLessThan": {"aws:CurrentTime": "2026-01-02T00:30:00+01:00"}}, False),
        ({"DateEquals": {"aws:CurrentTime": "2026-01-02T01:00:00+01:00"}}, True),
        ({"DateNotEquals": {"aws:CurrentTime": "2026-01-02"}}, False),
        ({"DateLessThanEquals": {"aws:CurrentTime": "1767312000"}}, True),
        ({"DateGreaterThanEquals": {"aws:EpochTime": "2026"}}, True),
        ({"DateGreaterThanEquals": {"aws:EpochTime": "2026-02"}}, False),
        ({"DateLessThan": {"aws:CurrentTime": "tomorrow"}}, False),
        ({"DateLessThan": {"aws:CurrentTime": "9" * 5000}}, False),
        ({"DateLessThan": {"aws:CurrentTime": "9" * 18}}, False),
        ({"NumericLessThan": {"s3:TlsVersion": "1e999999999"}}, True),
        ({"NumericLessThan": {"s3:TlsVersion": "NaN"}}, False),
        # Bytes.
        ({"BinaryEquals": {"x:key": "QQ=="}}, True),
        ({"BinaryEquals": {"x:key": "Qg=="}}, False),
        ({"BinaryEquals": {"x:key": "!"}}, False),
        # Policy variables.
        ({"StringEquals": {"dynamodb:LeadingKeys": "${aws:username}"}}, True),
        ({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/${aws:nobody, 'x'}"}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "${aws:nobody}"}}, False),
        ({"StringNotEquals": {"aws:RequestedRegion": "${aws:nobody}"}}, True),
        # All operators and all keys must hold.
        ({"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, False),
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1", "aws:SourceIp": "1.1.1.1"}}, False),
        # Missing keys.
        ({"StringEquals": {"s3:x-amz-acl": "private"}}, False),
        ({"StringEqualsIfExists": {"s3:x-amz-acl": "private"}}, True),
        ({"StringEqualsIfExists": {"aws:RequestedRegion": "eu-west-1"}}, False),
        # A Deny with a negated operator fails closed.
        ({"StringNotEquals": {"s3:x-amz-acl": "private"}}, True),
        ({"StringNotLike": {"s3:x-amz-acl": "private"}}, True),
        ({"ArnNotEquals": {"s3:x-amz-acl": "private"}}, True),
        ({"NotIpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}, True),
        ({"StringNotEqualsIfExists": {"s3:x-amz-acl": "private"}}, True),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, False),
        ({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, False),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, True),
        ({"Null": {"s3:x-amz-acl": "true"}}, True),
        ({"Null": {"s3:x-amz-acl": "false"}}, False),
        ({"Null": {"aws:SecureTransport": "true"}}, False),
        ({"Null": {"aws:SecureTransport": False}}, True),
        ({"ForAllValues:StringEquals": {"x:missing": "x"}}, True),
        ({"ForAllValues:StringEquals": {"x:none": "x"}}, True),
        ({"ForAnyValue:StringEquals": {"x:missing": "x"}}, False),
        ({"ForAnyValue:StringEquals": {"x:none": "x"}}, False),
        ({"ForAnyValue:StringNotEquals": {"x:missing": "x"}}, False),
        ({"ForAnyValue:StringEqualsIfExists": {"x:missing": "x"}}, True),
        # Keys with several values.
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["Name", "Owner", "Team"]}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["Name"]}}, False),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["Name"]}}, True),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["Team"]}}, False),
        ({"ForAnyValue:StringLike": {"aws:TagKeys": ["O*"]}}, True),
        ({"ForAllValues:StringNotEquals": {"aws:TagKeys": ["Name"]}}, False),
        ({"ForAllValues:StringNotEquals": {"aws:TagKeys": ["Team"]}}, True),
        ({"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["Name"]}}, True),
        ({"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["Name", "Owner"]}}, False),
        ({"foranyvalue:stringequals": {"aws:TagKeys": ["Owner"]}}, True),
    ],
)
def test_conditions(block, expected):
    assert holds(block) is expected


def test_old_policies_know_no_variables():
    block = {"StringEquals": {"x:name": "${aws:username}"}}
    assert holds(block, {"x:name": ("${aws:username}",)}, variables=False)
    assert not holds(block, {"x:name": ("ann",), "aws:username": ("ann",)}, variables=False)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("StringMatches", "StringMatches is no condition operator of IAM"),
        ("NullIfExists", "Null is no condition operator of IAM"),
        ("ForSomeValues:StringEquals", "ForSomeValues is no quantifier of IAM conditions"),
    ],
)
def test_unknown_operators_are_errors(name, text):
    with pytest.raises(ValueError, match=text):
        parse_conditions({name: {"aws:SecureTransport": "true"}})
