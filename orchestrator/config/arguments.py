"""``extra_arguments``: what they mean for init, plan, apply and destroy.

Variables become inputs, because the plan of the stack and the apply of each unit must have the same. Of the other
arguments those that change nothing are accepted, and those that would break the contract between the two are refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.config import settings
from orchestrator.config.contents import Section, Setting
from orchestrator.diagnostics import Collector, Diagnostic, Range, Severity, did_you_mean, failure

RUN = ("init", "plan", "apply", "destroy")
"""The commands that platformctl runs."""

NEED_VARS = ("apply", "console", "destroy", "import", "plan", "push", "refresh")
NEED_LOCKING = ("apply", "destroy", "import", "plan", "refresh", "taint", "untaint")
NEED_INPUT = ("apply", "import", "init", "plan", "refresh")
NEED_PARALLELISM = ("apply", "plan", "destroy")

PASSED = frozenset({"lock-timeout", "parallelism"})
"""Arguments that are passed on."""

_SAME = frozenset({"input=false", "auto-approve", "no-color", "lock=true", "refresh=true", "json", "upgrade=false"})

_WITHOUT_EFFECT: Mapping[str, str] = {
    "compact-warnings": "Warnings are always shown once.",
    "concise": "platformctl prints its own progress.",
    "detailed-exitcode": "Give --detailed-exitcode to platformctl.",
    "force-copy": "States are never moved by init.",
    "input": "Terraform never asks.",
    "json": "platformctl prints its own progress.",
    "lock": "States are always locked.",
    "migrate-state": "States are never moved by init.",
    "reconfigure": "A workspace is initialised again whenever its backend changes.",
    "upgrade": "Providers are upgraded by changing the lock file.",
}

_PLAN = "what is planned would not be what is applied."
_STATE = "the state is where remote_state says; "
_REFUSED: Mapping[str, str] = {
    "target": f"A part of a unit would be planned, and {_PLAN}",
    "exclude": f"A part of a unit would be planned, and {_PLAN}",
    "replace": f"It would replace the resource at every run, and {_PLAN}",
    "refresh": f"Without a refresh {_PLAN}",
    "refresh-only": f"Nothing would be applied, and {_PLAN}",
    "destroy": "Every apply would destroy the unit. Use platformctl destroy.",
    "out": f"platformctl keeps plans itself (plan --out); {_PLAN}",
    "generate-config-out": f"It writes configuration while it plans, and {_PLAN}",
    "state": f"{_STATE}write it there.",
    "state-out": f"{_STATE}write it there.",
    "backup": f"{_STATE}write it there.",
    "backend": f"{_STATE}write it there.",
    "backend-config": f"{_STATE}write it there.",
    "plugin-dir": "Providers come from the registry or from PLATFORMCTL_PROVIDER_MIRROR.",
    "from-module": "Write the module as the source of the terraform block.",
    "chdir": "Terraform runs in the unit's workspace.",
    "lockfile": "platformctl keeps the provider lock file itself.",
}

_WITH_VALUE = PASSED | {
    "var",
    "var-file",
    "target",
    "replace",
    "out",
    "state",
    "state-out",
    "backend-config",
    "exclude",
}

# Variables by which Terraform itself is told what to do; the rest belongs to providers and to the module.
_REFUSED_VARIABLES: Mapping[str, str] = {
    "TF_CLI_ARGS": "Write them as arguments of the extra_arguments block.",
    "TF_DATA_DIR": "Terraform's own files are in the unit's workspace.",
    "TF_WORKSPACE": "States are told apart by remote_state, not by workspaces.",
    "TF_REATTACH_PROVIDERS": "platformctl starts providers itself.",
    "TF_CLI_CONFIG_FILE": "Set it for platformctl, not for one unit.",
}

VARIABLE = "TF_VAR_"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenArgument:
    """One argument: ``-name`` or ``-name=value``."""

    name: str
    value: str | None

    @property
    def text(self) -> str:
        return self.name if self.value is None else f"{self.name}={self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableFile:
    """A file of values; an optional one may be missing."""

    path: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraArguments:
    """One block. ``environment``: may hold secrets, so it is not in the repr."""

    name: str
    commands: frozenset[str]
    arguments: tuple[GivenArgument, ...]
    files: tuple[VariableFile, ...]
    environment: Mapping[str, str] = field(repr=False)
    range: Range

    def sources(self) -> Iterator[VariableFile | tuple[str, str]]:
        """Yield files of values, and values by name, in the order in which Terraform takes them: the last one wins."""
        for argument in self.arguments:
            if argument.name == "var-file":
                yield VariableFile(path=argument.value or "", required=True)
            elif argument.name == "var":
                name, _, value = (argument.value or "").partition("=")
                yield name.strip(), value
        # Of a file that is named twice, the last mention counts.
        last = {file.path: number for number, file in enumerate(self.files)}
        yield from (file for number, file in enumerate(self.files) if last[file.path] == number)

    @property
    def gives_values(self) -> bool:
        return bool(
            self.files
            or any(argument.name in {"var", "var-file"} for argument in self.arguments)
            or any(name.startswith(VARIABLE) for name in self.environment)
        )


def extra_arguments(label: str, section: Section) -> ExtraArguments:
    """Read a block; raises ConfigurationError: a setting has the wrong type, or is unknown before the apply."""
    given = settings.strings(section, "arguments")
    environment = settings.mapping("env_vars", section["env_vars"]) if "env_vars" in section else {}
    place = section["commands"].range
    return ExtraArguments(
        name=label,
        commands=frozenset(settings.strings(section, "commands")),
        arguments=tuple(_arguments(given)),
        files=(
            *(VariableFile(path=path, required=True) for path in settings.strings(section, "required_var_files")),
            *(VariableFile(path=path, required=False) for path in settings.strings(section, "optional_var_files")),
        ),
        environment={
            name: settings.text({name: Setting(value=value, range=section["env_vars"].range)}, name)
            for name, value in environment.items()
            if value is not None
        },
        range=section["arguments"].range if "arguments" in section else place,
    )


def check_arguments(block: ExtraArguments) -> Iterator[Diagnostic]:
    """Yield what is refused, and a warning for what has no effect."""
    if not block.commands & {*RUN, "*"} and block.commands.isdisjoint(NEED_VARS):
        yield _warning(block, "Its commands are none that platformctl runs.", f"It runs {', '.join(RUN)}.")
        return
    if block.gives_values and "apply" in block.commands and "plan" not in block.commands:
        yield Diagnostic(
            summary="Variables for apply alone",
            detail=f'extra_arguments "{block.name}" gives values to apply and not to plan, and {_PLAN}',
            hint='Add "plan" to commands.',
            range=block.range,
        )
    for argument in block.arguments if block.commands & {*RUN} else ():
        if argument.name in {"var", "var-file"} | PASSED or argument.text in _SAME:
            continue
        if argument.name in _WITHOUT_EFFECT:
            yield _warning(block, f"-{argument.text} is not passed on.", _WITHOUT_EFFECT[argument.name])
            continue
        hint = _REFUSED.get(argument.name) or did_you_mean(
            argument.name, [*PASSED, *_WITHOUT_EFFECT, "var", "var-file"]
        )
        yield Diagnostic(
            summary="Argument is not supported",
            detail=f'extra_arguments "{block.name}" has -{argument.text.split("=")[0]}.',
            hint=hint or "Remove it.",
            range=block.range,
        )
    for name in block.environment:
        rule = next((why for known, why in _REFUSED_VARIABLES.items() if name.startswith(known)), "")
        if rule:
            yield Diagnostic(
                summary="Environment variable is not supported",
                detail=f'env_vars of extra_arguments "{block.name}" sets {name}.',
                hint=rule,
                range=block.range,
            )


def value_sources(
    blocks: tuple[ExtraArguments, ...], folders: tuple[Path, ...]
) -> Iterator[tuple[Range, Path | tuple[str, str]]]:
    """Yield the files and values of the blocks that apply to a plan, the one that wins last.

    ``folders``: where relative paths may start, the likeliest first. Raises ConfigurationError: required files are missing.
    """
    collector = Collector()
    for block in blocks:
        if "plan" not in block.commands:
            continue
        for source in block.sources():
            if isinstance(source, tuple):
                yield block.range, source
                continue
            found = next((path for folder in folders if (path := folder / source.path).is_file()), None)
            if found is not None:
                yield block.range, found
            elif source.required:
                collector.absorb(
                    failure(
                        block.range,
                        "File of variables not found",
                        f'extra_arguments "{block.name}" names {source.path}.',
                        "Correct the path, or name it in optional_var_files.",
                    )
                )
    collector.raise_if_any()


def _arguments(given: tuple[str, ...]) -> Iterator[GivenArgument]:
    rest = iter(given)
    for text in rest:
        name, equals, value = text.lstrip("-").partition("=")
        if not equals and name in _WITH_VALUE:
            yield GivenArgument(name=name, value=next(rest, ""))
        else:
            yield GivenArgument(name=name, value=value if equals else None)


def _warning(block: ExtraArguments, detail: str, hint: str) -> Diagnostic:
    return Diagnostic(
        summary="Setting has no effect",
        detail=f'extra_arguments "{block.name}": {detail}',
        hint=hint,
        range=block.range,
        severity=Severity.WARNING,
    )
