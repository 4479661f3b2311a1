"""Checksums: the catalogue's check values, and zlib as the oracle of the algorithm for any length."""

import random
import zlib

import pytest

from orchestrator.local_cloud import checksums
from orchestrator.local_cloud.checksums import DIGESTS, ReflectedCrc, decoded


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [("crc32", "cbf43926"), ("crc32c", "e3069283"), ("crc64nvme", "ae8b14860a799888")],
)
def test_crcs_have_the_check_values_of_the_catalogue(algorithm, digest):
    assert DIGESTS[algorithm](b"123456789").hex() == digest


@pytest.mark.parametrize("length", [0, 1, 3, 4, 5, 511, 512 * 1024 - 1, 512 * 1024, 512 * 1024 + 1, 700_001])
def test_a_crc_of_any_length_equals_that_of_zlib(length):
    data = random.Random(length).randbytes(length)
    assert ReflectedCrc(0xEDB88320, 32).digest(data) == zlib.crc32(data).to_bytes(4, "big")


@pytest.mark.parametrize("algorithm", ["crc32c", "crc64nvme"])
def test_lanes_and_the_loop_agree(monkeypatch, algorithm):
    data = random.Random(1).randbytes(600_001)
    in_lanes = DIGESTS[algorithm](data)
    monkeypatch.setattr(checksums, "_SHORT", len(data) + 1)
    assert DIGESTS[algorithm](data) == in_lanes


@pytest.mark.parametrize(("value", "digest"), [("AAAAAA==", b"\0\0\0\0"), ("AAAA", None), ("?", None), ("", None)])
def test_a_stated_checksum_is_decoded_only_if_well_formed(value, digest):
    assert decoded(value, 4) == digest
