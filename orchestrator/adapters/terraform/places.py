"""Where Terraform's messages point: its folders are made by us, so a place in them is told as the file that was written."""

import os
import re
from collections.abc import Collection
from pathlib import Path

from orchestrator.config import Composition, folder_in, module_name
from orchestrator.engine.plan import Rendering, RootModule

_BLOCK = re.compile(r'(output|module) "([^"]+)"')


def located(composition: Composition, filename: str, line: int) -> tuple[str, str]:
    """Return no unit, and where a line of a file in a unit's workspace comes from: "at modules/vpc/main.tf:17"."""
    path = Path(os.path.normpath(Path(composition.subdirectory) / filename))
    folder = folder_in(composition.tree, path.parent.as_posix())
    entry = folder.get(path.name) if folder else None
    return "", f"at {_short(entry) if isinstance(entry, Path) else filename}:{line}"


def located_in_stack(root: RootModule, renderings: Collection[Rendering], filename: str, line: int) -> tuple[str, str]:
    """Return the unit that a line in the plan's folder belongs to, and where it comes from.

    ``root``: the root module of the plan; ``renderings``: of the units; ``filename``: as Terraform tells it, relative
    to the plan's folder; ``line``: counted from 1.
    """
    for rendering in renderings:
        if filename.startswith(f"{rendering.at}/"):
            return rendering.unit, located(rendering.composition, filename.removeprefix(f"{rendering.at}/"), line)[1]
    text = root.files.get(filename, "").split("\n")[:line]
    block = next((match for written in reversed(text) if (match := _BLOCK.match(written))), None)
    if block is None:
        return "", f"at {filename}:{line}"
    if block[1] == "output" and block[2] in root.outputs:
        unit, output = root.outputs[block[2]]
        return unit, f'in output "{output}" of unit "{unit}"'
    unit = next((rendering.unit for rendering in renderings if module_name(rendering.unit) == block[2]), "")
    return unit, f'in the inputs of unit "{unit}"'


def _short(path: Path) -> str:
    """Return a path relative to the current folder, if it lies below."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
