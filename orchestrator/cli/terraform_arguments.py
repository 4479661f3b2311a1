"""Terraform's commands and arguments behind ``platformctl run``: what stands for each, or why it is refused.

What would make a run other than the plan that was approved is refused; docs/from-terragrunt.md shows the tables, and a test
compares the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.diagnostics import did_you_mean
from orchestrator.errors import UsageError

COMMANDS: Mapping[str, str] = {
    "plan": "platformctl plan",
    "apply": "platformctl up",
    "destroy": "platformctl destroy",
    "output": "platformctl outputs",
    "validate": "platformctl validate",
    "init": "nothing: plan and up initialise a workspace of their own; the live tree is checked",
    "show": "the addresses and outputs in the state",
    "state list": "the addresses in the state",
    "state show": "one resource; a state does not say what is secret, so only with --show-sensitive",
    "state pull": "the state as it is stored; only with --show-sensitive",
}
"""Terraform's commands, and what stands for each."""

_BLOCK = "which the plan shows and up carries out"

REFUSED_COMMANDS: Mapping[str, str] = {
    "import": f"Write an import block into a .tf file beside the unit's terragrunt.hcl, {_BLOCK}.",
    "refresh": "platformctl drift shows what differs in the cloud; up brings states and cloud together.",
    "taint": "Let the module say it (replace_triggered_by), so that the plan shows it.",
    "untaint": "up replaces what is tainted; the plan shows it first.",
    "force-unlock": "platformctl recover releases the locks of processes that have ended.",
    "console": "platformctl render --json shows the values of a unit.",
    "workspace": "A deployment is chosen by --suffix, an environment by its folder.",
    "graph": "platformctl dag graph prints the graph of the units.",
    "fmt": "platformctl hcl fmt formats the live tree; run terraform fmt in the modules.",
    "get": "Modules are fetched by plan and up.",
    "providers": "platformctl doctor shows the provider in use.",
    "test": "Run terraform test in the module.",
    "state mv": f"Write a moved block into a .tf file beside the unit's terragrunt.hcl, {_BLOCK}.",
    "state rm": f"Write a removed block into a .tf file beside the unit's terragrunt.hcl, {_BLOCK}.",
    "state push": "A state is written by up and destroy alone.",
    "state replace-provider": "A state is written by up and destroy alone.",
}
"""Terraform's commands that are refused, each with what to do instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerraformArgument:
    """An argument of Terraform. ``sets``: the setting that it stands for; none where it changes nothing here."""

    sets: str = ""
    takes_value: bool = False


ARGUMENTS: Mapping[str, TerraformArgument] = {
    "-auto-approve": TerraformArgument(sets="confirmed"),
    "-json": TerraformArgument(sets="json"),
    "-raw": TerraformArgument(sets="raw"),
    "-out": TerraformArgument(sets="out", takes_value=True),
    "-detailed-exitcode": TerraformArgument(sets="detailed"),
    **{
        f"-{name}": TerraformArgument()
        for name in ("no-color", "compact-warnings", "input", "lock", "refresh", "upgrade", "reconfigure")
    },
    **{f"-{name}": TerraformArgument(takes_value=True) for name in ("lock-timeout", "parallelism")},
}
"""Arguments that are taken. Whatever is no setting changes nothing: runs ask nothing, always refresh and always lock."""

_PART = "A part of a unit is not what was approved. Choose units: --filter, --only."
_TREE = "Values come from the live tree, so that everybody plans the same: write them into inputs."

REFUSED_ARGUMENTS: Mapping[str, str] = {
    "-target": _PART,
    "-exclude": _PART,
    "-replace": "Let the module say it (replace_triggered_by), so that the plan shows it.",
    "-var": _TREE,
    "-var-file": _TREE,
    "-destroy": "Write run destroy.",
    "-refresh-only": "platformctl drift shows what differs; nothing but up changes a state.",
    "-refresh=false": "A plan over states that are not refreshed is not what apply would do.",
    "-lock=false": "Two runs on one state would lose resources.",
    "-state": "The state is where remote_state says.",
    "-backend-config": "The backend is what remote_state says.",
    "-migrate-state": "States are not moved by a run; copy the objects, then change remote_state.",
    "-generate-config-out": "Write the resource beside its import block.",
}
"""Arguments that are refused, each with what to do instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerraformCall:
    """A Terraform command line. ``operands``: its words that are no arguments, behind the command."""

    command: str
    operands: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)

    def has(self, setting: str) -> bool:
        return setting in self.settings


def is_argument(word: str) -> bool:
    """Tell whether a word is one of Terraform's arguments, which have one hyphen."""
    name = word.partition("=")[0]
    return name in ARGUMENTS or word in REFUSED_ARGUMENTS or name in REFUSED_ARGUMENTS


def read_invocation(words: Sequence[str]) -> TerraformCall:
    """Read a Terraform command line; raises UsageError for what platformctl does not run."""
    operands: list[str] = []
    settings: dict[str, str] = {}
    remaining = iter(words)
    for word in remaining:
        if not word.startswith("-") or word == "-":
            operands.append(word)
            continue
        # Terraform takes two hyphens for one.
        given = f"-{word.lstrip('-')}"
        name, equals, value = given.partition("=")
        reason = REFUSED_ARGUMENTS.get(given) or REFUSED_ARGUMENTS.get(name)
        if reason:
            raise UsageError(
                "Terraform's argument is not taken", detail=f'"{word}" would break the plan\'s promise.', hint=reason
            )
        argument = ARGUMENTS.get(name)
        if argument is None:
            raise UsageError(
                "Unknown argument of Terraform",
                detail=f'"{word}" is none that platformctl run knows.',
                hint=did_you_mean(name, [*ARGUMENTS, *REFUSED_ARGUMENTS]) or f"It takes {', '.join(ARGUMENTS)}.",
            )
        if argument.takes_value and not equals:
            value = next(remaining, "")
        if argument.sets:
            settings[argument.sets] = value
    command = " ".join(operands[:2]) if operands[:1] == ["state"] else "".join(operands[:1])
    if command not in COMMANDS:
        raise _unknown(command)
    return TerraformCall(command=command, operands=tuple(operands[len(command.split()) :]), settings=settings)


def _unknown(command: str) -> UsageError:
    if command in REFUSED_COMMANDS:
        return UsageError(
            "Terraform's command is not run",
            detail=f'"{command}" would change a state behind the plan, or has another place here.',
            hint=REFUSED_COMMANDS[command],
        )
    return UsageError(
        "Unknown command of Terraform",
        detail=f'"{command}" is no command that platformctl run knows.' if command else "Which command of Terraform?",
        hint=did_you_mean(command, COMMANDS) or f"It runs {', '.join(COMMANDS)}.",
    )
