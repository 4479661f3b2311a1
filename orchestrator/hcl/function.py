"""The shape of a function of the configuration language."""

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.hcl.values import Value


class FunctionError(Exception):
    """A function refuses its arguments.

    Args:
        message: a whole sentence that says what is wrong, without the function's name.
        argument: the index of the argument at fault, from 0; None for the call as a whole.

    """

    def __init__(self, message: str, *, argument: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.argument = argument


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function that configuration may call.

    ``call`` receives values that are wholly known and unmarked: the evaluator itself yields an unknown value when an
    argument is not wholly known, and marks the result when an argument was sensitive.

    Attributes:
        call: takes the arguments by position; raises FunctionError.
        minimum: how many arguments it needs.
        maximum: how many it takes at most; None for any number.
        portable: whether Terraform knows the function too, so that a call with unknown arguments can be left to it.
        takes_unknown: whether ``call`` wants its arguments even when they are not wholly known (still unmarked);
            it may then return a value with unknown parts, or ``NotImplemented`` to have the call left unknown.

    """

    name: str
    call: Callable[..., Value]
    minimum: int
    maximum: int | None
    portable: bool = True
    takes_unknown: bool = False
