"""The files that one load reads, each parsed at most once, and the files that are being read now."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from orchestrator.config.document import Document, read_document
from orchestrator.config.interface import ModuleInterface, module_interface
from orchestrator.diagnostics import ConfigurationError
from orchestrator.hcl import parse_file
from orchestrator.hcl.functions import terraform_functions
from orchestrator.hcl.scope import Function, FunctionError

UNIT_FILE = "terragrunt.hcl"


class Files:
    """What one load has read so far. It belongs to that load and is used from one thread.

    Attributes:
        env: the environment variables that ``get_env`` reads.

    """

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self._documents: dict[Path, Document | ConfigurationError] = {}
        self._interfaces: dict[Path, ModuleInterface | ConfigurationError] = {}
        self._functions: dict[Path, dict[str, Function]] = {}
        self._reading: list[Path] = []

    def document(self, path: Path) -> Document:
        """Return the document of a file; the same object every time.

        Raises:
            ConfigurationError: the file cannot be read or parsed, or holds what the grammar refuses; the same error
                every time, so that it is reported once.

        """
        found = self._documents.get(path)
        if found is None:
            try:
                found = read_document(parse_file(path))
            except ConfigurationError as error:
                found = error
            self._documents[path] = found
        if isinstance(found, ConfigurationError):
            raise found
        return found

    def interface(self, folder: Path) -> ModuleInterface:
        """Return the variables and outputs of the module in a folder; raises as ``module_interface`` does."""
        found = self._interfaces.get(folder)
        if found is None:
            try:
                found = module_interface(folder)
            except ConfigurationError as error:
                found = error
            self._interfaces[folder] = found
        if isinstance(found, ConfigurationError):
            raise found
        return found

    def terraform_functions(self, folder: Path) -> dict[str, Function]:
        """Return Terraform's functions for the files of a folder."""
        if folder not in self._functions:
            self._functions[folder] = dict(terraform_functions(folder))
        return self._functions[folder]

    @contextmanager
    def reading(self, path: Path) -> Iterator[None]:
        """Mark a file as being evaluated for ``read_terragrunt_config``.

        Raises:
            FunctionError: it is being evaluated already: the files read each other in a cycle.

        """
        if path in self._reading:
            names = [*self._reading[self._reading.index(path) :], path]
            raise FunctionError(f"The files read each other in a cycle: {' -> '.join(map(str, names))}.")
        self._reading.append(path)
        try:
            yield
        finally:
            self._reading.pop()
