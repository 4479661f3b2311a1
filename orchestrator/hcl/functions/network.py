"""Functions over IP address ranges in CIDR notation."""

import ipaddress
from dataclasses import dataclass

from orchestrator.hcl.functions.declaration import declare, integer, text, whole
from orchestrator.hcl.scope import FunctionError
from orchestrator.hcl.values import Value

_IPV4_BITS = 32
_IPV6_BITS = 128
_IPV4_MAPPED = 0xFFFF
_MOST_NEW_BITS = 32
"""How far cidrsubnets extends a prefix at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """A range of addresses: its first address as a number, the bits that are the same, and the bits of an address."""

    address: int
    length: int
    bits: int

    @property
    def size(self) -> int:
        return 1 << (self.bits - self.length)

    def __str__(self) -> str:
        return f"{address_text(self.address, self.bits)}/{self.length}"


def parse_prefix(value: str) -> Prefix:
    """Return the range that a text writes, its host bits cleared; raises FunctionError.

    Leading zeros are allowed in IPv4, and read as decimal, as in Terraform.
    """
    address, slash, length = value.partition("/")
    try:
        if not slash or not (length.isascii() and length.isdigit()):
            raise ValueError(value)  # noqa: TRY301 - handled like the parser's own
        if ":" in address:
            number, bits = int(ipaddress.IPv6Address(address)), _IPV6_BITS
            if "%" in address:
                raise ValueError(value)  # noqa: TRY301 - a zone is part of no range
            if number >> _IPV4_BITS == _IPV4_MAPPED:
                raise ValueError(value)  # noqa: TRY301 - Terraform computes nonsense with them
        else:
            plain = ".".join(part.lstrip("0") or part[:1] for part in address.split("."))
            number, bits = int(ipaddress.IPv4Address(plain)), _IPV4_BITS
        if int(length) > bits:
            raise ValueError(value)  # noqa: TRY301 - handled like the parser's own
    except ValueError:
        raise FunctionError(f"Invalid CIDR expression: invalid CIDR address: {value}.", argument=0) from None
    host = bits - int(length)
    return Prefix(address=number >> host << host, length=int(length), bits=bits)


def address_text(address: int, bits: int) -> str:
    return str(ipaddress.IPv4Address(address) if bits == _IPV4_BITS else ipaddress.IPv6Address(address))


@declare("cidrhost", text, integer)
def cidr_host(value: str, number: int) -> Value:
    """Return the address of a host; negative numbers count from the end of the range."""
    prefix = parse_prefix(value)
    host = number if number >= 0 else prefix.size + number
    if not 0 <= host < prefix.size:
        message = f"A prefix of {prefix.length} does not accommodate a host numbered {number}."
        raise FunctionError(message, argument=1)
    return address_text(prefix.address + host, prefix.bits)


@declare("cidrnetmask", text)
def cidr_netmask(value: str) -> Value:
    prefix = parse_prefix(value)
    if prefix.bits != _IPV4_BITS:
        raise FunctionError(f"IPv6 addresses cannot have a netmask: {value}.", argument=0)
    return address_text((1 << prefix.bits) - prefix.size, prefix.bits)


@declare("cidrsubnet", text, whole, integer)
def cidr_subnet(value: str, new_bits: int, number: int) -> Value:
    prefix = parse_prefix(value)
    length = prefix.length + new_bits
    if new_bits < 0:
        raise FunctionError(f"A prefix cannot be extended by {new_bits} bits.", argument=1)
    if length > prefix.bits:
        message = f"Insufficient address space to extend a prefix of {prefix.length} by {new_bits}."
        raise FunctionError(message, argument=1)
    if not 0 <= number < 1 << new_bits:
        message = f"A prefix extension of {new_bits} does not accommodate a subnet numbered {number}."
        raise FunctionError(message, argument=2)
    return str(Prefix(address=prefix.address + (number << (prefix.bits - length)), length=length, bits=prefix.bits))


@declare("cidrsubnets", text, rest=whole)
def cidr_subnets(value: str, *new_bits: int) -> Value:
    """Place subnets one after the other, each at the next address that its size allows."""
    prefix = parse_prefix(value)
    end = prefix.address + prefix.size
    result: list[Value] = []
    at = prefix.address
    for argument, extension in enumerate(new_bits, start=1):
        length = prefix.length + extension
        if extension < 1:
            raise FunctionError("Must extend the prefix by at least one bit.", argument=argument)
        if extension > _MOST_NEW_BITS:
            message = f"May not extend the prefix by more than {_MOST_NEW_BITS} bits."
            raise FunctionError(message, argument=argument)
        if length > prefix.bits:
            kind = "IPv4" if prefix.bits == _IPV4_BITS else "IPv6"
            message = f"Would extend the prefix to {length} bits, which is too long for an {kind} address."
            raise FunctionError(message, argument=argument)
        size = 1 << (prefix.bits - length)
        at = -(-at // size) * size
        if at + size > end:
            after = f" after {result[-1]}" if result else ""
            message = f"Not enough remaining address space for a subnet with a prefix of {length} bits{after}."
            raise FunctionError(message, argument=argument)
        result.append(str(Prefix(address=at, length=length, bits=prefix.bits)))
        at += size
    return result
