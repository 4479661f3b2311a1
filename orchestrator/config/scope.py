"""A file of the live tree as one unit sees it: what its expressions may refer to, and the values of its sections.

The order is Terragrunt's: include, locals, dependency, the rest. Each stage sees only what came before it, and a
reference to something later is refused with the reason. Locals are evaluated when first needed, in any order.
"""

from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import partial
from os.path import normpath
from pathlib import Path

from orchestrator.config import settings
from orchestrator.config.builtins import Place, terragrunt_functions
from orchestrator.config.contents import Contents, Links, MergeStrategy, Section, Setting, merge_contents, merge_links
from orchestrator.config.discovery import UNIT_FILES, Files
from orchestrator.config.document import Document, read_document
from orchestrator.config.grammar import AUTOINCLUDE_FILE, STACK_FILE, VALUES_FILE
from orchestrator.config.outputs import NO_OUTPUTS, DependencyOutputs, Explainer
from orchestrator.config.sections import body, generate_sections, own_contents, own_links, state_section
from orchestrator.config.stack_file import ComponentKind, StackComponent, StackDocument, stack_components
from orchestrator.config.stages import EvaluationStage, refused_roots
from orchestrator.diagnostics import Collector, ConfigurationError, Diagnostic, Range, failure
from orchestrator.hcl import Attribute, Block, Expression, Reference, Scope, evaluate, references, too_deep
from orchestrator.hcl.scope import Function, FunctionError, is_file
from orchestrator.hcl.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class IncludedFile:
    """An include block and the file that it brings in."""

    label: str
    scope: "FileScope"
    strategy: MergeStrategy
    expose: bool
    range: Range


class FileScope:
    """One file for one unit. Locals are remembered; everything else is evaluated on demand.

    Raises (constructor and methods): ConfigurationError with every finding of the step.
    """

    def __init__(self, document: Document, files: Files, place: Place) -> None:
        self.document = document
        self.files = files
        self.place = place
        self.includes: tuple[IncludedFile, ...] = ()
        self._functions = self._bound_functions()
        self._values = self._read_values()
        self._locals: dict[str, Value] = {}
        self._failures: dict[str, ConfigurationError] = {}
        self._evaluating: list[str] = []
        self.autoinclude: FileScope | None = None
        if document.includes:
            self.includes = self._read_includes()
            self.place = replace(
                place, includes={include.label: include.scope.document.path.parent for include in self.includes}
            )
            # The functions made for the include blocks did not know the includes yet.
            self._functions = self._bound_functions()
        beside = document.path.with_name(AUTOINCLUDE_FILE)
        if place.included is None and document.path.name in UNIT_FILES and beside.is_file():
            self.autoinclude = FileScope(files.document(beside), files, replace(place, included=beside.parent))

    def documents(self) -> tuple[Document, ...]:
        """Return the file and those that are merged into it."""
        scopes = (*((self.autoinclude,) if self.autoinclude else ()), *(include.scope for include in self.includes))
        return (self.document, *(scope.document for scope in scopes))

    def _bound_functions(self) -> Mapping[str, Function]:
        """Bind Terraform's functions to the folder of this file, and Terragrunt's to its place."""
        own = terragrunt_functions(self.place, self.files.load, self._read, self.files.read.add)
        return ChainMap(own, self.files.terraform_functions(self.document.path.parent))

    def evaluate(
        self,
        expression: Expression,
        *,
        stage: EvaluationStage,
        outputs: DependencyOutputs = NO_OUTPUTS,
        names: Mapping[str, Value] | None = None,
    ) -> Value:
        """Evaluate an expression of this file.

        ``stage``: what is being evaluated; it decides which names exist. ``outputs``: the outputs of the dependencies;
        used in the last stage only. ``names``: what a stack file may refer to besides locals and values.
        """
        try:
            return self._evaluate(expression, stage, outputs, names or {})
        except RecursionError:
            raise too_deep(expression.range) from None

    def _evaluate(
        self, expression: Expression, stage: EvaluationStage, outputs: DependencyOutputs, names: Mapping[str, Value]
    ) -> Value:
        found = references(expression)
        refused_roots(found, stage, included=self.place.included is not None).raise_if_any()
        variables: dict[str, Value] = dict(names)
        roots = {reference.path[0] for reference in found}
        if "local" in roots:
            variables["local"] = {name: self.local(name) for name in self._wanted_locals(found)}
        if "include" in roots:
            variables["include"] = self._exposed(found, stage, outputs)
        if "feature" in roots:
            variables["feature"] = self.features()
        if "dependency" in roots and not names:
            variables["dependency"] = outputs.as_value(found)
        if "values" in roots and self._values is not None:
            variables["values"] = self._values
        try:
            folder = self.document.path.parent
            return evaluate(expression, Scope(variables, self._functions, folder, templates=self.files.read))
        except ConfigurationError as error:
            explainer = Explainer(
                folder=self.document.path.parent,
                locals=self.document.locals,
                includes={include.label: include.expose for include in self.includes},
                outputs=outputs,
                values=self._values,
            )
            raise ConfigurationError(explainer.explain(error.diagnostics, found)) from error

    def local(self, name: str) -> Value:
        if name not in self._locals:
            attribute = self.document.locals[name]
            if name in self._evaluating:
                circle = self._evaluating[self._evaluating.index(name) :]
                raise ConfigurationError([_locals_cycle(circle, self.document.locals)])
            if name in self._failures:
                raise self._failures[name]
            self._evaluating.append(name)
            try:
                self._locals[name] = self.evaluate(attribute.expression, stage=EvaluationStage.LOCALS)
            except ConfigurationError as error:
                # Found once, and not again by everything that refers to it.
                self._failures[name] = error
                raise
            finally:
                self._evaluating.pop()
        return self._locals[name]

    def features(self) -> dict[str, Value]:
        """Return the features of this file and of those that it includes, as expressions see them."""
        found: dict[str, Value] = {}
        for include in self.includes:
            found |= include.scope.features()
        given = self.files.load.features()
        for name, block in self.document.feature.items():
            default = self.evaluate(block.body.attributes["default"].expression, stage=EvaluationStage.FEATURE)
            value = default
            if name in given:
                value = _like(default, given[name], name, block.type_range)
            found[name] = {"value": value}
        return found

    def locals(self) -> dict[str, Value]:
        collector = Collector()
        for name in self.document.locals:
            try:
                self.local(name)
            except ConfigurationError as error:
                collector.absorb(error)
        collector.raise_if_any()
        return {name: self._locals[name] for name in self.document.locals}

    def links(self) -> Links:
        """Return the dependency and dependencies blocks, those of included files merged in."""
        collector = Collector()
        merged = self._own_links(collector)
        for include in reversed(self.includes):
            if include.strategy is not MergeStrategy.NO_MERGE:
                parent = include.scope._own_links(collector)  # noqa: SLF001 - the same class
                merged = merge_links(parent, merged, include.strategy)
        if self.autoinclude is not None:
            merged = merge_links(merged, self.autoinclude._own_links(collector), MergeStrategy.SHALLOW)  # noqa: SLF001
        collector.raise_if_any()
        return merged

    def contents(self, outputs: DependencyOutputs) -> Contents:
        """Return everything else, those of included files merged in. Errors of all files are collected."""
        collector = Collector()
        merged = self._own_contents(collector, EvaluationStage.REST, outputs)
        for include in reversed(self.includes):
            if include.strategy is not MergeStrategy.NO_MERGE:
                parent = include.scope._own_contents(collector, EvaluationStage.REST, outputs)  # noqa: SLF001 - the same class
                merged = merge_contents(parent, merged, include.strategy)
        if self.autoinclude is not None:
            over = self.autoinclude._own_contents(collector, EvaluationStage.REST, outputs)  # noqa: SLF001 - the same class
            merged = merge_contents(merged, over, MergeStrategy.SHALLOW)
        collector.raise_if_any()
        return merged

    def generate(self, outputs: DependencyOutputs) -> Mapping[str, Section]:
        """Return the generate blocks alone, those of included files merged in."""
        collector = Collector()
        merged = Contents(generate=self._own_generate(collector, outputs))
        for include in reversed(self.includes):
            if include.strategy is not MergeStrategy.NO_MERGE:
                parent = Contents(generate=include.scope._own_generate(collector, outputs))  # noqa: SLF001 - the same class
                merged = merge_contents(parent, merged, include.strategy)
        if self.autoinclude is not None:
            over = Contents(generate=self.autoinclude._own_generate(collector, outputs))  # noqa: SLF001 - the same class
            merged = merge_contents(merged, over, MergeStrategy.SHALLOW)
        collector.raise_if_any()
        return merged.generate

    def source(self) -> Setting | None:
        """Return ``terraform.source``, from this file or the nearest included one; it never depends on outputs."""
        over = self.autoinclude.source() if self.autoinclude is not None else None
        if over is not None:
            return over
        block = self.document.terraform
        attribute = block.body.attributes.get("source") if block is not None else None
        if attribute is not None:
            value = self.evaluate(attribute.expression, stage=EvaluationStage.SOURCE)
            return Setting(value=value, range=attribute.expression.range)
        for include in reversed(self.includes):
            found = include.scope.source() if include.strategy is not MergeStrategy.NO_MERGE else None
            if found is not None:
                return found
        return None

    def remote_state(self) -> Section | None:
        """Return ``remote_state``, from this file or the nearest included one; it never depends on outputs."""
        over = self.autoinclude.remote_state() if self.autoinclude is not None else None
        if over is not None:
            return over
        collector = Collector()
        state = self._own_state(collector)
        collector.raise_if_any()
        if state is None:
            merged = (include for include in reversed(self.includes) if include.strategy is not MergeStrategy.NO_MERGE)
            state = next((found for found in (include.scope.remote_state() for include in merged) if found), None)
        return state

    def _read_includes(self) -> tuple[IncludedFile, ...]:
        if self.place.included is not None:
            block = next(iter(self.document.includes.values()))
            raise failure(
                block.type_range,
                "Include inside an included file",
                f"{self.document.path.name} is included itself, and includes go one level deep only.",
                "Include both files from the unit, or use read_terragrunt_config for the second.",
            )
        collector = Collector()
        read: list[IncludedFile] = []
        for label, block in self.document.includes.items():
            try:
                read.append(self._read_include(label, block))
            except ConfigurationError as error:
                collector.absorb(error)
        collector.raise_if_any()
        return tuple(read)

    def _read_include(self, label: str, block: Block) -> IncludedFile:
        collector = Collector()
        section = body(self.document, block, partial(self.evaluate, stage=EvaluationStage.INCLUDE), collector)
        collector.raise_if_any()
        path = Path(normpath(self.place.home / settings.text(section, "path")))
        if not is_file(path):
            raise failure(
                section["path"].range,
                "Included file not found",
                f"There is no file {path}.",
                'Write path = find_in_parent_folders("...") to look for it in the folders above.',
            )
        place = replace(self.place, included=path.parent, includes={})
        return IncludedFile(
            label=label,
            scope=FileScope(self.files.document(path), self.files, place),
            strategy=settings.choice(section, "merge_strategy", MergeStrategy.SHALLOW),
            expose=settings.boolean(section, "expose", default=False),
            range=block.type_range,
        )

    def _wanted_locals(self, found: tuple[Reference, ...]) -> Iterable[str]:
        """Return the locals that the references name; all of them where ``local`` is used as a whole."""
        mine = [reference for reference in found if reference.path[0] == "local"]
        if any(len(reference.path) == 1 for reference in mine):
            return self.document.locals
        named = dict.fromkeys(str(reference.path[1]) for reference in mine)
        return [name for name in named if name in self.document.locals]

    def _exposed(
        self, found: tuple[Reference, ...], stage: EvaluationStage, outputs: DependencyOutputs
    ) -> dict[str, Value]:
        """Return the ``include`` object, with no more sections than the references need."""
        bare = len(self.includes) == 1 and not self.includes[0].label
        depth = 1 if bare else 2
        value: dict[str, Value] = {}
        for include in self.includes:
            if not include.expose:
                continue
            mine = [
                reference.path[depth:]
                for reference in found
                if reference.path[0] == "include" and (bare or reference.path[1:2] in ((), (include.label,)))
            ]
            sections = {str(path[0]) if path else "" for path in mine}
            if not sections:
                continue
            exposed: dict[str, Value] = {}
            if sections & {"", "locals"}:
                exposed["locals"] = include.scope.locals()
            if "dependency" in sections:
                # The dependencies of the included file are the unit's own.
                wanted = [replace(reference, path=reference.path[depth:]) for reference in found]
                exposed["dependency"] = outputs.as_value(wanted)
            if sections - {"locals", "dependency"}:
                collector = Collector()
                contents = include.scope._own_contents(collector, stage, outputs)  # noqa: SLF001 - the same class
                collector.raise_if_any()
                exposed |= contents.as_value()
            if bare:
                return exposed
            value[include.label] = exposed
        return value

    def _own_contents(self, collector: Collector, stage: EvaluationStage, outputs: DependencyOutputs) -> Contents:
        evaluate = partial(self.evaluate, stage=stage, outputs=outputs)
        return own_contents(self.document, evaluate, self._own_state(collector), collector)

    def _own_generate(self, collector: Collector, outputs: DependencyOutputs) -> Mapping[str, Section]:
        evaluate = partial(self.evaluate, stage=EvaluationStage.REST, outputs=outputs)
        return generate_sections(self.document, evaluate, collector)

    def _own_state(self, collector: Collector) -> Section | None:
        return state_section(self.document, partial(self.evaluate, stage=EvaluationStage.STATE), collector)

    def _own_links(self, collector: Collector) -> Links:
        return own_links(self.document, partial(self.evaluate, stage=EvaluationStage.DEPENDENCY), collector)

    def components(self, document: StackDocument, collector: Collector) -> list[StackComponent]:
        """Return what a stack file declares, whose locals block is this scope's document; without what has mistakes."""
        return stack_components(
            document,
            lambda expression, stage, names: self.evaluate(expression, stage=stage, names=names),
            self.files.stack_document,
            collector,
        )

    def _read_values(self) -> dict[str, Value] | None:
        """Return what ``values`` means in the file: the attributes of the values file beside it."""
        path = self.document.path.with_name(VALUES_FILE)
        if self.document.path == path or not path.is_file():
            return None
        return self._read_values_file(path)

    def _read_values_file(self, path: Path) -> dict[str, Value]:
        body = self.files.values_body(path)
        scope = Scope({}, self._functions, path.parent)
        collector = Collector()
        values: dict[str, Value] = {}
        for name, attribute in body.attributes.items():
            try:
                values[name] = evaluate(attribute.expression, scope)
            except ConfigurationError as error:
                collector.absorb(error)
        collector.raise_if_any()
        return values

    def _read_stack(self, path: Path) -> Value:
        document = self.files.stack_document(path)
        with self.files.reading(path):
            scope = stack_scope(document, self.files, Place(home=path.parent, original=self.place.original))
            collector = Collector()
            components = scope.components(document, collector)
            collector.raise_if_any()
            return {
                "local": scope.locals(),
                **{
                    kind: {item.name: item.as_value() for item in components if item.kind is kind}
                    for kind in ComponentKind
                },
            }

    def _read(self, path: Path) -> Value:
        """Return what ``read_terragrunt_config`` returns for a file."""
        if path.name == VALUES_FILE:
            return self._read_values_file(path)
        if path.name == STACK_FILE:
            return self._read_stack(path)
        document = self.files.document(path)
        with self.files.reading(path):
            scope = FileScope(document, self.files, Place(home=path.parent, original=self.place.original))
            links = scope.links()
            if links.dependency or links.paths:
                raise FunctionError(
                    f"{path} declares dependencies of its own, which the graph of this unit would not know."
                    " Read a file that only holds values, and declare the dependency in this unit."
                )
            return {"locals": scope.locals(), **scope.contents(NO_OUTPUTS).as_value()}


def stack_scope(document: StackDocument, files: Files, place: Place) -> FileScope:
    """Return the scope of a stack file: its locals and values, and the functions at its place."""
    return FileScope(read_document(replace(document.file, body=document.locals)), files, place)


def _like(default: Value, text: str, name: str, place: Range) -> Value:
    """Return the text that a caller gives for a feature, as a value of the type of its default."""
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False}[text.lower()]
        return Decimal(text) if isinstance(default, int | Decimal) else text
    except (KeyError, InvalidOperation):
        kind = "true or false" if isinstance(default, bool) else "a number"
        raise failure(
            place,
            "Feature has the wrong type",
            f'The feature "{name}" is {kind} by its default, and it was given as "{text}".',
            f"Give it {kind}: --feature {name}=...",
        ) from None


def _locals_cycle(circle: list[str], attributes: Mapping[str, Attribute]) -> Diagnostic:
    # The message is the same wherever the cycle was entered, so that it is reported once.
    begin = circle.index(min(circle))
    names = [*circle[begin:], *circle[:begin], circle[begin]]
    return Diagnostic(
        summary="Locals refer to each other in a cycle",
        detail=f"{' -> '.join(f'local.{name}' for name in names)}: none of them has a value.",
        hint="Remove one of these references.",
        range=attributes[circle[begin]].name_range,
    )
