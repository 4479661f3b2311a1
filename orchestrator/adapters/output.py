"""What child processes print, when it is not what was expected: quoted in an error, short and without secrets."""

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestrator.errors import PlatformctlError

_LONGEST_QUOTE = 300
_MASK = "****"
_SECRETS = (
    # The user and password of an address.
    (re.compile(r"(?<=://)[^/@\s]+(?=@)"), _MASK),
    # Strings and numbers in JSON: states and plans hold secrets. Keys stay.
    (re.compile(r'(?<=[:\[,])(\s*)"(?:[^"\\]|\\.)*(?:"|$)(?!\s*:)'), rf'\1"{_MASK}"'),
    (re.compile(r'(?<=":)(\s*)-?\d[^,}\]\s]*'), rf"\1{_MASK}"),
    (
        re.compile(
            r"(?i)(?<![a-z])([a-z_]{0,40}(?:password|passwd|secret|token|credentials?|key)\w{0,40}\s*[=:]\s*)(?!\s)[^\s,;]+"
        ),
        rf"\1{_MASK}",
    ),
    # Keys of AWS, and what is as long and as random as a key.
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}|(?<![\w/+])[A-Za-z0-9+/=_-]{40,}"), _MASK),
)


def quote(output: str) -> str:
    """Return output as it can stand in an error: its beginning, in one line of printable characters, secrets masked."""
    beginning = output[: 20 * _LONGEST_QUOTE]
    for pattern, replacement in _SECRETS:
        beginning = pattern.sub(replacement, beginning)
    text = " ".join(beginning.split())
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape", "replace").decode() for char in text)
    cut = len(shown) > _LONGEST_QUOTE or len(output) > 20 * _LONGEST_QUOTE
    return f'"{shown[:_LONGEST_QUOTE]}{"…" if cut else ""}"' if shown else "nothing"


def unexpected(
    arguments: Sequence[str], output: str, *, expected: str, problem: str = "", log: Path | None = None, hint: str = ""
) -> PlatformctlError:
    """Return an error about output that is not what the command prints as a rule.

    ``arguments``: the command line, the program first; holds no secret.
    """
    because = f" ({problem})" if problem else ""
    where = f" The log is {log}." if log is not None else ""
    return PlatformctlError(
        f"Unexpected output of {Path(arguments[0]).name}",
        detail=f"{' '.join(arguments)} did not print {expected}{because}. It printed: {quote(output)}.{where}",
        hint=hint
        or f"Run the command by hand to see all of it. Is {arguments[0]} a wrapper that prints something else?",
    )


def json_object(output: str) -> dict[str, Any]:
    """Return the first JSON object of some output; what a wrapper prints before or after it is ignored.

    Raises ValueError if there is none, or it is cut off.
    """
    start = re.search(r"(?m)^\s*\{", output)
    if start is None:
        raise ValueError("no JSON")
    try:
        found, _ = json.JSONDecoder(parse_float=Decimal).raw_decode(output, start.end() - 1)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{error.msg.removesuffix(' at')} at character {error.pos - start.end() + 2} of the JSON"
        ) from None
    assert isinstance(found, dict)
    return found
