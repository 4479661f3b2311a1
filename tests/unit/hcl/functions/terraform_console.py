"""What `terraform console` says to expressions, recorded in expressions.txt.

Run `python -m tests.unit.hcl.functions.terraform_console` to record the answers to new lines, which hold no answer yet,
and again those to all others.
"""

import base64
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from orchestrator.diagnostics import ConfigurationError
from orchestrator.hcl import Scope, evaluate, parse_expression
from orchestrator.hcl.functions import terraform_functions

TABLE = Path(__file__).with_name("expressions.txt")
REFUSED = "refused"

FILES = {
    "a/x.txt": b"x",
    "a/sub/x.txt": b"x\n",
    "a/sub/sub2/deep.txt": b"deep\n",
    "b.txt": b"b",
    "c.txt": b"c",
    "d.json": b"{}\n",
    "bin": b"\xff\x00",
    ".hidden": b"h\n",
    ".dot/.hidden": b"\n",
    "\u00e9.txt": b"\n",
}
LINKS = {"link.txt": "b.txt", "dirlink": "a", "broken": "nowhere"}


def write_files(folder: Path) -> Path:
    """What the file functions of the table read."""
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    for name, target in LINKS.items():
        (folder / name).symlink_to(target)
    return folder


def recorded() -> dict[str, str]:
    """The answer to each expression of the table."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("\t") for line in lines if line and not line.startswith("#")]
    return {expression: answer for expression, _, answer in pairs}


def here(expression: str, folder: Path) -> str:
    """Our answer: the value as JSON text, or REFUSED."""
    try:
        value = evaluate(parse_expression(f"jsonencode({expression})", TABLE), Scope({}, terraform_functions(folder)))
    except ConfigurationError:
        return REFUSED
    assert isinstance(value, str)
    return value


def in_terraform(expressions: list[str], folder: Path) -> list[str]:
    """Terraform's answers, from one console process; base64 keeps its output from being quoted as HCL."""
    rows = "".join(f'  try(jsonencode({expression}), "{REFUSED}"),\n' for expression in expressions)
    (folder / "main.tf").write_text(f"locals {{\n  results = [\n{rows}  ]\n}}\n", encoding="utf-8")
    settings = folder.parent / "empty.tfrc"
    settings.touch()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    environment |= {"TF_CLI_CONFIG_FILE": str(settings), "CHECKPOINT_DISABLE": "1", "HOME": "/home/someone"}
    done = subprocess.run(
        [shutil.which("terraform") or "terraform", "console"],
        input="base64encode(jsonencode(local.results))\n",
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answers: list[str] = json.loads(base64.b64decode(done.stdout.strip().strip('"')))
    return answers


def _record() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "work"
        answers = dict(zip(recorded(), in_terraform(list(recorded()), write_files(folder)), strict=True))
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    names = [line.partition("\t")[0] for line in lines]
    TABLE.write_text(
        "".join(f"{name}\t{answers[name]}\n" if name in answers else f"{name}\n" for name in names), encoding="utf-8"
    )


if __name__ == "__main__":
    _record()
