"""Renders a unit for the plan of the stack: the files of its apply as a child module, with the same meaning.

- ``path.module``, ``path.root`` and ``path.cwd`` have the values that they have in the apply, where the unit is the root module.
  Functions that read files look for relative paths in the unit's folder, not in that of the plan.
- Import blocks are lifted to the root module; so are provider blocks that do not depend on the unit.
- A backend belongs to the unit's own apply, and is left out.
"""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from orchestrator.config import Composition, Tree, configuration_files, folder_in, parsed, root_only_findings
from orchestrator.config.rewriting import Edits, expressions
from orchestrator.diagnostics import ConfigurationError
from orchestrator.hcl import (
    Block,
    Body,
    Expression,
    FunctionCall,
    Literal,
    ObjectExpression,
    function_calls,
    print_expression,
    print_value,
    references,
)
from orchestrator.hcl.values import Value

_READ_FILES = frozenset(
    {
        "file",
        "filebase64",
        "filebase64sha256",
        "filebase64sha512",
        "fileexists",
        "filemd5",
        "fileset",
        "filesha1",
        "filesha256",
        "filesha512",
        "templatefile",
    }
)
_WORDS = ("path.", "abspath", *sorted(_READ_FILES))


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """One unit as a child module.

    ``unit``: its name; ``composition``: the files of its apply; ``workspace``: the folder that its apply runs in,
    absolute; ``at``: the folder of its module in the plan, relative.
    """

    unit: str
    composition: Composition
    workspace: Path
    at: str

    @cached_property
    def bodies(self) -> Mapping[str, Body]:
        """The ``.tf`` files at the top of the module, by name; raises ConfigurationError where one does not parse."""
        files = self.composition.files
        return {name: parsed(name, files[name]) for name in configuration_files(files) if name.endswith(".tf")}

    @cached_property
    def providers(self) -> tuple[Block, ...]:
        """The provider blocks that can be lifted to the root module; none if any of the unit's cannot."""
        found = tuple(block for block in self._blocks() if block.type == "provider")
        names = [block.labels[0] for block in found if block.labels]
        if (
            len(set(names)) != len(found)
            or any("alias" in block.body.attributes or has_references(block.body) for block in found)
            or any(name.endswith(".tf.json") for name in self.composition.files)
            or any(source != f"hashicorp/{name}" for name, source in self._sources() if name in names)
        ):
            return ()
        return found

    @property
    def keeps_providers(self) -> bool:
        """Whether the unit configures providers in a way that only itself can."""
        return not self.providers and (
            any(block.type == "provider" for block in self._blocks())
            or any(name.endswith(".tf.json") for name in self.composition.files)
        )

    @cached_property
    def passes(self) -> tuple[str, ...]:
        """The default configurations that the module passes to those that it calls without having a block for them."""
        configured = {block.labels[0] for block in self._blocks() if block.type == "provider" and block.labels}
        passed = (
            reference.path
            for block in self._blocks()
            if block.type == "module" and "providers" in block.body.attributes
            for reference in references(block.body.attributes["providers"].expression)
        )
        return tuple(sorted({str(path[0]) for path in passed if len(path) == 1} - configured))

    def imports(self, module: str, inputs: Mapping[str, Value]) -> str:
        """Return the import blocks as the root module has them; ``inputs`` stand in for the unit's variables.

        Raises ConfigurationError: a block refers to what the root module cannot see.
        """
        problems = list(root_only_findings(self.unit, self.composition.files))
        if problems:
            raise ConfigurationError(problems)
        blocks = [block for block in self._blocks() if block.type == "import"]
        return "".join(self._lifted_import(block, module, inputs) for block in blocks)

    def tree(self) -> Tree:
        """Return the files of the child module, with everything that its root folder holds."""
        tree = _copied(self.composition.tree)
        for folder in self.composition.modules():
            here = folder_in(tree, folder)
            assert here is not None
            for name in [name for name in configuration_files(here) if name.endswith(".tf")]:
                entry = here[name]
                assert not isinstance(entry, dict)
                at_top = folder == self.composition.subdirectory
                text = self._rewritten(parsed(name, entry), folder=folder, at_top=at_top)
                if text is not None:
                    here[name] = text
        return tree

    def _blocks(self) -> Iterator[Block]:
        return (block for body in self.bodies.values() for block in body.blocks)

    def _sources(self) -> Iterator[tuple[str, str]]:
        """Yield the local names and sources of the providers that the module requires."""
        for terraform in (block for block in self._blocks() if block.type == "terraform"):
            for required in (block for block in terraform.body.blocks if block.type == "required_providers"):
                for name, attribute in required.body.attributes.items():
                    if isinstance(attribute.expression, ObjectExpression):
                        yield from (
                            (name, item.value.value)
                            for item in attribute.expression.items
                            if isinstance(item.key, Literal)
                            and item.key.value == "source"
                            and isinstance(item.value, Literal)
                        )

    def _lifted_import(self, block: Block, module: str, inputs: Mapping[str, Value]) -> str:
        edits = Edits(block.range.source)
        for attribute in block.body.attributes.values():
            for reference in references(attribute.expression):
                if reference.path[0] == "var" and attribute.name != "to":
                    edits.replace(reference.range, self._variable(str(reference.path[1]), reference.path[2:], inputs))
        lines = [
            f"  {attribute.name} = {f'module.{module}.' if attribute.name == 'to' else ''}"
            f"{edits.text_at(attribute.expression.range)}\n"
            for attribute in block.body.attributes.values()
        ]
        return f"import {{\n{''.join(lines)}}}\n"

    def _variable(self, name: str, path: tuple[str | int, ...], inputs: Mapping[str, Value]) -> str:
        """Return the value of a variable as an expression: the unit's input, or the default."""
        suffix = "".join(f"[{print_value(part)}]" for part in path)
        if name in inputs:
            return f"({print_value(inputs[name])}){suffix}"
        for block in self._blocks():
            if block.type == "variable" and block.labels == (name,) and "default" in block.body.attributes:
                return f"({print_expression(block.body.attributes['default'].expression)}){suffix}"
        return f"null{suffix}"

    def _rewritten(self, body: Body, *, folder: str, at_top: bool) -> str | None:
        """Return the new text of a file; None where it stays as it is."""
        source = body.range.source
        edits = Edits(source)
        if any(word in source.text for word in _WORDS):
            for expression in expressions(body):
                self._rewrite(expression, edits, folder)
        if at_top:
            for block in body.blocks:
                if block.type == "import" or (block.type == "provider" and self.providers):
                    edits.remove(block.range)
                elif block.type == "terraform":
                    for inner in block.body.blocks:
                        if inner.type in {"backend", "cloud"}:
                            edits.remove(inner.range)
        return edits.apply() if edits else None

    def _rewrite(self, expression: Expression, edits: Edits, folder: str) -> None:
        values = {
            "module": posixpath.relpath(folder or ".", self.composition.subdirectory or "."),
            "root": ".",
            "cwd": str(self.workspace),
        }
        for reference in references(expression):
            if reference.path[0] == "path" and len(reference.path) > 1 and reference.path[1] in values:
                edits.replace(reference.range, print_value(values[str(reference.path[1])]))
        for call in function_calls(expression):
            if call.arguments and (call.name in _READ_FILES or call.name == "abspath"):
                self._look_in_unit(call, edits)

    def _look_in_unit(self, call: FunctionCall, edits: Edits) -> None:
        """Let a function take relative paths from the unit's folder."""
        base, absolute = (str(self.workspace), "^/") if call.name == "abspath" else (self.at, "^[/~]")
        place = call.arguments[0].range
        # A heredoc ends with its line.
        after = "\n" if edits.text_at(place).startswith("<<") else ""
        template = print_value(f"{base}/").removesuffix('"') + '${path}"'
        edits.wrap(place, "one([for path in [", f'{after}] : can(regex("{absolute}", path)) ? path : {template}])')


def has_references(body: Body) -> bool:
    """Whether any value in a body, at any depth, refers to another object or reads a file."""
    return any(
        references(expression) or any(call.name in _READ_FILES for call in function_calls(expression))
        for expression in expressions(body)
    )


def _copied(tree: Tree) -> Tree:
    return {name: _copied(entry) if isinstance(entry, dict) else entry for name, entry in tree.items()}
