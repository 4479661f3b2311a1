"""The Condition block of a policy statement.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators", "Multivalued context keys" and "Conditions with
multiple context keys or values": every operator and key must match; of one key's values any may match, and none may
match a negated operator.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from orchestrator.local_cloud.iam.operators import Test, is_pattern, operator
from orchestrator.local_cloud.iam.patterns import Context, UnknownVariable, substituted

Quantifier = Literal["", "forallvalues", "foranyvalue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One operator with one key, whose case IAM ignores: it is in lower case here.

    ``test`` is None for the operator Null. A negated condition holds if the test fails for every value. ``quantifier``
    says how the values of the request are counted. A missing key satisfies an optional condition (IfExists).
    """

    key: str
    values: tuple[str, ...]
    test: Test | None
    negated: bool
    quantifier: Quantifier
    optional: bool
    wildcards: bool

    def holds(self, context: Context, *, variables: bool = True) -> bool:
        """Return whether a request fulfils the condition.

        Without ``variables``, as in policies of version 2008-10-17, ``${...}`` is plain text.
        """
        given = context.get(self.key)
        if self.test is None:
            return any((given is None) == (value.lower() == "true") for value in self.values)
        if given is None or (not given and self.quantifier):
            # A negated operator matches a missing key, so that a Deny with one fails closed.
            return self.optional or self.quantifier == "forallvalues" or (self.negated and not self.quantifier)
        wanted = self._wanted(context) if variables else self.values
        test = self.test
        found = (any(test(actual, value) for value in wanted) for actual in given)
        match self.quantifier:
            case "forallvalues":
                return all(one != self.negated for one in found)
            case "foranyvalue":
                return any(one != self.negated for one in found)
            case _:
                return any(found) != self.negated

    def _wanted(self, context: Context) -> tuple[str, ...]:
        wanted = []
        for value in self.values:
            try:
                wanted.append(substituted(value, context, as_pattern=self.wildcards))
            except UnknownVariable:
                # What cannot be known equals nothing.
                continue
        return tuple(wanted)


def parse_conditions(block: Mapping[str, Mapping[str, object]]) -> tuple[Condition, ...]:
    """Parse a Condition block such as {"Bool": {"aws:SecureTransport": "false"}}, or raise ValueError."""
    return tuple(
        _condition(name, key, _values(expected)) for name, keys in block.items() for key, expected in keys.items()
    )


def _condition(name: str, key: str, values: tuple[str, ...]) -> Condition:
    prefix, _, rest = name.rpartition(":")
    quantifiers: dict[str, Quantifier] = {"": "", "forallvalues": "forallvalues", "foranyvalue": "foranyvalue"}
    if prefix.lower() not in quantifiers:
        raise ValueError(f"{prefix} is no quantifier of IAM conditions")
    optional = rest.lower().endswith("ifexists")
    bare = rest[: -len("IfExists")] if optional else rest
    test, negated = (None, False) if bare.lower() == "null" and not optional else operator(bare)
    return Condition(
        key=key.lower(),
        values=values,
        test=test,
        negated=negated,
        quantifier=quantifiers[prefix.lower()],
        optional=optional,
        wildcards=is_pattern(bare),
    )


def _values(expected: object) -> tuple[str, ...]:
    items = expected if isinstance(expected, list) else [expected]
    return tuple(str(item).lower() if isinstance(item, bool) else str(item) for item in items)
