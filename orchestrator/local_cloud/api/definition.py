"""A REST API as its data plane needs it: what a deployment froze, and what a stage adds.

A deployment freezes, on AWS and here: resources, methods, integrations, models, validators, gateway responses and binary types. The stage, usage plans,
keys and the functions' permissions are read as they are now.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from orchestrator.local_cloud.api.limits import Plan
from orchestrator.local_cloud.api.models import Models
from orchestrator.local_cloud.api.variables import Text

_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MockResponse:
    """An integration response of a mock.

    Attributes:
        pattern: regular expression for status codes; empty for the default response.
        headers: name and value; constants only.

    """

    pattern: str
    status: int
    headers: Sequence[tuple[str, str]]
    body: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Mock:
    """A MOCK integration.

    Attributes:
        request: the template that gives the status code; None without one for JSON.
        responses: those with a pattern before the default.

    """

    request: Text | None
    responses: Sequence[MockResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """The backend of a method.

    Attributes:
        kind: "AWS_PROXY", "MOCK", or one that is not served here.
        function_arn: may refer to stage variables; empty when the backend is not a function.
        timeout: seconds that API Gateway waits.
        by_role: called with a role's permission, so the function's own policy does not matter.

    """

    kind: str
    function_arn: str
    timeout: float
    by_role: bool = False
    mock: Mock | None = None

    def arn_in(self, variables: Mapping[str, str]) -> str:
        """Return the function's ARN with the stage's variables filled in."""
        return _VARIABLE.sub(lambda match: variables.get(match[1], ""), self.function_arn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorizer:
    """What decides who may call.

    Attributes:
        kind: "COGNITO_USER_POOLS", "REQUEST" or "TOKEN".
        header: the one that identifies the caller; the first of several identity sources.
        function_arn: empty without a function.

    """

    kind: str
    header: str = "Authorization"
    function_arn: str = ""
    pool_arns: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method of a resource.

    Attributes:
        verb: "GET", or "ANY".
        authorization: "NONE", "AWS_IAM", "COGNITO_USER_POOLS" or "CUSTOM".
        authorizer: for the last two.
        scopes: those of an access token of which one is enough; without any an ID token is asked for.
        required: "method.request.querystring.interval" and the like; empty without a validator.
        models: names by content type; empty without a validator.

    """

    verb: str
    authorization: str = "NONE"
    authorizer: Authorizer | None = None
    scopes: Sequence[str] = ()
    needs_key: bool = False
    required: Sequence[str] = ()
    models: Mapping[str, str] = field(default_factory=dict)
    integration: Integration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A node in the tree of paths: "/bars/{symbol}"."""

    id: str
    path: str
    methods: Mapping[str, Method] = field(default_factory=dict)

    def method(self, verb: str) -> Method | None:
        return self.methods.get(verb) or self.methods.get("ANY")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayResponse:
    """The API's wording for one kind of error.

    Attributes:
        status: None keeps the kind's own.
        headers: name and value; a value is a text in single quotes or a reference.

    """

    status: int | None = None
    headers: Sequence[tuple[str, str]] = ()
    template: str | None = None


@dataclass(slots=True)
class _Node:
    resource: Resource | None = None
    fixed: dict[str, "_Node"] = field(default_factory=dict)
    parameter: tuple[str, "_Node"] | None = None
    greedy: tuple[str, Resource] | None = None


class Routes:
    """The tree of paths: fixed parts before a parameter, a parameter before a greedy one.

    Source: API Gateway Developer Guide, "Set up a proxy integration with a proxy resource": the most specific path wins.
    """

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._root = _Node()
        for resource in resources:
            self._add(resource)

    def _add(self, resource: Resource) -> None:
        node = self._root
        for part in filter(None, resource.path.split("/")):
            if part.startswith("{") and part.endswith("+}"):
                node.greedy = (part[1:-2], resource)
                return
            if part.startswith("{"):
                node.parameter = node.parameter or (part[1:-1], _Node())
                node = node.parameter[1]
            else:
                node = node.fixed.setdefault(part, _Node())
        node.resource = resource

    def find(self, path: str) -> tuple[Resource, dict[str, str]] | None:
        """Find the resource of a path, with the values of its path parameters.

        Args:
            path: as it was sent, without the stage. An escaped slash does not separate parts; one slash at the end changes nothing.

        """
        parts = [unquote(part) for part in path.removeprefix("/").removesuffix("/").split("/")]
        return _find(self._root, [] if parts == [""] else parts)


def _find(node: _Node, parts: Sequence[str]) -> tuple[Resource, dict[str, str]] | None:
    if not parts:
        return None if node.resource is None else (node.resource, {})
    first, rest = parts[0], parts[1:]
    if first in node.fixed and (found := _find(node.fixed[first], rest)) is not None:
        return found
    if node.parameter is not None and first:
        name, child = node.parameter
        if (found := _find(child, rest)) is not None:
            return found[0], {name: first, **found[1]}
    if node.greedy is not None:
        name, resource = node.greedy
        return resource, {name: "/".join(parts)}
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a deployment froze.

    Attributes:
        binary_types: media types whose bodies are passed on in base64.
        minimum_compression: bytes from which responses are compressed; None if they never are.

    """

    resources: Sequence[Resource]
    routes: Routes
    models: Models
    responses: Mapping[str, GatewayResponse] = field(default_factory=dict)
    binary_types: Sequence[str] = ()
    minimum_compression: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiStage:
    """A stage and the definition that it serves.

    Attributes:
        access_log: log group and format; None without one.
        execution_level: "OFF", "ERROR" or "INFO".
        permitted: (resource id, verb) of methods whose function lets API Gateway call it.

    """

    api_id: str
    name: str
    definition: Definition
    variables: Mapping[str, str] = field(default_factory=dict)
    access_log: tuple[str, Text] | None = None
    execution_level: str = "OFF"
    permitted: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An API key that is enabled, found by its value, which is not kept here."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """Everything that is deployed at one moment: stages by API and name, keys by value, plans by key id, API and stage."""

    stages: Mapping[tuple[str, str], ApiStage] = field(default_factory=dict)
    keys: Mapping[str, Key] = field(default_factory=dict)
    plans: Mapping[tuple[str, str, str], Plan] = field(default_factory=dict)
