"""Where commands print: results to standard output, everything said along the way to standard error."""

from rich.console import Console

# ARNs hold words between colons, :secret: for one, which are no emoji.
out = Console(highlight=False, emoji=False)
err = Console(stderr=True, highlight=False, emoji=False)


def ask(question: str, *, expected: str, otherwise: str = "") -> bool:
    """Ask on the terminal; only the expected word is a yes.

    Args:
        question: what a yes does.
        expected: the word.
        otherwise: what anything else does, where that is not plain.

    """
    rest = f"; {otherwise}" if otherwise else ""
    answer = err.input(f"{question} Type [bold]{expected}[/bold] to go on{rest}: ")
    return answer.strip() == expected
