"""CIDR functions (B1: the VPC's subnets are computed with them)."""

import pytest


@pytest.mark.parametrize(
    ("name", "arguments", "message", "argument"),
    [
        ("cidrhost", ["10.0.0.0", 1], "Invalid CIDR expression: invalid CIDR address: 10.0.0.0.", 0),
        ("cidrhost", ["10.0.0.0/33", 1], "Invalid CIDR expression: invalid CIDR address: 10.0.0.0/33.", 0),
        ("cidrhost", ["10.0.0.256/8", 1], "Invalid CIDR expression: invalid CIDR address: 10.0.0.256/8.", 0),
        (
            "cidrhost",
            ["::ffff:10.0.0.0/112", 1],
            "Invalid CIDR expression: invalid CIDR address: ::ffff:10.0.0.0/112.",
            0,
        ),
        ("cidrhost", ["10.0.0.0/20", 4096], "A prefix of 20 does not accommodate a host numbered 4096.", 1),
        ("cidrhost", ["10.0.0.0/20", -4097], "A prefix of 20 does not accommodate a host numbered -4097.", 1),
        ("cidrnetmask", ["fd00::/64"], "IPv6 addresses cannot have a netmask: fd00::/64.", 0),
        ("cidrsubnet", ["10.0.0.0/16", 17, 0], "Insufficient address space to extend a prefix of 16 by 17.", 1),
        ("cidrsubnet", ["10.0.0.0/16", -1, 0], "A prefix cannot be extended by -1 bits.", 1),
        ("cidrsubnet", ["10.0.0.0/16", 4, 16], "A prefix extension of 4 does not accommodate a subnet numbered 16.", 2),
        ("cidrsubnets", ["10.1.0.0/16", 1, 0], "Must extend the prefix by at least one bit.", 2),
        ("cidrsubnets", ["10.1.0.0/16", 33], "May not extend the prefix by more than 32 bits.", 1),
        (
            "cidrsubnets",
            ["10.1.0.0/16", 17],
            "Would extend the prefix to 33 bits, which is too long for an IPv4 address.",
            1,
        ),
        (
            "cidrsubnets",
            ["10.1.0.0/16", 1, 1, 1],
            "Not enough remaining address space for a subnet with a prefix of 17 bits after 10.1.128.0/17.",
            3,
        ),
    ],
)
def test_b1_refusal(refusal, name, arguments, message, argument):
    assert refusal(name, *arguments) == (message, argument)
