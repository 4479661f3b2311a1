"""The outputs of the units that a unit depends on: known values, or unknown ones that Terraform can compute.

There are no mocks. Where a unit has no outputs yet, ``dependency.<label>.outputs`` is an unknown value whose expression
is ``module.<name>``, the unit's module in the whole-stack plan, and whose attributes are the outputs that the module
declares: a misspelt output is found before anything exists.

The evaluator decides whether a reference fails, so that ``try`` and ``can`` work; the reason is found afterwards, in terms of
the live tree, which the evaluator does not know.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.config import settings
from orchestrator.config.contents import MockMerge, Section
from orchestrator.config.grammar import STACK_FILE, VALUES_FILE
from orchestrator.config.interface import ModuleInterface
from orchestrator.diagnostics import Diagnostic, Range, did_you_mean
from orchestrator.hcl import Reference, unknown_reference
from orchestrator.hcl.values import Value

NO_VALUES = "No values here"

_LABEL_INDEX = 1
_SECTION_INDEX = 2
_OUTPUT_INDEX = 3


def module_name(unit: str) -> str:
    """Return the name of a unit's module block in the whole-stack plan: its folder's name as an HCL identifier."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", unit.replace("/", "__"))
    return name if re.match(r"[A-Za-z_]", name) else f"_{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyBlock:
    """A ``dependency`` block after evaluation and merging.

    ``folder``: where it points to, absolute; ``target``: the name of the unit that lies there. ``members``: the units and
    nested stacks by name where a stack lies there, as if each had a block of its own; None for a unit.
    """

    label: str
    folder: Path
    target: str
    enabled: bool
    skip_outputs: bool
    range: Range
    members: "Mapping[str, DependencyBlock] | None" = None

    def units(self) -> Iterator["DependencyBlock"]:
        """Yield the blocks of the units that this one stands for: itself, unless it points to a stack."""
        if self.members is None:
            yield self
        else:
            for member in self.members.values():
                yield from member.units()

    def find(self, path: tuple[str | int, ...]) -> "tuple[DependencyBlock, tuple[str | int, ...]]":
        """Follow the names behind ``outputs`` into a stack; returns what they lead to, and the names that are left."""
        block = self
        while path and block.members is not None and str(path[0]) in block.members:
            block, path = block.members[str(path[0])], path[1:]
        return block, path


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyOutputs:
    """What ``dependency`` means to the expressions of one unit.

    ``values``: the outputs of units by unit name; a unit that is missing has none yet. ``interface``: the module
    interface of a unit; None where it cannot be known without a download.
    """

    blocks: Mapping[str, DependencyBlock]
    values: Mapping[str, Mapping[str, Value]]
    interface: Callable[[str], ModuleInterface | None]

    def as_value(self, found: Iterable[Reference]) -> dict[str, Value]:
        """Return the ``dependency`` object, with no more blocks than the references need."""
        mine = [reference.path for reference in found if reference.path[0] == "dependency"]
        everything = any(len(path) == 1 for path in mine)
        wanted = {path[_LABEL_INDEX] for path in mine if len(path) > 1}
        return {label: self._of(block) for label, block in self.blocks.items() if everything or label in wanted}

    def explain(self, reference: Reference) -> Diagnostic | None:
        """Explain why a reference to ``dependency`` cannot be resolved; None when it can, as far as is known here."""
        path = reference.path
        if len(path) <= _LABEL_INDEX:
            return None
        block = self.blocks.get(str(path[_LABEL_INDEX]))
        if block is None:
            return Diagnostic(
                summary="Unknown dependency",
                detail=f'The unit has no dependency "{path[_LABEL_INDEX]}".',
                hint=did_you_mean(str(path[_LABEL_INDEX]), self.blocks)
                or f'Add a dependency "{path[_LABEL_INDEX]}" block with its config_path.',
                range=reference.range,
            )
        if len(path) > _SECTION_INDEX and path[_SECTION_INDEX] != "outputs":
            return Diagnostic(
                summary="Unknown attribute of a dependency",
                detail=f'dependency.{block.label} has no attribute "{path[_SECTION_INDEX]}".',
                hint=f"Only its outputs can be read: dependency.{block.label}.outputs.",
                range=reference.range,
            )
        if not block.enabled or block.skip_outputs:
            reason = "skip_outputs is true" if block.enabled else "enabled is false"
            return Diagnostic(
                summary="Outputs of this dependency are not read",
                detail=f'The dependency "{block.label}" has no outputs here, because {reason}.',
                hint="Remove that setting, or do not refer to its outputs.",
                range=reference.range,
            )
        block, rest = block.find(path[_OUTPUT_INDEX:])
        if not rest:
            return None
        if block.members is None:
            return self._explain_output(block, str(rest[0]), reference.range)
        return Diagnostic(
            summary="Unknown unit of a stack",
            detail=f'The stack in {block.folder} has no unit or stack "{rest[0]}".',
            hint=did_you_mean(str(rest[0]), block.members) or f"It has {', '.join(block.members)}.",
            range=reference.range,
        )

    def _explain_output(self, block: DependencyBlock, name: str, place: Range) -> Diagnostic | None:
        interface = self.interface(block.target)
        known = self.values.get(block.target)
        if known is not None and name in known:
            return None
        if interface is None:
            if known is None:
                return None
            return Diagnostic(
                summary="Unknown output",
                detail=f'The outputs of unit "{block.target}" have no "{name}".',
                hint=did_you_mean(name, known) or _listed(known),
                range=place,
            )
        if name not in interface.outputs:
            return Diagnostic(
                summary="Unknown output",
                detail=f'The module of unit "{block.target}" declares no output "{name}".',
                hint=did_you_mean(name, interface.outputs) or _listed(interface.outputs),
                range=place,
            )
        return None

    def _of(self, block: DependencyBlock) -> dict[str, Value]:
        if not block.enabled or block.skip_outputs:
            return {}
        if block.members is not None:
            return {"outputs": {name: self._of(member)["outputs"] for name, member in block.members.items()}}
        known = self.values.get(block.target)
        interface = self.interface(block.target)
        if known is not None:
            # Terraform keeps no output in a state whose value is null, so a declared one that is missing there is null.
            declared = dict.fromkeys(interface.outputs) if interface else {}
            return {"outputs": {**declared, **known}}
        module = module_name(block.target)
        if interface is not None:
            return {"outputs": {name: unknown_reference("module", module, name) for name in sorted(interface.outputs)}}
        return {"outputs": unknown_reference("module", module, description=f'outputs of unit "{block.target}"')}


def _no_interface(unit: str) -> ModuleInterface | None:
    """Stand in for a lookup where there are no dependencies to look up."""
    raise AssertionError(unit)


NO_OUTPUTS = DependencyOutputs(blocks={}, values={}, interface=_no_interface)


def dependency_block(label: str, section: Section, *, folder: Path, target: str, place: Range) -> DependencyBlock:
    """Check the settings of a dependency block, those for mocks included.

    Raises ConfigurationError if a setting has the wrong type.
    """
    settings.strings(section, "mock_outputs_allowed_terraform_commands")
    settings.choice(section, "mock_outputs_merge_strategy_with_state", MockMerge.NO_MERGE)
    if "mock_outputs" in section:
        settings.mapping("mock_outputs", section["mock_outputs"])
    return DependencyBlock(
        label=label,
        folder=folder,
        target=target,
        enabled=settings.boolean(section, "enabled", default=True),
        skip_outputs=settings.boolean(section, "skip_outputs", default=False),
        range=place,
    )


def _listed(names: Iterable[str]) -> str:
    listed = ", ".join(sorted(names))
    return f"Its outputs are {listed}." if listed else "It has no outputs."


@dataclass(frozen=True, slots=True, kw_only=True)
class Explainer:
    """What is known about the names of one file.

    ``includes``: its includes by label, and whether each is exposed; ``values``: of its folder; None if there are none.
    """

    folder: Path
    locals: Collection[str]
    includes: Mapping[str, bool]
    outputs: DependencyOutputs
    values: Collection[str] | None

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
            case "values":
                return self._of_values(reference)
        return None

    def _of_values(self, reference: Reference) -> Diagnostic | None:
        if self.values is None:
            return Diagnostic(
                summary=NO_VALUES,
                detail=f"values are what {VALUES_FILE} in the file's folder says, and there is none in {self.folder}.",
                hint=f"Set values in the block of the {STACK_FILE} that generates the folder, or use locals.",
                range=reference.range,
            )
        if len(reference.path) == 1 or reference.path[1] in self.values:
            return None
        name = str(reference.path[1])
        return Diagnostic(
            summary="Unknown value",
            detail=f'values has no "{name}".',
            hint=did_you_mean(name, self.values)
            or (f"The values are {', '.join(sorted(self.values))}." if self.values else "There are no values at all."),
            range=reference.range,
        )

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
