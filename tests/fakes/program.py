"""A program on PATH that stands in for terraform: answers as it is told, and notes how it was called."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

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
for file in *.tfplan; do
  if [ -e "$file" ]; then ls -l "$file" | cut -c1-10 > "$call/plan_mode"; fi
done
answer=$here/answers/$1
for next in "$here/next/$1".*; do
  if mv "$next" "$call/answer" 2>/dev/null; then answer=$call/answer; break; fi
done
if [ -d "$answer" ]; then
  while read -r name; do mkdir -p "$name"; done < "$answer/makes"
  cat "$answer/output"
  if [ -e "$answer/waits" ]; then
    until [ -e "$here/go" ]; do sleep 0.02; done
    cat "$answer/waits"
  fi
  if [ -e "$answer/dies" ]; then kill -"$(cat "$answer/dies")" $$; fi
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
        self._queued = 100
        self.path.write_text(_TEXT, encoding="utf-8")
        self.path.chmod(0o755)
        self.answer("init", makes=[".terraform"])
        self.answer("apply", {"type": "version"})
        if version:
            self.answer("version", {"terraform_version": version})
        else:
            self.answer("version", code=1)

    def answer(self, command: str, *lines: Any, **settings: Any) -> None:
        """What a command prints (lines that are no text as JSON) and does.

        Args:
            command: "apply".
            lines: its output.
            settings: ``code``, with which it ends; ``makes``, folders; ``dies``, the number of the signal with which it
                ends itself; ``waits``, lines that it prints after somebody has called ``go``.

        """
        _write_answer(self.folder / "answers" / command, lines, **settings)

    def answer_once(self, command: str, *lines: Any, **settings: Any) -> None:
        """What the next call of a command does, before all that ``answer`` says; may be called several times."""
        self._queued += 1
        _write_answer(self.folder / "next" / f"{command}.{self._queued}", lines, **settings)

    def go(self) -> None:
        """Let commands go on that wait."""
        (self.folder / "go").touch()

    def calls(self, *commands: str) -> list[dict[str, Any]]:
        """How it was called, oldest first; only the named commands if any are named."""
        found = [_call(folder) for folder in sorted((self.folder / "calls").iterdir())]
        return [call for call in found if not commands or call["arguments"][0] in commands]


def _write_answer(
    folder: Path, lines: Any, *, code: int = 0, makes: Any = (), dies: int | None = None, waits: Any = ()
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "output").write_text(_text_of(lines), encoding="utf-8")
    (folder / "code").write_text(str(code), encoding="utf-8")
    (folder / "makes").write_text("".join(f"{name}\n" for name in makes), encoding="utf-8")
    for name, text in (("dies", None if dies is None else str(dies)), ("waits", _text_of(waits) or None)):
        if text is None:
            (folder / name).unlink(missing_ok=True)
        else:
            (folder / name).write_text(text, encoding="utf-8")


def _text_of(lines: Any) -> str:
    return "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)


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
        "plan_mode": (text("plan_mode") or "").strip() or None,
    }


def wait_until(condition: Callable[[], object], seconds: float = 15.0) -> object:
    """Wait until a condition holds; returns what it was last."""
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not waited for does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
