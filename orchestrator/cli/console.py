"""Where commands print: results to standard output, everything said along the way to standard error."""

from rich.console import Console

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def ask(question: str, *, expected: str) -> bool:
    """Ask on the terminal; only the expected word is a yes."""
    answer = err.input(f"{question} Type [bold]{expected}[/bold] to go on: ")
    return answer.strip() == expected
