"""The lock file: hashes as Terraform computes them, constraints as Terraform reads them."""

import base64
import hashlib

import pytest

from orchestrator.adapters.terraform.lock import LockedProvider, hash_folder, read_lock, verify
from orchestrator.errors import UsageError
from orchestrator.model.versions import satisfies
from tests.fakes.errors import error_of

LOCK = """
provider "registry.terraform.io/hashicorp/aws" {
  version     = "5.100.0"
  constraints = "5.100.0"
  hashes = [
    "h1:one=",
    "zh:two",
  ]
}
"""


@pytest.mark.parametrize(
    ("version", "constraints", "expected"),
    [
        ("5.100.0", "~> 5.100.0", True),
        ("5.101.0", "~> 5.100.0", False),
        ("5.101.0", "~> 5.100", True),
        ("6.0.0", "~> 5.100", False),
        ("5.100.0", ">= 5.0, < 6.0", True),
        ("5.100.0", ">= 5.0, != 5.100.0", False),
        ("5.100.0", "5.100.0", True),
        ("5.100.0", "= 5.99", False),
        ("5.9.0", "> 5.100", False),
        ("5.100.0", "~> 5", True),
        ("6.0.0", "~> 5", False),
        ("5.100.0", "", True),
    ],
)
def test_version_constraints(version, constraints, expected):
    assert satisfies(version, constraints) is expected


def test_the_hash_covers_names_and_contents_in_the_order_of_paths(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x").write_bytes(b"1")
    (tmp_path / "b.txt").write_bytes(b"2")
    lines = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in (("b.txt", b"2"), ("b/x", b"1"))
    )
    expected = "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()
    assert hash_folder(tmp_path) == expected


def test_reading_and_stripping_a_lock_file(tmp_path):
    file = tmp_path / ".terraform.lock.hcl"
    file.write_text(LOCK)
    (entry,) = read_lock(file)
    assert entry == LockedProvider(
        address="registry.terraform.io/hashicorp/aws", version="5.100.0", hashes=("h1:one=", "zh:two")
    )
    assert entry.source == "hashicorp/aws"
    bare = 'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.100.0"\n}\n'
    assert entry.text(with_hashes=False) == bare
    file.write_text(entry.text(with_hashes=True))
    assert read_lock(file) == (entry,)


def test_a_provider_that_is_not_locked_is_refused(tmp_path):
    (tmp_path / "terraform-provider-aws").write_bytes(b"something else")
    entry = LockedProvider(address="registry.terraform.io/hashicorp/aws", version="5.100.0", hashes=("h1:one=",))
    error = error_of(lambda: verify(tmp_path, entry, lock_file=tmp_path / "lock"), UsageError)
    assert error.summary == "The provider is not the one that is locked"
    assert "terraform providers lock -platform=" in error.hint
