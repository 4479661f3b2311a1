"""What `terraform console` says to expressions: those of expressions.txt, written by hand, and those that generated_cases.py makes.

Run `python -m tests.unit.hcl.functions.terraform_console` to record the answers to all of them; a new line of
expressions.txt holds no answer yet. The answers to the generated ones are in generated_answers.json.xz, in their order.
"""

import base64
import json
import lzma
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from orchestrator.diagnostics import ConfigurationError
from orchestrator.hcl import Scope, evaluate, parse_expression, print_value, unknown_reference
from orchestrator.hcl.dispatch import split
from orchestrator.hcl.functions import terraform_functions
from orchestrator.hcl.values import Unknown, Value
from tests.unit.hcl.functions.generated_cases import cases

TABLE = Path(__file__).with_name("expressions.txt")
GENERATED = Path(__file__).with_name("generated_answers.json.xz")
REFUSED = "refused"
UNKNOWN = "unknown"
FOLDER = "<folder>"
"""Stands in an answer for the folder of the files."""

SECRET = "secret "
"""Before an answer that Terraform marks as sensitive."""

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
    "t.tftpl": b"<${name}>",
    "null.tftpl": b"${null}",
    "nested.tftpl": b'${templatefile("t.tftpl", {name = 1})}',
    "string.tftpl": b"${templatestring(t, {})}",
    "reads.tftpl": b'${file("b.txt")}',
}
LOCALS: dict[str, Value] = {
    "template": "<${name}>",
    "list": ["(${name})"],
    "map": {"key": "${name}"},
    "number": 1,
    "broken": "${",
    "calls": "${templatestring(name, {})}",
    "reads": '${file("b.txt")}',
    "paths": '${upper(name)}${basename("a/b")}',
}
"""What an expression refers to as local.<name>."""

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
    names = LOCALS | {"unknown": unknown_reference("local", "unknown")}
    scope = Scope({"local": names}, terraform_functions(folder), folder)
    try:
        value = evaluate(parse_expression(f"jsonencode({expression})", TABLE), scope)
    except ConfigurationError:
        return REFUSED
    plain, secret = split(value)
    if isinstance(plain, Unknown):
        return UNKNOWN
    assert isinstance(plain, str)
    return f"{SECRET if secret else ''}{plain.replace(str(folder), FOLDER)}"


def in_terraform(expressions: Iterable[str], folder: Path) -> list[str]:
    """Terraform's answers, from one console process; base64 keeps each on a line of its own."""
    rows = "".join(
        f"  try(base64encode(jsonencode([issensitive(jsonencode({text})), nonsensitive(jsonencode({text}))])), null),\n"
        for text in expressions
    )
    names = "".join(f"  {name} = {print_value(value)}\n" for name, value in LOCALS.items())
    # The output of a resource that does not exist yet.
    names += "  unknown = terraform_data.unknown.output\n"
    (folder / "main.tf").write_text(
        f'resource "terraform_data" "unknown" {{\n}}\nlocals {{\n{names}  results = [\n{rows}  ]\n}}\n',
        encoding="utf-8",
    )
    settings = folder.parent / "empty.tfrc"
    settings.touch()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    environment |= {"TF_CLI_CONFIG_FILE": str(settings), "CHECKPOINT_DISABLE": "1", "HOME": "/home/someone"}
    terraform = shutil.which("terraform") or "terraform"
    subprocess.run([terraform, "init"], cwd=folder, env=environment, capture_output=True, check=True, timeout=120)
    done = subprocess.run(
        [terraform, "console"],
        input="local.results\n",
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()[1:-1]
    return [_answer(line.strip().rstrip(",")).replace(str(folder), FOLDER) for line in lines]


def _answer(line: str) -> str:
    """Return what one line of the list that the console prints says."""
    if line.startswith('"'):
        secret, value = json.loads(base64.b64decode(line.strip('"')))
        return f"{SECRET if secret else ''}{value}"
    return {"(known after apply)": UNKNOWN, "null": REFUSED, "tostring(null)": REFUSED}[line]


def generated() -> dict[str, str]:
    """The recorded answer to each generated expression."""
    answers: list[str] = json.loads(lzma.decompress(GENERATED.read_bytes()))
    return dict(zip(dict.fromkeys(text for _, text in cases()), answers, strict=True))


def _record() -> None:
    made = list(dict.fromkeys(text for _, text in cases()))
    with tempfile.TemporaryDirectory() as temporary:
        folder = write_files(Path(temporary) / "work")
        answers = dict(zip(recorded(), in_terraform(recorded(), folder), strict=True))
        GENERATED.write_bytes(lzma.compress(json.dumps(in_terraform(made, folder)).encode(), preset=9))
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    names = [line.partition("\t")[0] for line in lines]
    TABLE.write_text(
        "".join(f"{name}\t{answers[name]}\n" if name in answers else f"{name}\n" for name in names), encoding="utf-8"
    )


if __name__ == "__main__":
    _record()
