"""What a deployment needs of the project, copied into a folder of its own."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def copy_project(project: Path) -> None:
    """Copy the live tree, the modules and the functions, and the wheels where they are downloaded already."""
    for name in ("functions", "live", "modules"):
        shutil.copytree(ROOT / name, project / name)
    wheels = ROOT / ".platformctl" / "build" / "wheels"
    if wheels.is_dir():
        shutil.copytree(wheels, project / ".platformctl" / "build" / "wheels")
