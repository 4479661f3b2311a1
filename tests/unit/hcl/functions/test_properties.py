"""What has to hold for any value: round trips, and arithmetic on address ranges."""

import ipaddress
import string
import unicodedata
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.hcl.functions import terraform_functions
from orchestrator.hcl.functions.conversion import number_text, parse_number
from orchestrator.hcl.functions.typesystem import make_set

# A slow machine is no defect.
patient = settings(deadline=None)

FUNCTIONS = terraform_functions(Path())

decimals = st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-(10**12), max_value=10**12)
numbers = st.integers() | decimals.filter(lambda value: value != int(value)).map(Decimal.normalize)
# Composed already, as every string of the language is.
texts = st.text(st.characters(codec="utf-8"), max_size=200).map(lambda text: unicodedata.normalize("NFC", text))
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


def call(name, *arguments):
    return FUNCTIONS[name].call(*arguments)


@patient
@given(values)
def test_json_round_trip(value):
    assert call("jsondecode", call("jsonencode", value)) == value


@patient
@given(values)
def test_yaml_round_trip(value):
    # A mapping key "<<" means a merge to every reader of YAML 1.1.
    written = call("yamlencode", value)
    if '"<<"' not in written:
        assert call("yamldecode", written) == value


@patient
@given(texts)
def test_base64_round_trip(value):
    assert call("base64decode", call("base64encode", value)) == value
    assert call("textdecodebase64", call("textencodebase64", value, "UTF-16LE"), "UTF-16LE") == value


@patient
@given(numbers)
def test_number_round_trip(value):
    assert parse_number(number_text(value)) == value


@patient
@given(st.text(string.printable), st.text(string.printable, min_size=1, max_size=3))
def test_split_undoes_join(value, separator):
    assert call("join", separator, call("split", separator, value)) == value


@patient
@given(st.lists(texts | st.integers() | st.none()))
def test_a_set_has_no_repeats_and_one_order(elements):
    found = make_set(elements)
    assert make_set(list(reversed(elements))) == found
    assert make_set(list(found)) == found
    assert len(found) == len({item if item is None else str(item) for item in elements})


@patient
@given(st.integers(0, 2**32 - 1), st.integers(0, 24), st.lists(st.integers(1, 8), max_size=6))
def test_cidrsubnets_are_inside_apart_and_in_order(address, length, new_bits):
    network = ipaddress.ip_network((address, length), strict=False)
    if sum(2.0**-bits for bits in new_bits) > 0.5:
        # Gaps for alignment might not leave enough room.
        return
    subnets = [ipaddress.ip_network(text) for text in call("cidrsubnets", str(network), *new_bits)]
    assert [subnet.prefixlen for subnet in subnets] == [length + bits for bits in new_bits]
    assert all(subnet.subnet_of(network) for subnet in subnets)
    assert all(left.broadcast_address < right.network_address for left, right in pairwise(subnets))


@patient
@given(st.integers(0, 2**32 - 1), st.integers(0, 32), st.integers(0, 2**32 - 1))
def test_cidrhost_counts_from_either_end(address, length, number):
    network = ipaddress.ip_network((address, length), strict=False)
    number %= network.num_addresses
    host = call("cidrhost", str(network), number)
    assert ipaddress.ip_address(host) == network[number]
    assert call("cidrhost", str(network), number - network.num_addresses) == host
