"""How a unit is run: its extra arguments and hooks, what is done about errors, and when it is left out."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import TypeVar

from orchestrator.config import settings
from orchestrator.config.arguments import PASSED, ExtraArguments, check_arguments, extra_arguments
from orchestrator.config.contents import Contents, Section, Setting
from orchestrator.diagnostics import Collector, ConfigurationError, Diagnostic, Range, failure
from orchestrator.hcl.values import Value

_T = TypeVar("_T")

RETRY_ATTEMPTS = 3
RETRY_SECONDS = 5

DEFAULT_RETRYABLE_ERRORS = (
    r"(?is).*tls handshake timeout.*",
    r"(?is).*connection reset by peer.*",
    r"(?is).*(i/o|dial|connection) (tcp )?.*time(d )?out.*",
    r"(?is).*could not download module.*",
    r"(?is).*failed to (load|query|install).*provider.*",
    r"(?is).*error (installing|configuring) (the )?(provider|backend).*(tls|timeout|connection|eof).*",
    r"(?is).*client\.timeout exceeded while awaiting headers.*",
    r"(?is).*(throttling|toomanyrequests|rate exceeded|429 too many requests).*",
    r"(?is).*ssh_exchange_identification.*connection closed by remote host.*",
)
"""What ``get_default_retryable_errors`` returns: failures of the network and of registries."""


class HookKind(StrEnum):
    """When a hook runs."""

    BEFORE = "before_hook"
    AFTER = "after_hook"
    ERROR = "error_hook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A program around a Terraform command. ``on_errors``: the errors that an error hook runs for, as expressions."""

    kind: HookKind
    name: str
    commands: frozenset[str]
    execute: tuple[str, ...]
    working_dir: str = ""
    run_on_error: bool = False
    suppress_stdout: bool = False
    on_errors: tuple[re.Pattern[str], ...] = ()
    range: Range | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRule:
    """Errors after which a unit is tried again."""

    name: str
    errors: tuple[re.Pattern[str], ...]
    attempts: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoreRule:
    """Errors that count as success. ``excepted``: those that never do."""

    name: str
    errors: tuple[re.Pattern[str], ...]
    excepted: tuple[re.Pattern[str], ...]
    message: str
    signals: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """When a unit is left out of runs. ``no_run``: also where it is named."""

    actions: frozenset[str]
    dependencies: bool
    no_run: bool

    def covers(self, action: str) -> bool:
        """Tell whether a unit is left out of a run of this action."""
        return bool(self.actions & {action, "all"}) or ("all_except_output" in self.actions and action != "output")


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How a unit is run. ``prevent_destroy``: whether it must never be destroyed as a whole."""

    arguments: tuple[ExtraArguments, ...] = ()
    hooks: tuple[Hook, ...] = ()
    retries: tuple[RetryRule, ...] = ()
    ignored: tuple[IgnoreRule, ...] = ()
    exclusion: Exclusion | None = None
    prevent_destroy: bool = False

    def environment(self, command: str) -> dict[str, str]:
        """Return the environment variables for a Terraform command, but those that are inputs."""
        found: dict[str, str] = {}
        for block in self.arguments:
            if command in block.commands:
                found |= {name: value for name, value in block.environment.items() if not name.startswith("TF_VAR_")}
        return found

    def options(self, command: str) -> dict[str, str]:
        """Return the arguments that are passed on to a Terraform command, by name with underscores."""
        return {
            argument.name.replace("-", "_"): argument.value or ""
            for block in self.arguments
            if command in block.commands
            for argument in block.arguments
            if argument.name in PASSED
        }

    def hooks_of(self, kind: HookKind, command: str) -> tuple[Hook, ...]:
        """Return the hooks that run around a command."""
        return tuple(hook for hook in self.hooks if hook.kind is kind and command in hook.commands)

    def retry(self, errors: Sequence[str]) -> RetryRule | None:
        """Return the rule by which a unit that failed with these errors is tried again."""
        text = "\n".join(errors)
        return next((rule for rule in self.retries if any(known.search(text) for known in rule.errors)), None)

    def ignore(self, errors: Sequence[str]) -> IgnoreRule | None:
        """Return the rule by which these errors count as success."""
        text = "\n".join(errors)
        for rule in self.ignored:
            if not any(known.search(text) for known in rule.excepted) and any(
                known.search(text) for known in rule.errors
            ):
                return rule
        return None

    def check(self) -> Iterator[Diagnostic]:
        """Yield what of the extra arguments is refused, and warnings for what has no effect."""
        for block in self.arguments:
            yield from check_arguments(block)


def behaviour(contents: Contents) -> Behaviour:
    """Read everything that says how the unit is run; raises ConfigurationError: every setting that is wrong."""
    collector = Collector()
    attributes = contents.attributes

    def each(kind: str, read: Callable[[str, Section], _T]) -> tuple[_T, ...]:
        found = []
        for (type_, label), section in contents.blocks.items():
            if type_ == kind:
                try:
                    found.append(read(label, section))
                except ConfigurationError as error:
                    collector.absorb(error)
        return tuple(found)

    hooks = [hook for kind in HookKind for hook in each(kind, partial(_hook, kind))]
    retries = list(each("retry", _retry))
    try:
        retries += _old_retry(attributes)
        skipped = settings.boolean(attributes, "skip", default=False)
        protected = settings.boolean(attributes, "prevent_destroy", default=False)
    except ConfigurationError as error:
        collector.absorb(error)
        skipped = protected = False
    exclusions = [found for found in each("exclude", _exclusion) if found is not None]
    found = Behaviour(
        arguments=each("extra_arguments", extra_arguments),
        hooks=tuple(hook for hook in hooks if hook is not None),
        retries=tuple(retries),
        ignored=each("ignore", _ignore),
        exclusion=exclusions[0] if exclusions else None,
        prevent_destroy=protected,
    )
    collector.raise_if_any()
    if skipped:
        return replace(found, exclusion=Exclusion(actions=frozenset({"all"}), dependencies=False, no_run=True))
    return found


def _hook(kind: HookKind, label: str, section: Section) -> Hook | None:
    if not settings.boolean(section, "if", default=True):
        return None
    execute = settings.strings(section, "execute")
    if not execute:
        raise failure(section["execute"].range, "Hook without a program", f'execute of {kind} "{label}" is empty.')
    return Hook(
        kind=kind,
        name=label,
        commands=frozenset(settings.strings(section, "commands")),
        execute=execute,
        working_dir=settings.text(section, "working_dir"),
        run_on_error=settings.boolean(section, "run_on_error", default=False),
        suppress_stdout=settings.boolean(section, "suppress_stdout", default=False),
        on_errors=_expressions(section, "on_errors"),
        range=section["execute"].range,
    )


def _retry(label: str, section: Section) -> RetryRule:
    return RetryRule(
        name=label,
        errors=_expressions(section, "retryable_errors"),
        attempts=settings.whole(section, "max_attempts", RETRY_ATTEMPTS),
        seconds=settings.whole(section, "sleep_interval_sec", RETRY_SECONDS),
    )


def _old_retry(attributes: Section) -> list[RetryRule]:
    if "retryable_errors" not in attributes:
        return []
    return [
        RetryRule(
            name="retryable_errors",
            errors=_expressions(attributes, "retryable_errors"),
            attempts=settings.whole(attributes, "retry_max_attempts", RETRY_ATTEMPTS),
            seconds=settings.whole(attributes, "retry_sleep_interval_sec", RETRY_SECONDS),
        )
    ]


def _ignore(label: str, section: Section) -> IgnoreRule:
    patterns = settings.strings(section, "ignorable_errors")
    place = section["ignorable_errors"].range
    return IgnoreRule(
        name=label,
        errors=tuple(_expression(text, place) for text in patterns if not text.startswith("!")),
        excepted=tuple(_expression(text[1:].strip(), place) for text in patterns if text.startswith("!")),
        message=settings.text(section, "message"),
        signals=settings.mapping("signals", section["signals"]) if "signals" in section else {},
    )


def _exclusion(_label: str, section: Section) -> Exclusion | None:
    if not settings.boolean(section, "if", default=False):
        return None
    return Exclusion(
        actions=frozenset(action.lower() for action in settings.strings(section, "actions")),
        dependencies=settings.boolean(section, "exclude_dependencies", default=False),
        no_run=settings.boolean(section, "no_run", default=False),
    )


def _expressions(section: Mapping[str, Setting], name: str) -> tuple[re.Pattern[str], ...]:
    place = section[name].range if name in section else None
    return tuple(_expression(text, place) for text in settings.strings(section, name))


def _expression(text: str, place: Range | None) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise failure(place, "Regular expression is not valid", f'"{text}": {error}.') from error
