"""A project without an environment, on a machine with nothing but Python."""

import pytest

from orchestrator import __main__ as entry
from orchestrator.bootstrap import install
from tests.fakes.machine import Machine


@pytest.fixture
def machine(tmp_path, monkeypatch):
    made = Machine(tmp_path)
    monkeypatch.setattr(entry, "ROOT", made.root)
    monkeypatch.setattr(entry, "_become", made.become)
    monkeypatch.setattr(entry, "_is_installed_elsewhere", lambda: False)
    monkeypatch.setattr(install.venv, "create", made.create)
    monkeypatch.setattr(install.subprocess, "run", made.run)
    monkeypatch.chdir(tmp_path)
    return made
