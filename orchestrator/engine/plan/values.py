"""Compares planned values: what was known must be the same, what was unknown may become anything."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from orchestrator.engine.plan.changes import Marks
from orchestrator.hcl import dump_json

_COST = 2**12
"""Of scrypt: a few milliseconds for each guess at a secret."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Hashes secrets, so that two plans can be compared without keeping them; equal ones are hashed once."""

    salt: str
    _known: dict[str, str] = field(default_factory=dict, repr=False)

    def digest(self, value: object, unknown: Marks) -> str:
        """Return the hash of what is known of a value; "" where its shape is not known."""
        if unknown is True or _has_open_list(unknown):
            return ""
        text = dump_json(known_part(value, unknown), sort_keys=True)
        if text not in self._known:
            key = hashlib.scrypt(text.encode(), salt=self.salt.encode(), n=_COST, r=8, p=1, dklen=32)
            self._known[text] = key.hex()
        return self._known[text]


def pruned(marks: object) -> Marks:
    """Return a tree of marks without the branches that mark nothing: True, False, or a list or object with marks in it."""
    if isinstance(marks, dict):
        kept = {name: found for name, item in marks.items() if (found := pruned(item)) is not False}
        return kept or False
    if isinstance(marks, list):
        items = [pruned(item) for item in marks]
        return items if any(item is not False for item in items) else False
    return marks is True


def known_part(value: Any, unknown: Marks) -> Any:
    """Return a value without what is unknown in it."""
    if unknown is True:
        return None
    if isinstance(unknown, dict) and isinstance(value, dict):
        return {
            name: known_part(item, unknown.get(name, False))
            for name, item in value.items()
            if unknown.get(name) is not True
        }
    return value


def agrees(actual: Any, approved: Any, unknown: Marks) -> bool:
    """Tell whether a value is what was approved, wherever that was known.

    Elements of a set are listed in the order of their values, and unknown ones may turn out to be equal, so a list with
    unknown elements may have another order and fewer elements.
    """
    if unknown is True:
        return True
    if isinstance(unknown, dict):
        if not isinstance(actual, dict):
            return False
        parts = approved if isinstance(approved, dict) else {}
        return all(
            agrees(actual.get(name), parts.get(name), unknown.get(name, False)) for name in {*actual, *parts, *unknown}
        )
    if isinstance(unknown, list):
        if not isinstance(actual, list):
            return False
        items = approved if isinstance(approved, list) else []
        expected = [
            (items[index] if index < len(items) else None, unknown[index] if index < len(unknown) else False)
            for index in range(max(len(items), len(unknown)))
        ]
        if len(actual) == len(expected) and all(agrees(item, *one) for item, one in zip(actual, expected, strict=True)):
            return True
        return (
            len(actual) <= len(expected)
            and all(any(agrees(item, *one) for one in expected) for item in actual)
            and all(any(agrees(item, *one) for item in actual) for one in expected)
        )
    return (bool(actual == approved) and type(actual) is not bool) or actual is approved


def _has_open_list(unknown: Marks) -> bool:
    if isinstance(unknown, dict):
        return any(_has_open_list(item) for item in unknown.values())
    return isinstance(unknown, list)
