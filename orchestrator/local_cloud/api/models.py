"""Models: JSON schemas of draft 4 that request bodies are checked with.

Source: API Gateway Developer Guide, "Data models for REST APIs": draft 4, where a model refers to another one of its API by the URL
``https://apigateway.amazonaws.com/restapis/{api}/models/{name}``.
"""

import json
import re
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Any

from jsonschema import Draft4Validator  # type: ignore[import-untyped]  # it has no types
from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]  # as above
from jsonschema.validators import extend  # type: ignore[import-untyped]  # as above
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT4, Schema

_ADDRESS = "https://apigateway.amazonaws.com/restapis/{}/models/{}"


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """Match as ECMAScript does: ``$`` is the very end, where Python's would also match before a last line feed."""
    ends = pattern.endswith("$") and not pattern.endswith("\\$")
    if isinstance(instance, str) and not re.search(pattern[:-1] + r"\Z" if ends else pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


_Validator: Any = extend(Draft4Validator, {"pattern": _pattern})


class ModelError(Exception):
    """A model that AWS would have refused: invalid JSON, an invalid pattern, or a dangling reference."""


class Models:
    """The models of one API: the JSON text of each by name, which refer to each other by the API's id."""

    def __init__(self, api_id: str, schemas: Mapping[str, str]) -> None:
        self._api_id = api_id
        self._schemas = dict(schemas)
        self._validators: dict[str, Any] = {}
        self._lock = Lock()

    def problem(self, name: str, body: bytes) -> str | None:
        """Say what is wrong with a body, for the logs; None when it is valid.

        A model that does not exist accepts everything, because AWS refuses a method that names it.

        Raises:
            ModelError: the model itself is wrong.

        """
        if name not in self._schemas:
            return None
        try:
            document = json.loads(body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return "the body is not JSON"
        try:
            error = next(self._validator(name).iter_errors(document), None)
        except (ValueError, re.error, Unresolvable) as wrong:
            raise ModelError(f"model {name}: {wrong}") from wrong
        if error is None:
            return None
        place = "/".join(str(part) for part in error.absolute_path)
        # Only the rule and the place: the body's values may be secret.
        return f"the body breaks the rule {error.validator!r} of model {name} at /{place}"

    def _validator(self, name: str) -> Any:
        with self._lock:
            if name not in self._validators:
                self._validators[name] = _Validator(json.loads(self._schemas[name]), registry=self._registry())
            return self._validators[name]

    def _registry(self) -> Registry[Schema]:
        found: Registry[Schema] = Registry()
        for name, source in self._schemas.items():
            address = _ADDRESS.format(self._api_id, name)
            found = found.with_resource(address, DRAFT4.create_resource(json.loads(source)))
        return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
