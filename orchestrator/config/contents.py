"""The evaluated sections of a file, and how an included file is merged with the file that includes it.

The rules are Terragrunt's. Shallow: ``terraform`` by attribute, ``inputs`` by key, ``dependency`` and ``generate`` by
label, hooks, ``extra_arguments`` and ``errors`` by label, ``remote_state`` and ``exclude`` as a whole,
``dependencies.paths`` concatenated. Deep: the same, but lists in ``inputs`` and
``dependency`` are concatenated (the included file's elements first) and maps merged. ``locals`` are never merged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from orchestrator.diagnostics import Range
from orchestrator.hcl.values import Sensitive, Value, mark


class MergeStrategy(StrEnum):
    """How an included file is merged under the file that includes it."""

    NO_MERGE = "no_merge"
    SHALLOW = "shallow"
    DEEP = "deep"


class MockMerge(StrEnum):
    """How Terragrunt merges mocks with state; parsed and checked only."""

    NO_MERGE = "no_merge"
    SHALLOW = "shallow"
    DEEP_MAP_ONLY = "deep_map_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """An evaluated attribute and the place of its expression.

    ``files``: the files that contribute to the value; several after a deep merge.
    """

    value: Value
    range: Range
    files: frozenset[Path] = frozenset()


Section = Mapping[str, Setting]


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What makes the graph: everything that is evaluated before any output is known."""

    dependency: Mapping[str, Section] = field(default_factory=dict)
    paths: Sequence[Setting] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is evaluated with the outputs of the dependencies, known or unknown.

    ``attributes``: those at the top level that say how the unit is run; ``blocks``: the blocks that do, by type and label.
    """

    terraform: Section = field(default_factory=dict)
    inputs: Section | None = None
    remote_state: Section | None = None
    generate: Mapping[str, Section] = field(default_factory=dict)
    attributes: Section = field(default_factory=dict)
    blocks: Mapping[tuple[str, str], Section] = field(default_factory=dict)

    def as_value(self) -> dict[str, Value]:
        """Return the sections as one object, as ``read_terragrunt_config`` and an exposed include show them."""
        value: dict[str, Value] = {"inputs": _plain(self.inputs or {})}
        if self.terraform:
            value["terraform"] = _plain(self.terraform)
        if self.remote_state is not None:
            value["remote_state"] = _plain(self.remote_state)
        if self.generate:
            value["generate"] = {label: _plain(section) for label, section in self.generate.items()}
        return {**value, **_plain(self.attributes)}


def merge_links(parent: Links, child: Links, strategy: MergeStrategy) -> Links:
    """Merge the child's links over those of the included file."""
    dependency = dict(parent.dependency)
    for name, section in child.dependency.items():
        if strategy is MergeStrategy.DEEP and name in dependency:
            dependency[name] = _deep_section(dependency[name], section)
        else:
            dependency[name] = section
    return Links(dependency=dependency, paths=(*parent.paths, *child.paths))


def merge_contents(parent: Contents, child: Contents, strategy: MergeStrategy) -> Contents:
    """Merge the child's sections over those of the included file."""
    inputs = parent.inputs
    if child.inputs is not None:
        deep = strategy is MergeStrategy.DEEP
        inputs = _deep_section(inputs or {}, child.inputs) if deep else {**(inputs or {}), **child.inputs}
    return Contents(
        terraform={**parent.terraform, **child.terraform},
        inputs=inputs,
        remote_state=parent.remote_state if child.remote_state is None else child.remote_state,
        generate={**parent.generate, **child.generate},
        attributes={**parent.attributes, **child.attributes},
        blocks={**parent.blocks, **child.blocks},
    )


def _deep_section(parent: Section, child: Section) -> Section:
    merged = dict(parent)
    for name, setting in child.items():
        below = merged.get(name)
        merged[name] = (
            setting
            if below is None
            else Setting(
                value=deep_merged(below.value, setting.value), range=setting.range, files=below.files | setting.files
            )
        )
    return merged


def deep_merged(parent: Value, child: Value) -> Value:
    """Merge two values: maps by key, lists one after the other; anything else is the child's."""
    if isinstance(parent, Sensitive) or isinstance(child, Sensitive):
        bare_parent = parent.value if isinstance(parent, Sensitive) else parent
        bare_child = child.value if isinstance(child, Sensitive) else child
        return mark(deep_merged(bare_parent, bare_child))
    if isinstance(parent, dict) and isinstance(child, dict):
        merged = dict(parent)
        for key, value in child.items():
            merged[key] = deep_merged(merged[key], value) if key in merged else value
        return merged
    if isinstance(parent, list) and isinstance(child, list):
        return [*parent, *child]
    return child


def _plain(section: Section) -> dict[str, Value]:
    return {name: setting.value for name, setting in section.items()}
