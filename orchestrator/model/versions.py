"""Versions of Terraform and of providers, compared by their release."""

import re

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

_CONSTRAINT = re.compile(r"(=|!=|>=|<=|>|<|~>)?\s*v?(\d+)((?:\.\d+){1,2})?")
_OPERATORS = {None: "==", "=": "==", "~>": "~="}
"""The operators that Python's version specifiers spell differently."""


def release(version: str) -> Version:
    """Return a version without its pre-release and build parts; 0 when it is not a version."""
    try:
        return Version(Version(version).base_version)
    except InvalidVersion:
        return Version("0")


def satisfies(version: str, constraints: str) -> bool:
    """Whether a version meets Terraform's constraint string, such as "~> 5.100.0, != 5.100.1".

    Source: https://developer.hashicorp.com/terraform/language/expressions/version-constraints
    """
    return release(version) in SpecifierSet(",".join(constraints_of(constraints)))


def constraints_of(text: str) -> list[str]:
    """Return the parts of a constraint string as Python's version specifiers, those left out that are malformed."""
    found = (_CONSTRAINT.fullmatch(constraint.strip()) for constraint in text.split(","))
    # Pre-releases and malformed constraints are Terraform's to judge.
    return [f"{_OPERATORS.get(match[1], match[1])}{match[2]}{match[3] or '.0'}" for match in found if match]
