"""One fixture: calls a built-in function the way the evaluator does, and turns what it refuses into text."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.hcl.functions import terraform_functions
from orchestrator.hcl.scope import Function, FunctionError
from orchestrator.hcl.values import Value


def a_moment() -> datetime:
    return datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC)


@pytest.fixture(scope="session")
def functions(tmp_path_factory) -> Mapping[str, Function]:
    return terraform_functions(tmp_path_factory.mktemp("base"), now=a_moment)


@pytest.fixture
def call(functions) -> Callable[..., Value]:
    return lambda name, *arguments: functions[name].call(*arguments)


@pytest.fixture
def refusal(functions) -> Callable[..., tuple[str, int | None]]:
    """The message of the error that the call raises, and the index of the argument at fault."""

    def refused(name: str, *arguments: Value) -> tuple[str, int | None]:
        with pytest.raises(FunctionError) as raised:
            functions[name].call(*arguments)
        return raised.value.message, raised.value.argument

    return refused


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A small tree of files."""
    contents = {"a/x.txt": b"x", "a/sub/deep.txt": b"deep", "b.txt": b"b", "d.json": b"{}", "bin": b"\xff\x00"}
    for name, data in {**contents, ".hidden": b"h", "\u00e9.txt": "e\u0301".encode()}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (tmp_path / "link.txt").symlink_to("b.txt")
    (tmp_path / "folder-link").symlink_to("a")
    (tmp_path / "a" / "loop").symlink_to("..")
    return tmp_path
