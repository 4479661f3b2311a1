"""The program of docs/python-api.md does what the page says, word for word (A8)."""

import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


def test_the_program_of_the_page_runs_and_prints_what_the_page_says(project, request):
    page = (request.config.rootpath / "docs" / "python-api.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (printed,) = re.findall(r"^It prints:\n\n```\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    result = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        cwd=project.folder,
        env=project.environ | {"PYTHONPATH": str(request.config.rootpath)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == printed
    assert project.left("api-demo") == []
