"""A program on PATH that stands in for terraform: answers as it is told, and notes how it was called."""

import json
import os
import sys
from pathlib import Path
from typing import Any

_TEXT = """#!{python} -IS
import json, os, pathlib, stat, sys

here = pathlib.Path(__file__).parent
inputs = pathlib.Path("platformctl.auto.tfvars.json")
call = {{
    "arguments": sys.argv[1:],
    "folder": os.getcwd(),
    "environment": dict(os.environ),
    "files": sorted(path.name for path in pathlib.Path().iterdir()),
    "inputs": inputs.read_text() if inputs.exists() else None,
    "inputs_mode": oct(stat.S_IMODE(inputs.stat().st_mode)) if inputs.exists() else None,
}}
with (here / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps(call) + "\\n")
answer = json.loads((here / "answers.json").read_text()).get(sys.argv[1], {{}})
for name in answer.get("makes", []):
    pathlib.Path(name).mkdir(exist_ok=True)
sys.stdout.write(answer.get("output", ""))
sys.exit(answer.get("code", 0))
"""


class Program:
    """An executable in a folder of its own; put ``folder`` on PATH.

    Args:
        folder: made here.
        name: of the executable.
        version: what it reports; "" makes ``version`` fail.

    """

    def __init__(self, folder: Path, *, name: str = "terraform", version: str = "1.11.4") -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.path = folder / name
        self.path.write_text(_TEXT.format(python=sys.executable), encoding="utf-8")
        self.path.chmod(0o755)
        self._answers: dict[str, Any] = {}
        self.answer("init", makes=[".terraform"])
        self.answer("version", output=json.dumps({"terraform_version": version}) if version else "", code=not version)

    def answer(self, command: str, *lines: Any, output: str = "", code: int = 0, makes: Any = ()) -> None:
        """What a command prints (lines that are no text as JSON) and how it ends."""
        text = output + "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
        self._answers[command] = {"output": text, "code": int(code), "makes": list(makes)}
        (self.folder / "answers.json").write_text(json.dumps(self._answers), encoding="utf-8")

    def calls(self, *commands: str) -> list[dict[str, Any]]:
        """How it was called, oldest first; only the named commands if any are named."""
        file = self.folder / "calls.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        found = [json.loads(line) for line in lines]
        return [call for call in found if not commands or call["arguments"][0] in commands]


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
