"""One unit of the live tree: its edges, read without any output, and its evaluation once outputs are there."""

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from orchestrator.config import settings
from orchestrator.config.behaviour import Behaviour, behaviour
from orchestrator.config.builtins import Place
from orchestrator.config.composition import Composition, list_folder
from orchestrator.config.contents import Contents, Links, Section, Setting
from orchestrator.config.discovery import UNIT_FILES, Files, unit_file, unit_name
from orchestrator.config.generated import (
    EvaluatedUnit,
    GeneratedFile,
    IfExists,
    RemoteState,
    StateAddress,
    generated_files,
    remote_state,
    state_address,
)
from orchestrator.config.grammar import STACK_FILE
from orchestrator.config.interface import ModuleInterface, module_files, module_interface, module_not_found
from orchestrator.config.outputs import DependencyBlock, DependencyOutputs, dependency_block
from orchestrator.config.scope import FileScope, stack_scope
from orchestrator.config.source import LocalSource, ModuleSource, looks_like_registry, parse_source
from orchestrator.config.stack_file import ComponentKind
from orchestrator.config.variables import variable_values
from orchestrator.diagnostics import Collector, ConfigurationError, Diagnostic, Range, Severity, failure
from orchestrator.errors import PlatformctlError
from orchestrator.hcl import Attribute, Block, print_value, references
from orchestrator.hcl.scope import is_file, is_folder
from orchestrator.hcl.values import Value, mark
from orchestrator.model.graph import Dependency, Unit

_DECLARES = re.compile(r"\b(variable|output)\b|file\(")

_OUTPUT_PATH = 4
"""Parts of dependency.<label>.outputs.<name>."""

Interfaces = Callable[[str], ModuleInterface | None]


class UnitConfiguration:
    """The configuration of one unit. Belongs to one load, and like it to one thread.

    ``interfaces``: finds the module interface of any unit by name. Raises ConfigurationError: everything wrong in
    includes, locals, ``dependency`` and ``dependencies``.
    """

    def __init__(self, *, environment: Path, folder: Path, files: Files, interfaces: Interfaces) -> None:
        self._environment = environment
        self._files = files = files.of_unit()
        self._interfaces = interfaces
        self._source: ModuleSource | None = None
        self._remote_state: RemoteState | None = None
        self._interface: ModuleInterface | None = None
        self._located: LocalSource | None = None
        self._unreachable: Diagnostic | None = None
        place = Place(home=folder, original=folder, working=self._working)
        self.scope = FileScope(files.document(unit_file(folder)), files, place)
        collector = Collector()
        self._read_locals(collector)
        edges: list[Dependency] = []
        try:
            links = self.scope.links()
        except ConfigurationError as error:
            collector.absorb(error)
            links = Links()
        self.blocks = self._read_blocks(links, collector)
        read = self._labels_read()
        blocks = [unit for block in self.blocks.values() if block.enabled for unit in block.units()]
        targets = [block.folder for block in blocks]
        edges.extend(
            Dependency(
                target=block.target,
                name=block.label,
                range=block.range,
                reads_outputs=not block.skip_outputs and (block.label in read or "" in read),
            )
            for block in blocks
        )
        for path in links.paths:
            for block in self._block("", {"config_path": path}, path.range).units():
                targets.append(block.folder)
                edges.append(Dependency(target=block.target, range=path.range))
        collector.raise_if_any()
        self.targets = tuple(targets)
        self.unit = Unit(name=unit_name(environment, folder), folder=folder, dependencies=tuple(edges))

    @property
    def file(self) -> Path:
        return self.scope.document.path

    def has_module(self) -> bool:
        """Tell whether the unit names a module, or has one in its folder."""
        setting = self.scope.source()
        return bool(setting is not None and setting.value) or bool(module_files(self.unit.folder))

    def files(self) -> frozenset[Path]:
        """Return the unit's own file and those that it includes."""
        return frozenset(document.path for document in self.scope.documents())

    def files_read(self) -> frozenset[Path]:
        """Return every file that the configuration reads: its own, included ones, those that functions were asked for.

        Raises ConfigurationError: as ``evaluate``, where a mistake hides what else would be read.
        """
        self.contents({})
        return frozenset(Path(os.path.normpath(path)) for path in self._files.read)

    def source_text(self) -> str:
        """Return the source of the terraform block as it is evaluated; empty without one."""
        setting = self.scope.source()
        return settings.text({"source": setting}, "source") if setting is not None and setting.value else ""

    def module_folders(self) -> frozenset[Path]:
        """Return the folders of the local module and of those that it calls by relative paths; none if it is elsewhere."""
        source = self.source()
        if not isinstance(source, LocalSource) or not is_folder(source.folder):
            return frozenset()
        composition = Composition(tree=list_folder(source.root), subdirectory=source.subdirectory)
        return frozenset(source.root / folder for folder in composition.modules())

    def source(self) -> ModuleSource:
        """Return where the module comes from; known before anything runs.

        Raises ConfigurationError if there is no source, or it is of a kind that is not supported.
        """
        if self._source is None:
            setting = self.scope.source()
            # Terragrunt takes an empty source for none.
            if setting is not None and setting.value not in ("", None):
                text = settings.text({"source": setting}, "source")
                self._source = parse_source(text, home=self.unit.folder, place=setting.range)
            elif module_files(self.unit.folder) or self._generate_blocks():
                self._source = LocalSource(root=self.unit.folder)
            else:
                raise failure(
                    self.place(),
                    "Unit without a module",
                    f'Unit "{self.unit.name}" has no terraform block with a source,'
                    " and there are no *.tf files in its folder.",
                    'Add terraform { source = "..." }.',
                )
        return self._source

    def remote_state(self) -> RemoteState | None:
        """Return where the state is kept; known before anything runs.

        Raises ConfigurationError: the ``remote_state`` block is invalid, or depends on outputs.
        """
        if self._remote_state is None:
            self._remote_state = remote_state(self.scope.remote_state())
        return self._remote_state

    def state_address(self) -> StateAddress:
        """Return the object in S3 that holds the state; known before anything runs.

        Raises ConfigurationError: as ``remote_state``; the state is not in S3, or bucket or key is missing.
        """
        return state_address(self.unit.name, self.remote_state(), self.place())

    def located(self) -> LocalSource | None:
        """Return where the module lies on this machine; it is fetched if need be. None if it is not, or cannot be, fetched.

        Raises ConfigurationError: as ``source``.
        """
        source = self.source()
        fetch = self._files.load.surroundings.modules
        if isinstance(source, LocalSource):
            return source
        if self._located is None and self._unreachable is None and fetch is not None:
            try:
                self._located = fetch(source)
            except PlatformctlError as error:
                setting = self.scope.source()
                self._unreachable = Diagnostic(
                    summary=error.summary,
                    detail=f"{error.detail} The inputs of the unit could not be compared with its module.",
                    hint=error.hint,
                    range=setting.range if setting else None,
                    severity=Severity.WARNING,
                )
        return self._located

    def warnings(self) -> list[Diagnostic]:
        """Return what the files of the unit say without effect, and why its module could not be fetched."""
        found = [warning for document in self.scope.documents() for warning in document.warnings]
        return [*found, self._unreachable] if self._unreachable else found

    def interface(self) -> ModuleInterface | None:
        """Return what the module declares, with the unit's own and generated files over it.

        None for a module that could not be fetched.

        Raises ConfigurationError: as ``source``; the module's folder does not exist, or its files do not parse.
        """
        source = self.located()
        if source is None:
            return None
        if self._interface is None:
            overlay = self._declaring_files(source)
            if not (overlay or module_files(source.folder)):
                setting = self.scope.source()
                finding = module_not_found(source.folder, setting.range if setting else self.place())
                if setting is not None and looks_like_registry(str(setting.value)):
                    finding = replace(finding, hint=f"A module of a registry is tfr:///{setting.value}?version=...")
                raise ConfigurationError([finding])
            if overlay:
                self._interface = module_interface(source.folder, overlay)
            else:
                self._interface = self._files.interface(source.folder)
        return self._interface

    def _declaring_files(self, source: LocalSource) -> dict[str, Path | str]:
        """Return the configuration files that lie over the module's own and may declare variables or outputs."""
        own: dict[str, Path | str] = {}
        if source.folder != self.unit.folder:
            own |= {path.name: path for path in module_files(self.unit.folder)}
        # Most units generate a backend and a provider only, which nobody has to evaluate for their interface.
        if any(isinstance(block, Attribute) or _may_declare(block) for block in self._generate_blocks()):
            generated, _ = generated_files(self.scope.generate(_undeclared(self.blocks)))
            own |= {file.path: file.contents for file in generated if file.path.endswith((".tf", ".tf.json"))}
        return own

    def _generate_blocks(self) -> list[Block | Attribute]:
        documents = self.scope.documents()
        blocks: list[Block | Attribute] = [block for document in documents for block in document.generate.values()]
        return [*blocks, *(found for document in documents if (found := document.attributes.get("generate")))]

    def outputs_read(self) -> dict[str, set[str] | None]:
        """Return the outputs that the unit reads, by the names of the units that have them; None for all of a unit."""
        found: dict[str, set[str] | None] = {}
        for path in self._dependency_paths():
            labels = [str(path[1])] if len(path) > 1 else list(self.blocks)
            for block in (self.blocks[label] for label in labels if label in self.blocks):
                leaf, rest = block.find(path[_OUTPUT_PATH - 1 :])
                for unit in leaf.units():
                    names = found.setdefault(unit.target, set())
                    if not rest:
                        found[unit.target] = None
                    elif names is not None:
                        names.add(str(rest[0]))
        return found

    def evaluate(self, outputs: Mapping[str, Mapping[str, Value]]) -> EvaluatedUnit:
        """Evaluate everything.

        ``outputs``: the outputs of units by unit name; those of a unit that is missing count as unknown. Raises
        ConfigurationError: every mistake that was found.
        """
        return self.assemble(self.contents(outputs))

    def contents(self, outputs: Mapping[str, Mapping[str, Value]]) -> Contents:
        """Return the merged sections, before they are checked; raises as ``evaluate`` does.

        Values from elsewhere, such as files of variables, count as inputs; ``variables`` has their order.
        """
        contents = self.scope.contents(
            DependencyOutputs(blocks=self.blocks, values=outputs, interface=self._interfaces)
        )
        try:
            module, interface = self.located(), self.interface()
        except ConfigurationError:
            # Reported by whoever asks for the module.
            module = interface = None
        values = variable_values(
            contents.inputs or {},
            env=self._files.load.env,
            blocks=behaviour(contents).arguments,
            folders=tuple(dict.fromkeys([*([module.folder] if module else []), self.unit.folder])),
            interface=interface,
            note=self._files.read.add,
        )
        return replace(contents, inputs=values) if values else contents

    def behaviour(self) -> Behaviour:
        """Return how the unit is run, as far as it is known before any output; raises as ``evaluate`` does."""
        return behaviour(self.contents({}))

    @property
    def programs_allowed(self) -> bool:
        return self._files.load.surroundings.programs is not None

    def declares(self, *names: str) -> bool:
        """Whether the unit's files have a block or an attribute of one of these names; cheaper than to evaluate them."""
        return any(
            (name, "") in document.behaviour or name in document.attributes
            for document in self.scope.documents()
            for name in names
        )

    def _working(self) -> Path:
        """Return the folder that Terraform will run in."""
        workspaces = self._files.load.surroundings.workspaces
        if workspaces is None:
            return self.unit.folder
        return workspaces / self.unit.name.replace("/", "__") / getattr(self.source(), "subdirectory", "")

    def assemble(self, contents: Contents) -> EvaluatedUnit:
        """Make the unit of its sections; raises as ``evaluate`` does."""
        collector = Collector()
        state = None
        files: list[GeneratedFile] = []
        undetermined: list[str] = []
        source: ModuleSource | None = None
        interface: ModuleInterface | None = None
        try:
            state = self.remote_state()
        except ConfigurationError as error:
            collector.absorb(error)
        try:
            files, undetermined = generated_files(contents.generate)
        except ConfigurationError as error:
            collector.absorb(error)
        try:
            source = self.source()
            interface = self.interface()
        except ConfigurationError as error:
            collector.absorb(error)
        manner = Behaviour()
        try:
            manner = behaviour(contents)
            files += _constraint(contents)
        except ConfigurationError as error:
            collector.absorb(error)
        backend = state.file() if state is not None else None
        generated = sorted([*files, *([backend] if backend else [])], key=lambda file: file.path)
        for path, count in Counter(file.path for file in generated).items():
            if count > 1:
                collector.add(self._same_path(path, [file.label for file in generated if file.path == path]))
        collector.raise_if_any()
        assert source is not None
        return EvaluatedUnit(
            name=self.unit.name,
            folder=self.unit.folder,
            source=source,
            inputs=_inputs(contents, interface),
            remote_state=state,
            generated=tuple(generated),
            undetermined=tuple(undetermined),
            behaviour=manner,
        )

    def place(self) -> Range:
        """Return where to point when something is missing: the inputs, else the source, else the top of the file."""
        document = self.scope.document
        if document.inputs is not None:
            return document.inputs.name_range
        if document.terraform is not None:
            return document.terraform.type_range
        top = document.file.body.range
        return Range(top.source, top.start, top.start)

    def _read_locals(self, collector: Collector) -> None:
        scopes = (self.scope, *(include.scope for include in self.scope.includes))
        for scope in scopes:
            try:
                scope.locals()
            except ConfigurationError as error:
                collector.absorb(error)

    def _read_blocks(self, links: Links, collector: Collector) -> dict[str, DependencyBlock]:
        blocks: dict[str, DependencyBlock] = {}
        for label, section in links.dependency.items():
            try:
                place = section["config_path"].range
                blocks[label] = self._block(label, section, place)
            except ConfigurationError as error:
                collector.absorb(error)
        return blocks

    def _block(self, label: str, section: Section, place: Range) -> DependencyBlock:
        """Return a dependency; one on a stack stands for its units."""
        folder = Path(os.path.normpath(self.scope.place.home / settings.text(section, "config_path")))
        if folder.name in {*UNIT_FILES, STACK_FILE}:
            folder = folder.parent
        name = unit_name(self._environment, folder)
        block = dependency_block(label, section, folder=folder, target=name, place=place)
        if not is_file(unit_file(folder)) and is_file(folder / STACK_FILE):
            return replace(block, members=self._members(block))
        return block

    def _members(self, block: DependencyBlock) -> dict[str, DependencyBlock]:
        """Return what the stack in the folder of a block declares, each with a block of its own."""
        document = self._files.stack_document(block.folder / STACK_FILE)
        collector = Collector()
        scope = stack_scope(document, self._files, Place(home=block.folder, original=block.folder))
        members: dict[str, DependencyBlock] = {}
        for component in scope.components(document, collector):
            name = unit_name(self._environment, component.folder)
            member = replace(block, folder=component.folder, target=name)
            is_stack = component.kind is ComponentKind.STACK
            members[component.name] = replace(member, members=self._members(member)) if is_stack else member
        collector.raise_if_any()
        return members

    def _labels_read(self) -> set[str]:
        """Return the labels of dependencies whose outputs are read; an empty one where ``dependency`` is used as a whole."""
        return {str(path[1]) if len(path) > 1 else "" for path in self._dependency_paths()}

    def _dependency_paths(self) -> set[tuple[str | int, ...]]:
        found = (
            reference.path
            for document in self.scope.documents()
            for expression in document.expressions()
            for reference in references(expression)
        )
        # An exposed include shows its dependencies, which are the unit's: include.root.dependency.vpc, or without a label.
        starts = [1] if list(self.scope.document.includes) == [""] else [2]
        return {
            path[start:]
            for path in found
            for start in (starts if path[0] == "include" else [0])
            if path[start : start + 1] == ("dependency",)
        }

    def _same_path(self, path: str, labels: list[str]) -> Diagnostic:
        block = next(
            (self.scope.document.generate[label] for label in labels if label in self.scope.document.generate), None
        )
        return Diagnostic(
            summary="Generated files have the same path",
            detail=f'{" and ".join(labels)} of unit "{self.unit.name}" both write {path}.',
            hint="Give them different paths, or the same label where one is to replace the other.",
            range=block.type_range if block else self.place(),
        )


def _may_declare(block: Block) -> bool:
    """Whether the file of a generate block may declare a variable or an output, as far as the block's text tells."""
    place = block.range
    lines = place.source.text.split("\n")[place.start.line - 1 : place.end.line]
    return bool(_DECLARES.search("\n".join(lines)))


def _constraint(contents: Contents) -> list[GeneratedFile]:
    """Return the file that makes Terraform check terraform_version_constraint."""
    constraint = settings.text(contents.attributes, "terraform_version_constraint")
    if not constraint:
        return []
    name = "terraform_version_constraint"
    text = f"terraform {{\n  required_version = {print_value(constraint)}\n}}\n"
    return [GeneratedFile(label=name, path=f"{name}.tf", contents=text, if_exists=IfExists.OVERWRITE)]


def _undeclared(blocks: Mapping[str, DependencyBlock]) -> DependencyOutputs:
    """Return outputs of which nothing is known, not even their names."""
    return DependencyOutputs(blocks=blocks, values={}, interface=lambda _unit: None)


def _inputs(contents: Contents, interface: ModuleInterface | None) -> dict[str, Value]:
    secret = {name for name, variable in (interface.variables.items() if interface else ()) if variable.sensitive}
    section: Mapping[str, Setting] = contents.inputs or {}
    return {name: mark(setting.value) if name in secret else setting.value for name, setting in sorted(section.items())}
