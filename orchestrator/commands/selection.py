"""Selection: the units that ``--only`` and ``--filter`` choose."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from orchestrator.commands.operators import Operator
from orchestrator.commands.ports import Ports
from orchestrator.commands.requests import DeploymentRequest
from orchestrator.config import UNIT_FILES, Stack, UnitConfiguration
from orchestrator.config.filters import Component, Population, parse_filter, revisions_of, select_components
from orchestrator.engine.operations import select
from orchestrator.errors import ExitCode, UsageError

Request = TypeVar("Request", bound=DeploymentRequest)


class NothingSelectedError(UsageError):
    """No unit fits the filters, so there is nothing to do; as in a pipeline whose change affects no unit."""

    exit_code = ExitCode.OK


def narrowed(request: Request, stack: Stack, ports: Ports, operator: Operator) -> Request:
    """Return the request with its filters resolved: ``only`` names the units that they choose.

    Raises ConfigurationError: a filter names a unit that does not exist; NothingSelectedError: no unit fits.
    """
    if not request.filters:
        return request
    chosen = Chooser(ports, operator).units(request, [stack])[stack.environment]
    if not chosen:
        raise NothingSelectedError(
            "Nothing to do",
            detail=f"No unit of {stack.environment} fits {' '.join(f'--filter {text!r}' for text in request.filters)}"
            f"{' and --only' if request.only else ''}.",
        )
    return replace(request, only=chosen, filters=())


class Chooser:
    """Applies filters to the components of one or several environments."""

    def __init__(self, ports: Ports, operator: Operator) -> None:
        self._ports = ports
        self._operator = operator

    def units(self, request: DeploymentRequest, stacks: Sequence[Stack]) -> dict[str, tuple[str, ...]]:
        """Return the selected units of each environment, in dependency order; says which were removed since a revision.

        Raises UsageError: ``only`` names what is no unit; ConfigurationError as ``choose``.
        """
        selected = {stack.environment: select(stack, request.only) for stack in stacks}
        if not request.filters:
            return selected
        chosen = self.choose(request, stacks)
        for stack in stacks:
            folders = {unit.unit.folder for unit in stack.units.values()}
            gone = sorted(path for path in chosen - folders if path.is_relative_to(stack.folder))
            if gone:
                names = [path.relative_to(stack.folder).as_posix() for path in gone]
                self._operator.say(
                    f"No longer in {stack.environment}: {', '.join(names)}. What is deployed of it stays until you run "
                    f"platformctl destroy {' '.join(f'--only {name}' for name in names)}."
                )
        return {
            stack.environment: tuple(
                name
                for name in stack.graph.order()
                if stack.units[name].unit.folder in chosen and (not request.only or name in request.only)
            )
            for stack in stacks
        }

    def choose(
        self, request: DeploymentRequest, stacks: Sequence[Stack], others: Iterable[Component] = ()
    ) -> frozenset[Path]:
        """Return the folders of what the request's filters choose; units that a change has removed are among them.

        ``others``: components besides the units of the stacks. Raises ConfigurationError: a filter names a unit that
        does not exist; UsageError: git does not know a revision.
        """
        units = {unit.unit.folder: unit for stack in stacks for unit in stack.units.values()}
        components = {
            unit.unit.folder: Component(
                folder=unit.unit.folder,
                dependencies=tuple(
                    stack.units[edge.target].unit.folder
                    for edge in unit.unit.dependencies
                    if edge.target in stack.units
                ),
                external=name in stack.external
                or (request.within is not None and not unit.unit.folder.is_relative_to(request.within)),
                source=unit.source_text,
                files=unit.files_read,
            )
            for stack in stacks
            for name, unit in stack.units.items()
        }
        components |= {other.folder: other for other in others}
        filters = [parse_filter(text) for text in request.filters]
        differences = {
            pair: self._difference(*pair, units, stacks) for expression in filters for pair in revisions_of(expression)
        }
        for affected in differences.values():
            components |= {path: Component(folder=path) for path in affected - components.keys()}
        return select_components(
            filters,
            Population(
                components=components,
                bases=self._bases(request, stacks),
                changed=lambda old, new: differences[old, new],
            ),
        )

    def _bases(self, request: DeploymentRequest, stacks: Sequence[Stack]) -> tuple[Path, ...]:
        """Return where relative paths start: the working folder, and the environment's unless one is inside of it."""
        environments = tuple(stack.folder for stack in stacks)
        folder = request.folder
        if folder is None:
            return environments or (self._ports.project.folder,)
        if any(folder.is_relative_to(environment) for environment in environments):
            return (folder,)
        return (*(environments if len(environments) == 1 else ()), folder)

    def _difference(
        self, old: str, new: str, units: Mapping[Path, UnitConfiguration], stacks: Sequence[Stack]
    ) -> frozenset[Path]:
        """Return the folders of units that a change affects: their files, what they read, their modules; removed ones, too."""
        found = self._ports.repository.difference(old, new)
        if not found.is_of_working_tree:
            self._operator.say(
                f"The working tree is not what {new} holds: units are chosen by [{old}...{new}], and taken as they are now."
            )
        affected = {path.parent for path in found.paths if path.name in UNIT_FILES and not path.exists()}
        affected = {path for path in affected if any(path.is_relative_to(stack.folder) for stack in stacks)}
        above = {part for path in found.paths for part in (path, *path.parents)}
        for path in found.paths:
            owner = next((folder for folder in path.parents if folder in units), None)
            affected |= {owner} if owner else set()
        affected |= {
            folder for folder, unit in units.items() if not above.isdisjoint(self._consists_of(unit) - {folder})
        }
        return frozenset(affected)

    def _consists_of(self, unit: UnitConfiguration) -> frozenset[Path]:
        """Return the files and folders that a unit reads, and what those are built from that the platform builds."""
        read = unit.files_read() | unit.module_folders()
        built = self._ports.platform.made_from().items()
        return read | {source for made, source in built if any(path.is_relative_to(made) for path in read)}
