"""What Terraform sees of a unit: its module's files, the unit's own files laid over them, and the generated ones.

The apply runs in a folder of this content, and the plan of the stack calls a rendering of the same content, so that both
have the same files. The order is Terragrunt's: the module, then the files beside terragrunt.hcl, then generate blocks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from os.path import normpath
from pathlib import Path
from typing import TypeAlias

from orchestrator.config.discovery import UNIT_FILES
from orchestrator.config.generated import SIGNATURE_KEY, EvaluatedUnit, GeneratedFile, IfExists
from orchestrator.config.grammar import AUTOINCLUDE_FILE, STACK_FILE, VALUES_FILE
from orchestrator.config.interface import ModuleInterface, configuration_files, interface_of, parsed
from orchestrator.diagnostics import ConfigurationError
from orchestrator.errors import PlatformctlError, UsageError
from orchestrator.hcl import Literal
from orchestrator.hcl.values import Value

_CONFIGURATION = frozenset({*UNIT_FILES, STACK_FILE, VALUES_FILE, AUTOINCLUDE_FILE})

# What Terraform keeps beside a module; it belongs to whoever ran Terraform there, not to the unit.
_NOT_PART = frozenset(
    {
        ".git",
        ".platformctl",
        ".terraform",
        ".terraform.lock.hcl",
        ".terragrunt-cache",
        ".terragrunt-stack",
        "examples",
        "terraform.tfstate",
        "terraform.tfstate.backup",
    }
)

Tree: TypeAlias = "dict[str, Path | str | Tree]"
"""What a folder holds, by name: a file or folder that lies elsewhere, a file with a text, or a folder."""


@dataclass(frozen=True, kw_only=True)
class Composition:
    """The files of one unit.

    ``tree``: the module's root with everything in it; modules below it may refer to each other by relative paths.
    ``subdirectory``: the module that Terraform runs in, below the root.
    """

    tree: Tree
    subdirectory: str = ""

    @cached_property
    def module(self) -> Tree:
        """The folder that Terraform runs in."""
        found = folder_in(self.tree, self.subdirectory)
        assert found is not None
        return found

    @property
    def files(self) -> Mapping[str, Path | str]:
        """The files at the top of the module, by name."""
        return {name: entry for name, entry in self.module.items() if not isinstance(entry, dict)}

    def modules(self) -> list[str]:
        """Return the folders of the module and of those that it calls by relative paths, below the root."""
        found = [self.subdirectory]
        for folder in found:
            here = folder_in(self.tree, folder) or {}
            for name in configuration_files(name for name, entry in here.items() if not isinstance(entry, dict)):
                for called in _local_calls(name, here[name]):
                    path = normpath(f"{folder or '.'}/{called}")
                    if path not in found and not path.startswith("..") and folder_in(self.tree, path) is not None:
                        found.append(path)
        return found

    @cached_property
    def interface(self) -> ModuleInterface:
        """What the module declares; raises ConfigurationError where its files do not parse."""
        return interface_of(self.files)


def compose(unit: EvaluatedUnit, *, root: Path, subdirectory: str) -> Composition:
    """Lay the unit's own and generated files over its module.

    ``unit``: with its generated files; those that depend on unknown outputs are missing. ``root``: the folder before
    ``//`` in the source. ``subdirectory``: the folder behind it. Raises UsageError if the module does not exist, or a
    generated file lies outside of it; PlatformctlError: a generated file collides with one of the module's own, and its
    block says "error".
    """
    if not root.is_dir():
        raise UsageError("Module not found", detail=f"There is no folder {root}.")
    tree = list_folder(root)
    module = folder_in(tree, subdirectory)
    if module is None:
        raise UsageError("Module not found", detail=f"There is no folder {root / subdirectory}.")
    if unit.folder != root / subdirectory:
        _lay_over(module, own_files(unit.folder))
    for file in unit.generated:
        _place(module, file, unit=unit.name)
    composition = Composition(tree=tree, subdirectory=subdirectory)
    for folder in composition.modules():
        # A linked folder would have another path.module: Terraform follows the links of modules.
        folder_in(tree, folder)
    return composition


def own_files(folder: Path) -> Tree:
    """Return what lies beside a unit's terragrunt.hcl and goes to Terraform with the module.

    Hidden files are left out, as Terragrunt leaves them out, and so are folders of other units.
    """
    if not folder.is_dir():
        return {}
    return {
        name: entry
        for name, entry in list_folder(folder).items()
        if name not in _CONFIGURATION
        and not name.startswith(".")
        and not (
            isinstance(entry, Path)
            and entry.is_dir()
            and any(next(entry.rglob(file), None) for file in (*UNIT_FILES, STACK_FILE))
        )
    }


def list_folder(folder: Path) -> Tree:
    """Return the entries of a folder, without what Terraform keeps there."""
    return {entry.name: entry for entry in sorted(folder.iterdir()) if entry.name not in _NOT_PART}


def folder_in(tree: Tree, path: str) -> "Tree | None":
    """Return a folder of a tree, so that it can be changed; None where there is none."""
    for part in Path(path).parts:
        found = tree.get(part)
        if isinstance(found, Path) and found.is_dir():
            tree[part] = found = list_folder(found)
        if not isinstance(found, dict):
            return None
        tree = found
    return tree


def walk(tree: Tree, above: str = "") -> Iterator[tuple[str, Path | str]]:
    """Yield the files of a tree at any depth, by their paths, sorted; without hidden ones and examples."""
    for name, entry in sorted(tree.items()):
        path = f"{above}{name}"
        if name.startswith(".") or name in _NOT_PART:
            continue
        if isinstance(entry, Path) and entry.is_dir():
            yield from walk(list_folder(entry), f"{path}/")
        elif isinstance(entry, dict):
            yield from walk(entry, f"{path}/")
        elif isinstance(entry, str) or entry.is_file():
            yield path, entry


def declared_inputs(unit: EvaluatedUnit, interface: ModuleInterface) -> dict[str, Value]:
    """Return the values of the variables that the module declares."""
    return {name: value for name, value in unit.inputs.items() if name in interface.variables}


def text_of(entry: Path | str) -> str:
    """Return the text of a file of a tree."""
    return entry if isinstance(entry, str) else entry.read_text(encoding="utf-8")


def _local_calls(name: str, entry: "Path | str | Tree") -> Iterator[str]:
    """Yield the relative sources of a file's module calls; none of a file that does not parse, or is JSON."""
    if name.endswith(".json") or isinstance(entry, dict):
        return
    try:
        blocks = parsed(name, entry).blocks
    except ConfigurationError:
        return
    for block in blocks:
        source = block.body.attributes.get("source") if block.type == "module" else None
        if source is not None and isinstance(source.expression, Literal):
            text = source.expression.value
            if isinstance(text, str) and text.startswith(("./", "../")):
                yield text


def _lay_over(module: Tree, files: Tree) -> None:
    for name, entry in files.items():
        theirs = folder_in(module, name) if _is_folder(entry) else None
        if theirs is None:
            module[name] = entry
        else:
            _lay_over(theirs, list_folder(entry) if isinstance(entry, Path) else dict(entry))  # type: ignore[arg-type]


def _is_folder(entry: "Path | str | Tree") -> bool:
    return isinstance(entry, dict) or (isinstance(entry, Path) and entry.is_dir())


def _place(module: Tree, file: GeneratedFile, *, unit: str) -> None:
    """Put a generated file into the tree of a module."""
    *folders, name = Path(file.path).parts
    if Path(file.path).is_absolute() or ".." in folders or not name:
        raise UsageError(
            "A generated file lies outside of the module",
            detail=f'Unit "{unit}" generates {file.path}.',
            hint="Give it a path relative to the module, without ...",
        )
    tree = module
    for part in folders:
        inner = folder_in(tree, part)
        if inner is None:
            tree[part] = inner = {}
        tree = inner
    theirs = tree.get(name)
    if isinstance(theirs, Path):
        if file.if_exists is IfExists.SKIP:
            return
        signed = theirs.is_file() and SIGNATURE_KEY in theirs.read_text(encoding="utf-8", errors="replace")
        if file.if_exists is IfExists.ERROR or (file.if_exists is IfExists.OVERWRITE_TERRAGRUNT and not signed):
            raise PlatformctlError(
                "A generated file collides with one of the module's own",
                detail=f'Unit "{unit}" generates {file.path}, and its module has a file of that name '
                f'(if_exists = "{file.if_exists}").',
                hint="Give the generated file another path, or take the file out of the module.",
            )
    tree[name] = file.contents
