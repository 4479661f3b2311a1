"""Texts with ``$context`` and ``$stageVariables``: templates of gateway responses, formats of access logs.

Source: API Gateway Developer Guide, "Variables for data models, authorizers, mapping templates, and CloudWatch access logging". Only plain references are
replaced there, not Velocity's directives, which neither of the two has.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

_REFERENCE = re.compile(r"\$((?:context|stageVariables)(?:\.[A-Za-z0-9_-]+)+)")


class Text:
    """A text, split at its references."""

    __slots__ = ("_parts",)

    def __init__(self, source: str) -> None:
        # split() with one group: literals at even places, names at odd ones.
        self._parts = _REFERENCE.split(source)

    def render(self, values: Mapping[str, str], *, missing: str) -> str:
        """Replace the references: values by name ("context.requestId"), ``missing`` for a name without one."""
        return "".join(values.get(part, missing) if place % 2 else part for place, part in enumerate(self._parts))


@lru_cache(maxsize=256)
def text(source: str) -> Text:
    """Parse a text, or return it from the cache."""
    return Text(source)
