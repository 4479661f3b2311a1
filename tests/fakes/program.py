"""A program on PATH that stands in for terraform: answers as it is told, and notes how it was called."""

import json
import os
from pathlib import Path
from typing import Any

# A shell starts in a millisecond, Python in thirty; some tests call it a dozen times.
_TEXT = """#!/bin/sh
here=${0%/*}
/usr/bin/env > "$here/environment.$$"
PATH=/usr/bin:/bin
number=100
until mkdir "$here/calls/$number" 2>/dev/null; do number=$((number + 1)); done
call=$here/calls/$number
mv "$here/environment.$$" "$call/environment"
printf '%s\\n' "$@" > "$call/arguments"
pwd > "$call/folder"
ls -A > "$call/files"
if [ -e platformctl.auto.tfvars.json ]; then
  cat platformctl.auto.tfvars.json > "$call/inputs"
  ls -l platformctl.auto.tfvars.json | cut -c1-10 > "$call/inputs_mode"
fi
answer=$here/answers/$1
if [ -d "$answer" ]; then
  while read -r name; do mkdir -p "$name"; done < "$answer/makes"
  cat "$answer/output"
  exit "$(cat "$answer/code")"
fi
"""
_OF_THE_SHELL = {"PWD", "OLDPWD", "SHLVL", "_"}


class Program:
    """An executable in a folder of its own; put ``folder`` on PATH.

    Args:
        folder: made here.
        name: of the executable.
        version: what it reports; "" makes ``version`` fail.

    """

    def __init__(self, folder: Path, *, name: str = "terraform", version: str = "1.11.4") -> None:
        folder.mkdir(parents=True)
        (folder / "calls").mkdir()
        self.folder = folder
        self.path = folder / name
        self.path.write_text(_TEXT, encoding="utf-8")
        self.path.chmod(0o755)
        self.answer("init", makes=[".terraform"])
        if version:
            self.answer("version", {"terraform_version": version})
        else:
            self.answer("version", code=1)

    def answer(self, command: str, *lines: Any, code: int = 0, makes: Any = ()) -> None:
        """What a command prints (lines that are no text as JSON), how it ends, and which folders it makes."""
        folder = self.folder / "answers" / command
        folder.mkdir(parents=True, exist_ok=True)
        text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
        (folder / "output").write_text(text, encoding="utf-8")
        (folder / "code").write_text(str(code), encoding="utf-8")
        (folder / "makes").write_text("".join(f"{name}\n" for name in makes), encoding="utf-8")

    def calls(self, *commands: str) -> list[dict[str, Any]]:
        """How it was called, oldest first; only the named commands if any are named."""
        found = [_call(folder) for folder in sorted((self.folder / "calls").iterdir())]
        return [call for call in found if not commands or call["arguments"][0] in commands]


def _call(folder: Path) -> dict[str, Any]:
    def text(name: str) -> str | None:
        file = folder / name
        return file.read_text(encoding="utf-8") if file.exists() else None

    environment = dict(line.split("=", 1) for line in (text("environment") or "").splitlines() if "=" in line)
    return {
        "arguments": (text("arguments") or "").splitlines(),
        "folder": (text("folder") or "").strip(),
        "environment": {name: value for name, value in environment.items() if name not in _OF_THE_SHELL},
        "files": (text("files") or "").splitlines(),
        "inputs": text("inputs"),
        "inputs_mode": (text("inputs_mode") or "").strip() or None,
    }


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
