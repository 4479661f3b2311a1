"""What we print, and heredocs, beside Terraform itself."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from orchestrator.hcl import Scope, evaluate, parse_expression, print_value
from orchestrator.hcl.functions import terraform_functions
from tests.unit.hcl.functions.terraform_console import LOCALS, REFUSED, in_terraform, recorded, write_files

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("terraform") is None, reason="there is no terraform on the PATH"),
]

HEREDOCS = [
    '<<EOT\n  a\n b \\n "\n  EOT\n',
    "<<EOT\r\na\r\nEOT\r\n",
    "<<-EOT\n      a\n\n        b ${1}\n    %{ for i in [1, 2] ~}\n      c${i}\n    %{ endfor ~}\n\t d\n   EOT\n",
    "<<-EOT\n    %{ for i in [1, 2] }\n    x\n    %{ endfor }\n  EOT\n",
    "<<EOT\n  a ${~ 1 ~} b\n   c ${~ 2 ~}   \n   d\nEOT\n",
    "<<-EOT\n    $${a}\n  ${1}x\n      y\n  EOT\n",
    "<<-EOT\n    a\n   \n  b\n  EOT\n",
]


def test_what_is_printed_means_the_same_to_terraform(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    folder = write_files(tmp_path / "work")
    scope = Scope({"local": LOCALS}, terraform_functions(folder), folder)
    printed = {}
    for text, answer in recorded().items():
        # The console reads a single line.
        if answer != REFUSED and "\n" not in (line := print_value(evaluate(parse_expression(text, "f.hcl"), scope))):
            printed[line] = answer
    assert len(printed) > 600
    assert in_terraform(list(printed), folder) == list(printed.values())


def test_heredocs(tmp_path, functions):
    blocks = "\n".join(f'output "o{index}" {{\n  value = {text}}}' for index, text in enumerate(HEREDOCS))
    (tmp_path / "main.tf").write_bytes(blocks.encode())
    command = ["terraform", f"-chdir={Path(tmp_path)}"]
    subprocess.run([*command, "apply", "-auto-approve"], check=True, capture_output=True, timeout=60)
    shown = subprocess.run([*command, "output", "-json"], check=True, capture_output=True, timeout=60)
    outputs = json.loads(shown.stdout)
    expected = [outputs[f"o{index}"]["value"] for index in range(len(HEREDOCS))]
    assert [evaluate(parse_expression(text, "f.hcl"), Scope({}, functions)) for text in HEREDOCS] == expected
