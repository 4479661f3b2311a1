"""API Gateway: resource policies, changes in place, the account's settings."""

import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from moto.apigateway.exceptions import BadRequestException
from moto.apigateway.models import Account, RestAPI
from moto.apigateway.responses import APIGatewayResponse
from moto.apigateway.urls import url_paths
from moto.core.utils import camelcase_to_underscores

from orchestrator.local_cloud.patches.registry import Original, add, around, patch

_BINARY = "/binaryMediaTypes"


@patch(
    service="apigateway",
    subject="aws_api_gateway_rest_api.policy",
    symptom='the provider fails with "invalid character after top-level value"',
    restores="the policy is returned with its quotes escaped by backslashes, as AWS does and the provider undoes",
    upstream="pull/5951",
)
def escaped_policy() -> None:
    @around(RestAPI, "to_dict")
    def to_dict(original: Original, self: Any) -> Any:
        answer = original(self)
        if answer.get("policy"):
            answer["policy"] = json.dumps(answer["policy"])[1:-1]
        return answer


@patch(
    service="apigateway",
    subject="aws_api_gateway_resource, _method, _integration, _model (update in place)",
    symptom="UpdateResource, UpdateMethod, UpdateIntegration and UpdateModel are not implemented",
    restores="they change only what their patch operations name",
    upstream=None,
)
def updates() -> None:
    for kind, (places, _) in _UPDATABLE.items():
        add(APIGatewayResponse, f"update_{kind}")(_update(kind, places))


def _update(kind: str, places: Sequence[int]) -> Callable[[Any], str]:
    def update(self: Any) -> str:
        parts = self.path.split("/")
        found = getattr(self.backend, f"get_{kind}")(*(parts[place] for place in places))
        _change(found, self._get_param("patchOperations"), kind)
        return json.dumps(found.to_dict() if kind == "resource" else found.to_json())

    # moto finds an operation by the name of its function.
    update.__name__ = f"update_{kind}"
    return update


@patch(
    service="apigateway",
    subject="aws_api_gateway_rest_api.tags, _api_key, _usage_plan, _domain_name (update in place)",
    symptom="TagResource, UntagResource and GetTags are not implemented for anything but stages",
    restores="they work for everything that moto keeps tags of",
    upstream=None,
)
def tags() -> None:
    # An ARN has slashes, which moto's own route leaves out.
    url_paths["{0}/tags/(?P<resourceArn>.+)$"] = APIGatewayResponse.dispatch

    @around(APIGatewayResponse, "tag_resource")
    def tag_resource(_original: Original, self: Any) -> str:
        found = _tagged(self)
        found.tags = {**(found.tags or {}), **self._get_param("tags")}
        return "{}"

    @around(APIGatewayResponse, "untag_resource")
    def untag_resource(_original: Original, self: Any) -> str:
        found = _tagged(self)
        found.tags = {
            name: value for name, value in (found.tags or {}).items() if name not in self.querystring["tagKeys"]
        }
        return "{}"

    @around(APIGatewayResponse, "get_tags")
    def get_tags(_original: Original, self: Any) -> str:
        return json.dumps({"tags": _tagged(self).tags or {}})


def _tagged(self: Any) -> Any:
    """Return moto's object for the ARN in the path of a request.

    Raises:
        BadRequestException: moto keeps no tags for its kind.

    """
    arn = unquote(self.path.split("/tags/")[1])
    match arn.partition("::/")[2].split("/"):
        case ["restapis", api, "stages", stage]:
            return self.backend.get_stage(api, stage)
        case ["restapis", api]:
            return self.backend.get_rest_api(api)
        case ["apikeys", key]:
            return self.backend.get_api_key(key)
        case ["usageplans", plan]:
            return self.backend.get_usage_plan(plan)
        case ["domainnames", name]:
            return self.backend.get_domain_name(name)
        case _:
            raise BadRequestException(f"Invalid resource ARN: {arn}")


@patch(
    service="apigateway",
    subject="aws_api_gateway_account.reset_on_delete",
    symptom="UpdateAccount fails with 500 when the operation has no value, so the role cannot be taken away",
    restores="without a value the account has no role for its logs",
    upstream="pull/8119",
)
def account_reset() -> None:
    @around(Account, "apply_patch_operations")
    def apply_patch_operations(original: Original, self: Any, patch_operations: list[dict[str, str | None]]) -> Any:
        return original(self, [{"value": None, **operation} for operation in patch_operations])


@patch(
    service="apigateway",
    subject="aws_api_gateway_rest_api.binary_media_types",
    symptom="ignored on creation and import; an update takes an operation's value instead of the type in its path",
    restores="the types are stored; add, remove and replace name a type in the path, where / is written ~1",
    upstream=None,
)
def binary_media_types() -> None:
    def store(original: Original, self: Any) -> tuple[int, dict[str, str], str]:
        status, headers, body = original(self)
        types = self._get_param("binaryMediaTypes") or self._get_param("x-amazon-apigateway-binary-media-types")
        if status != HTTPStatus.OK or not types:
            return status, headers, body
        api = self.backend.get_rest_api(json.loads(body)["id"])
        api.binaryMediaTypes = list(dict.fromkeys([*api.binaryMediaTypes, *types]))
        return status, headers, json.dumps(api.to_dict())

    around(APIGatewayResponse, "create_rest_api")(store)
    around(APIGatewayResponse, "put_rest_api")(store)

    @around(RestAPI, "apply_patch_operations")
    def apply_patch_operations(original: Original, self: Any, patch_operations: list[dict[str, Any]]) -> None:
        for operation in patch_operations:
            if operation["path"].startswith(_BINARY):
                self.binaryMediaTypes = _changed_types(self.binaryMediaTypes, operation)
            else:
                original(self, [operation])


@patch(
    service="apigateway",
    subject="aws_api_gateway_rest_api.minimum_compression_size (update)",
    symptom="UpdateRestApi ignores it: every plan changes it again",
    restores="replace sets the size, and without a value takes it away",
    upstream=None,
)
def minimum_compression_size() -> None:
    @around(RestAPI, "apply_patch_operations")
    def apply_patch_operations(original: Original, self: Any, patch_operations: list[dict[str, Any]]) -> None:
        for operation in patch_operations:
            if operation["path"] == "/minimumCompressionSize":
                value = operation.get("value")
                self.minimum_compression_size = int(value) if value else None
            else:
                original(self, [operation])


def _changed_types(types: list[str], operation: dict[str, Any]) -> list[str]:
    """Apply one patch operation to the media types of an API.

    Raises:
        BadRequestException: the path names no type, or one that is not there to be removed or replaced.

    """
    path, value = operation["path"], operation.get("value")
    named = _unescaped(path.removeprefix(_BINARY).removeprefix("/")) or (value if operation["op"] != "replace" else "")
    escaped = path.count("/") <= _BINARY.count("/") + 1
    if escaped and operation["op"] == "add" and named:
        return list(dict.fromkeys([*types, named]))
    if escaped and operation["op"] == "remove" and named in types:
        return [one for one in types if one != named]
    if escaped and operation["op"] == "replace" and value and (named in types or not named):
        return [value if one == named else one for one in types] if named else [value]
    raise BadRequestException(f"Invalid patch path {path}")


# By kind: where its path has the arguments of moto's getter, and what can be changed, by the first part of an operation's path.
_UPDATABLE = {
    "resource": ((2, 4), "parentId pathPart"),
    "method": (
        (2, 4, 6),
        "apiKeyRequired authorizationType authorizerId operationName requestModels requestParameters requestValidatorId",
    ),
    "integration": (
        (2, 4, 6),
        "contentHandling credentials passthroughBehavior requestParameters requestTemplates timeoutInMillis uri",
    ),
    "model": ((2, 4), "description schema"),
}
_RENAMED = {"passthroughBehavior": "passthrough_behaviour"}
_CONVERTED: dict[tuple[str, str], Callable[[str], Any]] = {
    ("method", "apiKeyRequired"): lambda value: value == "true",
    ("method", "requestParameters"): lambda value: value == "true",
    ("integration", "timeoutInMillis"): int,
}


def _change(item: Any, operations: list[dict[str, str]], kind: str) -> None:
    """Apply patch operations to one of moto's objects; a path of two parts names an entry of a map.

    Raises:
        BadRequestException: an operation changes what cannot be changed.

    """
    _, listed = _UPDATABLE[kind]
    for operation in operations:
        first, *rest = operation["path"].removeprefix("/").split("/")
        if first not in listed.split():
            supported = ", ".join(f"/{name}" for name in sorted(listed.split()))
            raise BadRequestException(f"Invalid patch path '{operation['path']}'. Must be one of: [{supported}]")
        name = _RENAMED.get(first, camelcase_to_underscores(first))
        removed = operation["op"] == "remove"
        value = None if removed else _CONVERTED.get((kind, first), str)(operation.get("value", ""))
        if not rest:
            setattr(item, name, value)
            continue
        # The map is replaced, not changed: deployments of moto hold on to the old one.
        entries = dict(getattr(item, name) or {})
        key = _unescaped(rest[0])
        if removed:
            entries.pop(key, None)
        else:
            entries[key] = value
        setattr(item, name, entries)


def _unescaped(part: str) -> str:
    """Decode a part of a JSON pointer."""
    return part.replace("~1", "/").replace("~0", "~")
