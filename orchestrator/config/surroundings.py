"""What a load of the live tree sees of the world outside of its files, as protocols; adapters implement them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from orchestrator.config.source import LocalSource, ModuleSource

ALLOW = "Pass --allow-commands, or set PLATFORMCTL_ALLOW_COMMANDS=1, if you trust this repository."
"""The hint about everything that needs ``Surroundings.programs``."""

FEATURE_VARIABLE = "TG_FEATURE"
IGNORE_VARIABLES = "PLATFORMCTL_IGNORE_TF_VAR"
"""Environment variable: with any value, TF_VAR_ variables of the caller set no inputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How a program ended; ``output`` and ``errors`` are what it printed."""

    code: int
    output: str
    errors: str


class Programs(Protocol):
    """Runs programs of the repository."""

    def run(self, arguments: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Completed:
        """Run a program to its end; raises FileNotFoundError when there is no such program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Everything outside, for one load.

    Attributes:
        command: the Terraform command that the load is for.
        programs: runs programs of the repository; None when they are not allowed.
        isolated: returns the environment that they get, made of the caller's; by default the same.
        caller: returns "account_id", "account_alias", "arn" or "user_id" of the caller in AWS; None when unknown.
        modules: fetches a module that is elsewhere; raises PlatformctlError when it cannot. None: nothing is fetched.
        workspaces: the folder of the units' workspaces; None when it is not known.

    """

    command: str = "plan"
    programs: Programs | None = None
    isolated: Callable[[Mapping[str, str]], Mapping[str, str]] = dict
    caller: Callable[[str], str] | None = None
    modules: Callable[[ModuleSource], LocalSource] | None = None
    workspaces: Path | None = None


NOTHING = Surroundings()


@dataclass(slots=True)
class Load:
    """What one load sees and has found out. It belongs to that load and is used from one thread."""

    env: Mapping[str, str]
    surroundings: Surroundings = NOTHING
    _outputs: dict[tuple[Path | None, tuple[str, ...]], str] = field(default_factory=dict)
    _caller: dict[str, str] = field(default_factory=dict)

    def features(self) -> dict[str, str]:
        """Return the values of features that the caller sets: "name=value", separated by commas."""
        pairs = (pair.partition("=") for pair in self.env.get(FEATURE_VARIABLE, "").split(",") if "=" in pair)
        return {name.strip(): value for name, _, value in pairs}

    def output_of(
        self, arguments: tuple[str, ...], folder: Path, *, everywhere: bool = False, fresh: bool = False
    ) -> str:
        """Run a program and return what it prints, without the last line break.

        ``everywhere``: the output is the same in all folders. ``fresh``: never use an earlier output. Raises
        PermissionError: programs are not allowed; FileNotFoundError: there is none; OSError: it failed.
        """
        programs = self.surroundings.programs
        if programs is None:
            raise PermissionError(ALLOW)
        key = (None if everywhere else folder, arguments)
        if fresh or key not in self._outputs:
            done = programs.run(arguments, folder=folder, environment=self.surroundings.isolated(self.env))
            if done.code:
                said = (done.errors.strip() or done.output.strip())[-2000:]
                raise OSError(f"{arguments[0]} ended with exit code {done.code}{f': {said}' if said else ''}")
            self._outputs[key] = done.output.removesuffix("\n")
        return self._outputs[key]

    def caller(self, what: str) -> str:
        """Return a fact about the caller in AWS; raises PermissionError as ``output_of`` does, LookupError: not known."""
        if self.surroundings.programs is None:
            raise PermissionError(ALLOW)
        if self.surroundings.caller is None:
            raise LookupError("no account is connected")
        if what not in self._caller:
            self._caller[what] = self.surroundings.caller(what)
        return self._caller[what]
