# mypy: allow-untyped-calls
"""Requests as values of their operation's model: moto's parsers, which also note what the model does not know.

moto reads a request leniently: it skips members that the model lacks and converts what it finds. Here both are flaws.
"""

import json
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import WSGIEnvironment

from moto.core.parse import (
    BaseJSONParser,
    EC2QueryParser,
    JSONParser,
    QueryParser,
    RequestParser,
    RequestParserError,
    RestJSONParser,
    RestXMLParser,
)
from werkzeug.datastructures import EnvironHeaders, MultiDict

_WHOLE = ("integer", "long", "short", "byte")
_KINDS: Mapping[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "blob": (str,),
    "character": (str,),
    "boolean": (bool,),
    "timestamp": (int, float, str),
    "float": (int, float, str),
    "double": (int, float, str),
    **dict.fromkeys(_WHOLE, (int, float)),
}
_COMMON = {
    "Action",
    "AWSAccessKeyId",
    "Expires",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "Timestamp",
    "Version",
}
"""Parameters of every query request, which no model lists."""


def _decoded(text: Any) -> bytes:
    return b64decode(text)


class UnreadableError(Exception):
    """A request whose form is not that of its protocol, or whose values have other types than the model's."""


class _WrongTypeError(ValueError):
    """A value of another type than the model's; its message repeats no value."""


class _Noting(RequestParser):
    """Keeps what a parser meets that its model does not know."""

    def __init__(self, operation: Any) -> None:
        # No model says anything of a time; services read them in several forms.
        super().__init__(operation, timestamp_parser=str, blob_parser=_decoded)
        self.unknown: list[str] = []

    def _note(self, names: Iterable[str]) -> None:
        self.unknown.extend(names)


class _Json(_Noting, BaseJSONParser):
    """Members of JSON, each of the type that the model gives it."""

    def _parse_shape(self, shape: Any, node: Any) -> Any:
        # Headers, paths and query strings are texts, whatever the type of the member.
        if node is not None and "location" not in shape.serialization:
            _check_type(shape, node)
        return super()._parse_shape(shape, node)

    def _parse_structure(self, shape: Any, value: Any) -> Any:
        """Read the members that there are, where moto looks for each that there could be."""
        if value is None or shape.is_document_type:
            return value
        fields = _fields(shape)
        self._note(name for name in value if name not in fields and name != "__type")
        present = ((fields[name], one) for name, one in value.items() if name in fields and one is not None)
        return {name: self._parse_shape(member, one) for (name, member), one in present}

    def _parse_body_as_json(self, body_contents: bytes) -> Any:
        return json.loads(body_contents) if body_contents else {}


class _JsonReader(_Json, JSONParser):
    pass


class _RestJsonReader(_Json, RestJSONParser):
    pass


class _XmlReader(_Noting, RestXMLParser):
    def _parse_structure(self, shape: Any, node: Any) -> Any:
        names = {self._member_key_name(member, name) for name, member in shape.members.items()}
        nodes = node if isinstance(node, list) else [node]
        self._note(tag for one in nodes for item in one if (tag := self._node_tag(item)) not in names)
        return super()._parse_structure(shape, node)


class _Parameters(MultiDict[str, str]):
    """Parameters of a form that remember which of them were read."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        super().__init__(pairs)
        self.read: set[str] = set()

    def get(self, key: str, default: Any = None, type: Any = None) -> Any:  # type: ignore[override]  # noqa: A002 - werkzeug's name
        self.read.add(key)
        return super().get(key, default, type)


class _Form(_Noting, QueryParser):
    """Parameters of a form: what no member reads is unknown."""

    def _do_parse(self, request_dict: Mapping[str, Any], shape: Any) -> Any:
        parsed = super()._do_parse(request_dict, shape)
        values = request_dict["values"]
        left = values.keys() - values.read - _COMMON
        self._note(sorted(name for name in left if not name.startswith("X-Amz-")))
        return parsed


class _QueryReader(_Form):
    pass


class _Ec2Reader(_Form, EC2QueryParser):
    pass


_READERS = {
    "ec2": _Ec2Reader,
    "json": _JsonReader,
    "query": _QueryReader,
    "rest-json": _RestJsonReader,
    "rest-xml": _XmlReader,
    "s3": _XmlReader,
}


def read_input(
    environ: WSGIEnvironment, model: Any, *, protocol: str, labels: Mapping[str, str]
) -> tuple[dict[str, Any], Sequence[str]]:
    """Parse a request; its body must be seekable, and is left at its start.

    Args:
        environ: of the request.
        model: of its operation.
        protocol: the one in which it is written; a service may have several.
        labels: the parameters in its path.

    Returns:
        The members by the names of the model, and the names that the model does not know.

    Raises:
        UnreadableError: it is not written as its protocol demands.

    """
    reader: Any = _READERS[protocol](model)
    body = _body(environ, model)
    form = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True) if protocol in ("query", "ec2") else []
    query = parse_qsl(str(environ.get("QUERY_STRING", "")), keep_blank_values=True)
    request = {
        "body": body,
        "headers": EnvironHeaders(environ),
        "method": environ["REQUEST_METHOD"],
        "url_params": labels,
        "url_path": environ.get("PATH_INFO", ""),
        "values": _Parameters(query + form),
    }
    try:
        return reader.parse(request), reader.unknown
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, RequestParserError) as error:
        raise UnreadableError(str(error) if isinstance(error, _WrongTypeError) else "") from error


def _body(environ: WSGIEnvironment, model: Any) -> bytes:
    """Return the body; for a stream only whether there is one, because models do not describe its content."""
    if model.has_streaming_input:
        return b"" if environ.get("CONTENT_LENGTH", "0") in ("", "0") else b"\0"
    stream = environ["wsgi.input"]
    content: bytes = stream.read()
    stream.seek(0)
    return content


@cache
def _fields(shape: Any) -> Mapping[str, tuple[str, Any]]:
    """Return the members that travel in a JSON object, by their names there."""
    return {
        member.serialization.get("name", name): (name, member)
        for name, member in shape.members.items()
        if "location" not in member.serialization
    }


def _check_type(shape: Any, value: Any) -> None:
    kind = shape.type_name
    wanted = _KINDS.get(kind)
    if wanted is None or getattr(shape, "is_document_type", False):
        return
    fits = isinstance(value, wanted) and (kind == "boolean" or not isinstance(value, bool))
    if kind in _WHOLE and fits:
        fits = value == int(value)
    if not fits:
        raise _WrongTypeError(f"{_json_name(value)} can not be converted to {kind.capitalize()}")


def _json_name(value: Any) -> str:
    """Name a value as Jackson does, the parser that AWS's services quote."""
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    names = ((str, "STRING_VALUE"), (int, "NUMBER_VALUE"), (float, "DECIMAL_VALUE"), (list, "START_ARRAY"))
    return next((name for kind, name in names if isinstance(value, kind)), "START_OBJECT")
