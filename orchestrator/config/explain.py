"""Explanations of failed references in terms of the live tree, which the evaluator does not know.

The evaluator decides whether a reference fails, so that ``try`` and ``can`` work; the reason is found afterwards.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from orchestrator.config.outputs import DependencyOutputs
from orchestrator.diagnostics import Diagnostic, Range, did_you_mean
from orchestrator.hcl import Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Explainer:
    """What is known about the names of one file.

    Attributes:
        locals: the names of its locals.
        includes: its includes by label, and whether each is exposed.
        outputs: its dependencies.

    """

    locals: Collection[str]
    includes: Mapping[str, bool]
    outputs: DependencyOutputs

    def explain(self, diagnostics: Iterable[Diagnostic], found: Iterable[Reference]) -> list[Diagnostic]:
        """Replace each finding about a reference that can be explained by its explanation."""
        explained = [
            (reference.range, explanation) for reference in found if (explanation := self._of(reference)) is not None
        ]
        return [
            next((better for place, better in explained if _overlap(diagnostic.range, place)), diagnostic)
            for diagnostic in diagnostics
        ]

    def _of(self, reference: Reference) -> Diagnostic | None:
        match reference.path[0]:
            case "local":
                return self._of_local(reference)
            case "include":
                return self._of_include(reference)
            case "dependency":
                return self.outputs.explain(reference)
        return None

    def _of_local(self, reference: Reference) -> Diagnostic | None:
        if len(reference.path) == 1 or reference.path[1] in self.locals:
            return None
        name = str(reference.path[1])
        return Diagnostic(
            summary="Unknown local",
            detail=f'The file has no local "{name}". Locals of included files are not merged.',
            hint=did_you_mean(name, self.locals)
            or "Define it in the locals block, or use include.<label>.locals of an exposed include.",
            range=reference.range,
        )

    def _of_include(self, reference: Reference) -> Diagnostic | None:
        if len(reference.path) == 1:
            return None
        label = "" if list(self.includes) == [""] else str(reference.path[1])
        if label not in self.includes:
            return Diagnostic(
                summary="Unknown include",
                detail=f'The file has no include "{label}".',
                hint=did_you_mean(label, self.includes) or f'Add an include "{label}" block.',
                range=reference.range,
            )
        if self.includes[label]:
            return None
        return Diagnostic(
            summary="Include is not exposed",
            detail=f'The include "{label}" does not show its contents.',
            hint="Set expose = true in the include block.",
            range=reference.range,
        )


def _overlap(first: Range | None, second: Range) -> bool:
    return first is not None and first.source is second.source and first.start < second.end and second.start < first.end
