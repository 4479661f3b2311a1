"""The order of evaluation, and why a name is not there yet."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from orchestrator.config.grammar import DOCUMENTATION, STACK_FILE
from orchestrator.diagnostics import Collector, did_you_mean
from orchestrator.hcl import Reference


class EvaluationStage(StrEnum):
    """What is being evaluated."""

    INCLUDE = "include"
    FEATURE = "feature"
    LOCALS = "locals"
    DEPENDENCY = "dependency"
    SOURCE = "source"
    STATE = "state"
    REST = "rest"
    STACK = "stack"
    COMPONENT = "component"
    AUTOINCLUDE = "autoinclude"

    @property
    def roots(self) -> frozenset[str]:
        match self:
            case EvaluationStage.INCLUDE | EvaluationStage.FEATURE:
                return frozenset({"values"})
            case EvaluationStage.REST:
                return frozenset({"values", "local", "include", "feature", "dependency"})
            case EvaluationStage.STACK:
                return frozenset({"values", "local"})
            case EvaluationStage.COMPONENT:
                return frozenset({"values", "local", "unit", "stack"})
            case EvaluationStage.AUTOINCLUDE:
                return frozenset({"values", "local", "unit", "stack", "dependency"})
        return frozenset({"values", "local", "include", "feature"})


_PATH_OUT = "Write the path out, or use functions: find_in_parent_folders, get_env."
_BEFORE_OUTPUTS = "must be known before any output is, so it cannot depend on one."
_STAGE = EvaluationStage
_TOO_EARLY: Mapping[tuple[EvaluationStage, str], tuple[str, str]] = {
    (_STAGE.INCLUDE, "local"): ("Include blocks are evaluated before locals, so they cannot use them.", _PATH_OUT),
    (_STAGE.INCLUDE, "include"): ("Include blocks are evaluated one by one, so they cannot use each other.", _PATH_OUT),
    (_STAGE.INCLUDE, "dependency"): (
        "Include blocks are evaluated before the outputs of dependencies are known.",
        _PATH_OUT,
    ),
    (_STAGE.INCLUDE, "feature"): ("Include blocks are evaluated before features, so they cannot use them.", _PATH_OUT),
    **{
        (_STAGE.FEATURE, name): (
            "The default of a feature is known before everything else.",
            "Write a constant, or use get_env.",
        )
        for name in ("local", "include", "feature", "dependency")
    },
    (_STAGE.LOCALS, "dependency"): (
        "Locals are evaluated before the outputs of dependencies are known.",
        "Move the expression to where it is used: inputs, or the contents of a generate block.",
    ),
    **{
        (stage, "dependency"): (f"{what} {_BEFORE_OUTPUTS}", f"Write the {it} out, or use locals.")
        for stage, what, it in (
            (_STAGE.DEPENDENCY, "The order of the units", "path"),
            (_STAGE.SOURCE, "The source of a unit", "source"),
            (_STAGE.STATE, "The address of a unit's state", "value"),
        )
    },
    **{
        (stage, "dependency"): (
            "A stack is generated before the outputs of any unit are known.",
            "Pass the path of the unit as a value, and write the dependency block in the unit, or in autoinclude.",
        )
        for stage in (_STAGE.STACK, _STAGE.COMPONENT)
    },
    **{
        (_STAGE.STACK, name): (
            "The paths of components can be used in values and in autoinclude only.",
            "Write the path out.",
        )
        for name in ("unit", "stack")
    },
}

_ELSEWHERE: Mapping[str, str] = {
    "data": "Data sources belong into a module; pass what they need as inputs.",
    "each": "There is no for_each in the live tree; write a unit for each.",
    "module": "A module is reached through its unit: dependency.<name>.outputs.<output>.",
    "path": "path belongs to modules; use get_terragrunt_dir() or get_repo_root().",
    "terraform": "terraform.workspace belongs to modules; the environment is a folder of the live tree.",
    "stack": f"The components of a stack are known in its {STACK_FILE}; pass what you need as values.",
    "unit": f"The components of a stack are known in its {STACK_FILE}; pass what you need as values.",
    "var": "var belongs to modules; use local, or get_env.",
}


def refused_roots(found: Iterable[Reference], stage: EvaluationStage, *, included: bool) -> Collector:
    """Return the references whose root does not exist at the stage; they are errors even inside ``try``.

    ``included``: whether the file is an included one, which never sees ``include``.
    """
    collector = Collector()
    for reference in found:
        root = str(reference.path[0])
        if root in stage.roots and not (included and root == "include"):
            continue
        if root == "include" and included:
            summary = "Reference is not available here"
            detail, hint = (
                "An included file has no includes of its own.",
                "Use its own locals, or read_terragrunt_config.",
            )
        elif (stage, root) in _TOO_EARLY:
            summary = "Reference is not available here"
            detail, hint = _TOO_EARLY[stage, root]
        else:
            summary = "Unknown reference"
            detail = f'No name "{root}" is known in a file of the live tree.'
            hint = _ELSEWHERE.get(root) or did_you_mean(root, stage.roots) or DOCUMENTATION
        collector.report(reference.range, summary, detail, hint)
    return collector
