"""Command lines as Terragrunt's users write them: flags and ``TG_*`` variables become options, old spellings get an answer.

The tables below are all that is known of Terragrunt's flags; docs/from-terragrunt.md shows them, and a test compares the two.
"""

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.cli.terraform_arguments import ARGUMENTS, is_argument
from orchestrator.display.console import COLOR_VARIABLE
from orchestrator.errors import UsageError

_VALUED = frozenset({"--filter", "--parallelism", "--working-dir"})
"""Options of platformctl that a variable gives a value to."""
COLOR_FLAG = "--no-color"
_SEVERAL = frozenset({"ci", "dag", "hcl", "local", "stack"})
"""Commands with commands of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A flag of Terragrunt.

    ``to``: the words that stand for it here, with ``{}`` for its value; None where it has no effect. ``takes_value``: a value
    follows. ``why``: what there is instead of an effect; empty where Terragrunt itself ignores it, or nothing would change.
    ``is_file``: the value is a file with a value in each line. ``refused``: without it a run would be another one, so it is
    an error, with ``why`` as the fix.
    """

    to: tuple[str, ...] | None = None
    takes_value: bool = False
    is_file: bool = False
    why: str = ""
    refused: bool = False


def _filter(expression: str, *, is_file: bool = False) -> Flag:
    return Flag(to=("--filter", expression), takes_value="{}" in expression, is_file=is_file)


FLAGS: dict[str, Flag] = {
    "--queue-include-dir": _filter("{{{}}}"),
    "--queue-exclude-dir": _filter("!{{{}}}"),
    "--queue-include-external": _filter("{./**}..."),
    "--queue-include-units-reading": _filter("reading={}"),
    "--units-that-include": _filter("reading={}"),
    "--filter-affected": _filter("[main...HEAD]"),
    "--filters-file": _filter("{}", is_file=True),
    "--queue-excludes-file": _filter("!{{{}}}", is_file=True),
    "--non-interactive": Flag(to=("--yes",)),
    # Terragrunt itself does nothing any longer when it sees these two.
    "--queue-strict-include": Flag(),
    "--queue-exclude-external": Flag(),
    "--queue-ignore-errors": Flag(
        why="what does not depend on a failed unit is finished; what does is never run on what it left."
    ),
    "--queue-ignore-dag-order": Flag(why="a unit always runs after those that it depends on."),
    "--hidden": Flag(why="a unit in a hidden folder is refused, not left out."),
    "--no-auto-init": Flag(why="Terraform is initialised in a workspace of platformctl's own."),
    "--no-auto-retry": Flag(why="only errors that AWS documents as transient are retried."),
    "--provider-cache": Flag(why="providers are always shared between units."),
    "--log-level": Flag(takes_value=True, why="a failed unit's log is named; --debug shows tracebacks."),
    "--log-format": Flag(takes_value=True, why="without a terminal every line is plain."),
    "--log-disable": Flag(why="results go to standard output, everything else to standard error."),
    "--download-dir": Flag(takes_value=True, why="workspaces are always below .platformctl/."),
    "--tf-path": Flag(takes_value=True, why="set PLATFORMCTL_TERRAFORM."),
    "--tf-forward-stdout": Flag(why="Terraform's own output is in the run's logs."),
    "--summary-disable": Flag(why="a run always ends with its summary."),
    "--report-file": Flag(takes_value=True, why="platformctl report prints it, --json and --junit included."),
    "--report-format": Flag(takes_value=True, why="platformctl report prints it, --json and --junit included."),
}

_ROLE = "Give platformctl the credentials of the role (AWS_PROFILE), or set assume_role in a generated provider block."
_SOURCE = "Write the source into the terraform block, or put the module beside terragrunt.hcl."
FLAGS |= {
    name: Flag(takes_value=takes_value, refused=True, why=why)
    for name, takes_value, why in (
        ("--config", True, "Name the folder with --working-dir; a unit's file is terragrunt.hcl."),
        ("--source", True, _SOURCE),
        ("--source-map", True, _SOURCE),
        ("--iam-assume-role", True, _ROLE),
        ("--iam-assume-role-duration", True, _ROLE),
        ("--iam-assume-role-session-name", True, _ROLE),
        ("--iam-assume-role-web-identity-token", True, _ROLE),
        ("--auth-provider-cmd", True, _ROLE),
        ("--out-dir", True, "platformctl plan --out FILE keeps one plan for all units."),
        ("--json-out-dir", True, "platformctl plan --json prints one plan for all units."),
        ("--filter-allow-destroy", False, "platformctl destroy --only UNIT destroys what is no longer in the tree."),
        ("--no-auto-approve", False, "Leave --yes out: platformctl asks on AWS."),
        (
            "--no-destroy-dependencies-check",
            False,
            "platformctl destroy --with-dependents destroys the dependents, too.",
        ),
    )
}

_FILTERED = frozenset({"plan", "up", "destroy", "drift", "outputs", "validate", "graph", "find", "list", "run"})
_TRANSLATED = _FILTERED | {"dag", "hcl", "render", "stack"}
"""Commands that Terragrunt has in some form; the others may have options of the same names with meanings of their own."""
_WORKING = frozenset({"up", "destroy", "run"})

VARIABLES: Mapping[str, tuple[str, frozenset[str]]] = {
    "TG_FILTER": ("--filter", _FILTERED),
    "TG_FILTERS_FILE": ("--filters-file", _FILTERED),
    "TG_FILTER_AFFECTED": ("--filter-affected", _FILTERED),
    "TG_QUEUE_INCLUDE_DIR": ("--queue-include-dir", _FILTERED),
    "TG_QUEUE_EXCLUDE_DIR": ("--queue-exclude-dir", _FILTERED),
    "TG_QUEUE_INCLUDE_EXTERNAL": ("--queue-include-external", _FILTERED),
    "TG_QUEUE_INCLUDE_UNITS_READING": ("--queue-include-units-reading", _FILTERED),
    "TG_UNITS_THAT_INCLUDE": ("--units-that-include", _FILTERED),
    "TG_QUEUE_EXCLUDES_FILE": ("--queue-excludes-file", _FILTERED),
    "TG_QUEUE_STRICT_INCLUDE": ("--queue-strict-include", _FILTERED),
    "TG_QUEUE_EXCLUDE_EXTERNAL": ("--queue-exclude-external", _FILTERED),
    "TG_WORKING_DIR": ("--working-dir", _TRANSLATED),
    "TG_PARALLELISM": ("--parallelism", _WORKING),
    "TG_NON_INTERACTIVE": ("--non-interactive", _WORKING),
    "TG_ALL": ("--all", frozenset({"run"})),
    "TG_GRAPH": ("--graph", frozenset({"run"})),
    "TG_FAIL_FAST": ("--fail-fast", frozenset({"run"})),
    "TG_QUEUE_IGNORE_ERRORS": ("--queue-ignore-errors", frozenset({"run"})),
    "TG_LOG_LEVEL": ("--log-level", _FILTERED),
    "TG_LOG_FORMAT": ("--log-format", _FILTERED),
    "TG_DOWNLOAD_DIR": ("--download-dir", _FILTERED),
    "TG_TF_PATH": ("--tf-path", _FILTERED),
    "TG_PROVIDER_CACHE": ("--provider-cache", _FILTERED),
    **{
        f"TG_{name.removeprefix('--').replace('-', '_').upper()}": (name, _FILTERED)
        for name, flag in FLAGS.items()
        if flag.refused
    },
}
"""Variables, the flag that each stands for, and the commands that take it."""

OLD_COMMANDS: Mapping[str, str] = {
    "run-all": "run --all",
    "plan-all": "run --all plan",
    "apply-all": "run --all apply",
    "destroy-all": "run --all destroy",
    "output-all": "run --all output",
    "validate-all": "run --all validate",
    "hclfmt": "hcl fmt",
    "hclvalidate": "hcl validate",
    "validate-inputs": "hcl validate --inputs",
    "render-json": "render --json",
    "graph-dependencies": "dag graph",
    "output-module-groups": "find --dag --json",
    "terragrunt-info": "doctor",
    "info": "doctor",
    **{
        name: f"run {name}"
        for name in (
            "apply",
            "force-unlock",
            "import",
            "init",
            "output",
            "refresh",
            "show",
            "state",
            "taint",
            "untaint",
        )
    },
}
"""Commands of Terragrunt that are spelled otherwise here: its older ones, and its shortcuts for ``run``."""

OLD_FLAGS: Mapping[str, str] = {
    "--terragrunt-include-dir": "--queue-include-dir",
    "--terragrunt-exclude-dir": "--queue-exclude-dir",
    "--terragrunt-excludes-file": "--queue-excludes-file",
    "--terragrunt-strict-include": "--queue-strict-include",
    "--terragrunt-include-external-dependencies": "--queue-include-external",
    "--terragrunt-ignore-external-dependencies": "--queue-exclude-external",
    "--terragrunt-ignore-dependency-errors": "--queue-ignore-errors",
    "--terragrunt-modules-that-include": "--units-that-include",
    "--terragrunt-tfpath": "--tf-path",
}
"""Flags whose new name is not the old one without ``terragrunt-``."""


def translated(arguments: Sequence[str], environ: MutableMapping[str, str], say: Callable[[str], None]) -> list[str]:
    """Return the command line in platformctl's own options.

    ``environ``: gets Terragrunt's variable for no colours where the flag is given. ``say``: is told of flags and variables that
    have no effect. Raises UsageError: an old spelling, with the new one; a flag that is refused.
    """
    if COLOR_FLAG in arguments[: arguments.index("--") if "--" in arguments else None]:
        environ[COLOR_VARIABLE] = "true"
        arguments = [word for word in arguments if word != COLOR_FLAG]
    end = arguments.index("--") if "--" in arguments else len(arguments)
    words, rest = list(arguments[:end]), list(arguments[end:])
    at = next(
        (
            number
            for number, word in enumerate(words)
            if not word.startswith("-") and words[number - 1 : number] != ["--working-dir"]
        ),
        None,
    )
    if at is None:
        return list(arguments)
    command = words[at]
    _refuse_old(command, words, at, rest)
    if command == "run":
        words, rest = _apart(words, rest)
    behind = at + 1 + (command in _SEVERAL and at + 1 < len(words) and not words[at + 1].startswith("-"))
    from_environment = [word for words in _from(environ, command) for word in _options(words, say)]
    own = _options(words[behind:], say) if command in _TRANSLATED else words[behind:]
    return [*words[:behind], *from_environment, *own, *rest]


def _apart(words: Sequence[str], rest: Sequence[str]) -> tuple[list[str], list[str]]:
    """Move Terraform's arguments, which have one hyphen, behind the two hyphens that separate them."""
    kept: list[str] = []
    moved: list[str] = []
    remaining = iter(words)
    for word in remaining:
        if not is_argument(word):
            kept.append(word)
            continue
        moved.append(word)
        argument = ARGUMENTS.get(word)
        if argument is not None and argument.takes_value:
            moved.append(next(remaining, ""))
    return kept, ["--", *moved, *rest[1:]] if moved else list(rest)


def _from(environ: Mapping[str, str], command: str) -> Iterator[list[str]]:
    """Yield the words that the variables stand for."""
    for variable, (flag, commands) in VARIABLES.items():
        value = environ.get(variable, "").strip()
        if not value or command not in commands:
            continue
        known = FLAGS.get(flag)
        if flag in _VALUED or (known is not None and known.takes_value):
            several = "filter" in flag or "queue" in flag
            yield from ([flag, item.strip()] for item in (value.split(",") if several else [value]))
        elif value.lower() not in {"0", "f", "false"}:
            yield [flag]


def _options(words: Sequence[str], say: Callable[[str], None]) -> list[str]:
    found: list[str] = []
    remaining = iter(words)
    for word in remaining:
        name, equals, value = word.partition("=")
        flag = FLAGS.get(name) if word.startswith("--") else None
        if flag is None:
            found.append(word)
            continue
        if flag.takes_value and not equals:
            value = next(remaining, "")
            if not value:
                raise UsageError("Option without a value", detail=f"{name} needs a value.")
        if flag.refused:
            raise UsageError(
                "Flag of Terragrunt that is not taken", detail=f"{name}: the run would be another one.", hint=flag.why
            )
        if flag.to is None:
            if flag.why:
                say(f"{name} has no effect: {flag.why}")
            continue
        for item in _lines(Path(value)) if flag.is_file else [value]:
            found.extend(part.format(item) if flag.takes_value else part for part in flag.to)
    return found


def _lines(file: Path) -> Iterable[str]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("File of filters cannot be read", detail=f"{file}: {error}.") from None
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _refuse_old(command: str, words: Sequence[str], at: int, rest: Sequence[str]) -> None:
    new = [_new_flag(word) for word in words]
    if command in OLD_COMMANDS:
        new[at : at + 1] = shlex.split(OLD_COMMANDS[command])
    if new != list(words):
        old = command if command in OLD_COMMANDS else next(word for word in words if word != _new_flag(word))
        raise UsageError(
            "Spelled otherwise here",
            detail=f'"{old}" is a spelling of Terragrunt that platformctl does not take.',
            hint=f"Write platformctl {shlex.join([*new, *rest])}",
        )


def _new_flag(word: str) -> str:
    name, equals, value = word.partition("=")
    if not name.startswith("--terragrunt-"):
        return word
    return f"{OLD_FLAGS.get(name, name.replace('terragrunt-', '', 1))}{equals}{value}"
