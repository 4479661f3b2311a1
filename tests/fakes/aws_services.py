"""boto3 clients that answer from tables and check every call against AWS's own service model, as botocore publishes it."""

from collections.abc import Iterator, Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError, DataNotFoundError
from botocore.session import Session
from botocore.validate import ParamValidator

_SESSION = Session()


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "because"}}, "Operation")


class FakeServices:
    """A client factory.

    Attributes:
        answers: by service and operation: a response, a list of pages, a tuple with the items of the only list in the response, or a
            function of the parameters. Otherwise every list in the response is empty.
        refusals: by operation: the errors to raise first.
        calls: service and operation of each call.

    """

    def __init__(self, answers: Mapping[str, Any] | None = None, **refusals: list[Exception | str]) -> None:
        self.answers: dict[str, dict[str, Any]] = {service: dict(table) for service, table in (answers or {}).items()}
        self.refusals = refusals
        self.calls: list[tuple[str, str]] = []

    def __call__(self, service: str) -> "_Client":
        return _Client(self, service)

    def show(self, service: str, operation: str, key: str, item: Any, *, until: str = "never", times: int = 1) -> None:
        """List an item until an operation was accepted so many times."""
        table = self.answers.setdefault(service, {})
        before = table.get(operation, lambda **_: {key: []})

        def answer(**arguments: Any) -> dict[str, Any]:
            accepted = self.calls.count((service, until))
            return {key: [*before(**arguments)[key], *([item] if accepted < times else [])]}

        table[operation] = answer

    @property
    def changes(self) -> list[str]:
        """The accepted operations that change something, in order."""
        return [name for _, name in self.calls if not name.startswith(("describe_", "get_", "list_"))]


class _Client:
    def __init__(self, services: FakeServices, service: str) -> None:
        self._services, self._service = services, service

    def can_paginate(self, operation: str) -> bool:
        return operations(self._service)[operation].name in _paginators(self._service)

    def get_paginator(self, operation: str) -> Any:
        assert self.can_paginate(operation), operation

        def paginate(**arguments: Any) -> Iterator[Any]:
            answer = self._call(operation, arguments)
            return iter(answer if isinstance(answer, list) else [answer])

        return SimpleNamespace(paginate=paginate)

    def __getattr__(self, operation: str) -> Any:
        return lambda **arguments: self._call(operation, arguments)

    def _call(self, operation: str, arguments: dict[str, Any]) -> Any:
        model = operations(self._service)[operation]
        if model.input_shape is not None:
            report = ParamValidator().validate(arguments, model.input_shape)
            assert not report.has_errors(), f"{self._service} {operation}: {report.generate_report()}"
        waiting = self._services.refusals.get(operation)
        if waiting:
            error = waiting.pop(0)
            raise error if isinstance(error, Exception) else refused(error)
        self._services.calls.append((self._service, operation))
        answer = self._services.answers.get(self._service, {}).get(operation, {})
        if callable(answer):
            return answer(**arguments)
        if answer and not isinstance(answer, tuple):
            return answer
        members = model.output_shape.members.items() if model.output_shape is not None else ()
        lists = {name: list(answer) for name, shape in members if shape.type_name == "list"}
        assert not answer or len(lists) == 1, f"{operation} lists {', '.join(lists)}"
        return lists | {name: False for name, shape in members if shape.type_name == "boolean"}


@cache
def operations(service: str) -> dict[str, Any]:
    """AWS's models of the operations of a service, by boto3's name."""
    model = _SESSION.get_service_model(service)
    return {xform_name(name): model.operation_model(name) for name in model.operation_names}


@cache
def _paginators(service: str) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = _SESSION.get_component("data_loader").load_service_model(service, "paginators-1")
    except DataNotFoundError:
        return {}
    pagination: Mapping[str, Any] = found["pagination"]
    return pagination
