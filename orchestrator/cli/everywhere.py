"""Options of every command, which may stand before it or behind it: each is an environment variable while the command runs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from orchestrator.errors import UsageError
from orchestrator.model.project import WORKING_DIR


@dataclass(frozen=True, slots=True, kw_only=True)
class Everywhere:
    """An option of every command.

    ``variable``: what stands for it; ``value``: what it is set to, "" for the word that follows; ``joins``: whether several
    values become one, with commas.
    """

    variable: str
    value: str = ""
    joins: bool = False


OPTIONS = {
    "--working-dir": Everywhere(variable=WORKING_DIR),
    "--allow-commands": Everywhere(variable="PLATFORMCTL_ALLOW_COMMANDS", value="1"),
    "--feature": Everywhere(variable="TG_FEATURE", joins=True),
}


@contextmanager
def surrounded(arguments: list[str]) -> Iterator[list[str]]:
    """Take these options out of a command line and set their variables while the block runs; yields what is left.

    Raises UsageError: an option has no value.
    """
    before = {option.variable: os.environ.get(option.variable) for option in OPTIONS.values()}
    try:
        yield _without(arguments)
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _without(arguments: list[str]) -> list[str]:
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            return [*rest, word, *words]
        name, equals, value = word.partition("=")
        option = OPTIONS.get(name)
        if option is None or (option.value and equals):
            rest.append(word)
            continue
        given = option.value or (value if equals else next(words, ""))
        if not given:
            raise UsageError(f"Missing value of {name}", hint=f"Write {name} VALUE.")
        known = os.environ.get(option.variable) if option.joins else None
        os.environ[option.variable] = f"{known},{given}" if known else given
    return rest
