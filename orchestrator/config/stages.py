"""The order of evaluation, and why a name is not there yet."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from orchestrator.config.grammar import DOCUMENTATION
from orchestrator.diagnostics import Collector, did_you_mean
from orchestrator.hcl import Reference


class EvaluationStage(StrEnum):
    """What is being evaluated."""

    INCLUDE = "include"
    LOCALS = "locals"
    DEPENDENCY = "dependency"
    SOURCE = "source"
    STATE = "state"
    REST = "rest"

    @property
    def roots(self) -> frozenset[str]:
        """The root names that exist at this stage."""
        match self:
            case EvaluationStage.INCLUDE:
                return frozenset()
            case EvaluationStage.REST:
                return frozenset({"local", "include", "dependency"})
        return frozenset({"local", "include"})


_TOO_EARLY: Mapping[tuple[EvaluationStage, str], tuple[str, str]] = {
    (EvaluationStage.INCLUDE, "local"): (
        "Include blocks are evaluated before locals, so they cannot use them.",
        "Write the path out, or use functions: find_in_parent_folders, get_env.",
    ),
    (EvaluationStage.INCLUDE, "include"): (
        "Include blocks are evaluated one by one, so they cannot use each other.",
        "Write the path out, or use functions: find_in_parent_folders, get_env.",
    ),
    (EvaluationStage.INCLUDE, "dependency"): (
        "Include blocks are evaluated before the outputs of dependencies are known.",
        "Write the path out, or use functions: find_in_parent_folders, get_env.",
    ),
    (EvaluationStage.LOCALS, "dependency"): (
        "Locals are evaluated before the outputs of dependencies are known.",
        "Move the expression to where it is used: inputs, or the contents of a generate block.",
    ),
    (EvaluationStage.DEPENDENCY, "dependency"): (
        "The order of the units must be known before any output is, so it cannot depend on one.",
        "Write the path out, or use locals.",
    ),
    (EvaluationStage.SOURCE, "dependency"): (
        "The source of a unit must be known before any output is, so it cannot depend on one.",
        "Write the source out, or use locals.",
    ),
    (EvaluationStage.STATE, "dependency"): (
        "The address of a unit's state must be known before any output is, so it cannot depend on one.",
        "Write the value out, or use locals.",
    ),
}

_ELSEWHERE: Mapping[str, str] = {
    "data": "Data sources belong into a module; pass what they need as inputs.",
    "each": "There is no for_each in the live tree; write a unit for each.",
    "feature": "Feature flags are not supported: read a switch with get_env, or keep it in the environment's env.hcl.",
    "module": "A module is reached through its unit: dependency.<name>.outputs.<output>.",
    "path": "path belongs to modules; use get_terragrunt_dir() or get_repo_root().",
    "terraform": "terraform.workspace belongs to modules; the environment is a folder of the live tree.",
    "unit": "Stack files are not supported.",
    "values": "Stack files are not supported; use locals or read_terragrunt_config.",
    "var": "var belongs to modules; use local, or get_env.",
}


def refused_roots(found: Iterable[Reference], stage: EvaluationStage, *, included: bool) -> Collector:
    """Return the references whose root does not exist at the stage; they are errors even inside ``try``.

    Args:
        found: the references of one expression.
        stage: what is being evaluated.
        included: whether the file is an included one, which never sees ``include``.

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
