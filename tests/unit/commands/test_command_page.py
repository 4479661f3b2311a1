"""The example of docs/contributing/command.md works as it is written."""

import re
import sys
from types import ModuleType

import pytest

from orchestrator.cli import wiring
from orchestrator.cli.main import run


@pytest.fixture
def page(request, monkeypatch):
    """The modules of the example, in their places; returns the names in its tests."""
    text = (request.config.rootpath / "docs" / "contributing" / "command.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    names = "orchestrator.commands.extend", "orchestrator.cli.extend", "tests_of_the_page"
    for name, block in zip(names, blocks, strict=True):
        module = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(block, f"{name}.py", "exec"), vars(module))
    return vars(module)


def test_the_tests_of_the_page_pass(page, world, refused):
    page["test_a2_a_deployment_gets_another_time_to_live"](world)
    world.bucket.registered.clear()
    page["test_c7_what_is_not_deployed_cannot_be_extended"](world, refused)


def test_the_command_of_the_page_prints_what_the_page_says(page, world, monkeypatch, capsys):
    world.register()
    monkeypatch.setattr(wiring, "wire", lambda **_: world.ports)
    sys.modules["orchestrator.cli.extend"].extend("pr42")
    assert capsys.readouterr().out == '"pr42" may live for ever.\n'
    assert run(["extend"]) == 2, "it is not in the table of commands"
