"""Reads deployments from moto, and freezes them, which moto does not.

A deployment of moto is an id without content; a stage of moto serves the API as it is now. On AWS a change shows when it is deployed. So the definition is
read right after each CreateDeployment and kept under that deployment's id.
"""

import re
from collections.abc import Mapping
from threading import Lock
from typing import Any

from orchestrator.local_cloud.api.definition import (
    ApiStage,
    Authorizer,
    Definition,
    Deployed,
    GatewayResponse,
    Integration,
    Key,
    Method,
    Mock,
    MockResponse,
    Resource,
    Routes,
)
from orchestrator.local_cloud.api.limits import Plan, Quota, Throttle
from orchestrator.local_cloud.api.mock import mock_headers
from orchestrator.local_cloud.api.models import Models
from orchestrator.local_cloud.api.variables import text
from orchestrator.local_cloud.iam.documents import resource_policy
from orchestrator.local_cloud.iam.enforce import service_request
from orchestrator.local_cloud.iam.evaluate import decide
from orchestrator.local_cloud.identity import ACCOUNT_ID, REGION
from orchestrator.local_cloud.serial import MOTO

_FUNCTION = re.compile(r":lambda:path/[^/]+/functions/(?P<arn>.+)/invocations$")
_LOG_GROUP = re.compile(r":log-group:(?P<name>[^:]+)")
_PARAMETER = re.compile(r"\{[^}]*\}")
_JSON = "application/json"
_SERVICE = "apigateway.amazonaws.com"
_DEFAULT_TIMEOUT_MS = 29_000
_PERIODS = ("DAY", "WEEK", "MONTH")


class Deployments:
    """A cache of what is deployed, valid until a change is reported."""

    def __init__(self) -> None:
        self._frozen: dict[tuple[str, str], Definition] = {}
        self._generation = 0
        self._known: tuple[int, Deployed] | None = None
        self._counting = Lock()
        self._reading = Lock()

    def changed(self) -> None:
        """Invalidate the cache; to be called after the change and without holding moto's lock."""
        with self._counting:
            self._generation += 1

    def freeze(self, api_id: str, deployment_id: str) -> None:
        """Keep the API as it is now as the content of a new deployment."""
        from moto.apigateway.models import apigateway_backends  # noqa: PLC0415 - moto takes a second to load

        with MOTO:
            api = apigateway_backends[ACCOUNT_ID][REGION].apis.get(api_id)
            if api is not None and deployment_id in api.deployments:
                self._frozen.setdefault((api_id, deployment_id), _definition(api))

    def current(self) -> Deployed:
        """Return everything that is deployed now; reads moto only after a change."""
        known = self._known
        if known is not None and known[0] == self._generation:
            return known[1]
        with self._reading:
            known = self._known
            # Counted before reading: a change on the way is read again next time.
            generation = self._generation
            if known is not None and known[0] == generation:
                return known[1]
            deployed = self._read()
            self._known = (generation, deployed)
            return deployed

    def _read(self) -> Deployed:
        from moto.apigateway.models import apigateway_backends  # noqa: PLC0415 - moto takes a second to load

        with MOTO:
            backend: Any = apigateway_backends[ACCOUNT_ID][REGION]
            alive = {(api.id, deployment) for api in backend.apis.values() for deployment in api.deployments}
            self._frozen = {place: found for place, found in self._frozen.items() if place in alive}
            logs = backend.account.cloudwatch_role_arn is not None
            stages = {
                (api.id, stage.name): self._stage(api, stage, logs=logs)
                for api in backend.apis.values()
                for stage in api.stages.values()
            }
            return Deployed(
                stages=stages,
                keys={key.value: Key(id=key.id) for key in backend.keys.values() if key.enabled},
                plans=_plans(backend),
            )

    def _stage(self, api: Any, stage: Any, *, logs: bool) -> ApiStage:
        definition = self._frozen.get((api.id, stage.deployment_id)) or _definition(api)
        variables = dict(stage.variables or {})
        settings = stage.access_log_settings or {}
        group = _LOG_GROUP.search(settings.get("destinationArn") or "")
        level = (stage.method_settings or {}).get("*/*", {}).get("loggingLevel", "OFF")
        return ApiStage(
            api_id=api.id,
            name=stage.name,
            definition=definition,
            variables=variables,
            # Without a role of the account API Gateway writes no log at all.
            access_log=(group["name"], text(settings["format"])) if logs and group and settings.get("format") else None,
            execution_level=level if logs else "OFF",
            permitted=frozenset(
                (resource.id, method.verb)
                for resource in definition.resources
                for method in resource.methods.values()
                if method.integration is not None
                and (
                    method.integration.by_role
                    or _permitted(
                        method.integration.arn_in(variables), _source_arn(api.id, stage.name, resource, method)
                    )
                )
            ),
        )


def _definition(api: Any) -> Definition:
    resources = tuple(
        Resource(
            id=resource.id,
            path=resource.get_path(),
            methods={verb: _method(api, method) for verb, method in resource.resource_methods.items()},
        )
        for resource in api.resources.values()
    )
    return Definition(
        resources=resources,
        routes=Routes(resources),
        models=Models(api.id, {name: model.schema for name, model in api.models.items() if model.schema}),
        responses={kind: _gateway_response(response) for kind, response in api.gateway_responses.items()},
        binary_types=tuple(api.binaryMediaTypes or ()),
        minimum_compression=api.minimum_compression_size,
    )


def _method(api: Any, method: Any) -> Method:
    validator = api.request_validators.get(method.request_validator_id)
    parameters = method.request_parameters or {}
    return Method(
        verb=method.http_method,
        authorization=method.authorization_type or "NONE",
        authorizer=_authorizer(api.authorizers.get(method.authorizer_id)),
        scopes=tuple(method.authorization_scopes or ()),
        needs_key=bool(method.api_key_required),
        required=tuple(sorted(name for name, required in parameters.items() if required))
        if validator is not None and validator.validate_request_parameters
        else (),
        models=dict(method.request_models or {}) if validator is not None and validator.validate_request_body else {},
        integration=None if method.method_integration is None else _integration(method.method_integration),
    )


def _authorizer(authorizer: Any) -> Authorizer | None:
    if authorizer is None:
        return None
    function = _FUNCTION.search(authorizer.authorizer_uri or "")
    source = (authorizer.identity_source or "method.request.header.Authorization").split(",")[0]
    return Authorizer(
        kind=authorizer.type,
        header=source.rpartition(".")[2],
        function_arn="" if function is None else function["arn"],
        pool_arns=tuple(authorizer.provider_arns or ()),
    )


def _integration(integration: Any) -> Integration:
    function = _FUNCTION.search(integration.uri or "")
    return Integration(
        kind=integration.integration_type,
        function_arn="" if function is None else function["arn"],
        timeout=int(integration.timeout_in_millis or _DEFAULT_TIMEOUT_MS) / 1000,
        by_role=bool(integration.credentials),
        mock=_mock(integration) if integration.integration_type == "MOCK" else None,
    )


def _mock(integration: Any) -> Mock:
    template = (integration.request_templates or {}).get(_JSON)
    responses = [
        MockResponse(
            pattern=response.selection_pattern or "",
            status=int(response.status_code),
            headers=mock_headers(response.response_parameters or {}),
            body=text((response.response_templates or {}).get(_JSON) or ""),
        )
        for response in (integration.integration_responses or {}).values()
    ]
    # The one without a pattern is for what no other is for.
    return Mock(
        request=None if template is None else text(template),
        responses=sorted(responses, key=lambda response: not response.pattern),
    )


def _gateway_response(response: Any) -> GatewayResponse:
    templates = response.response_templates or {}
    return GatewayResponse(
        status=int(response.status_code) if response.status_code else None,
        headers=tuple(sorted((response.response_parameters or {}).items())),
        template=templates.get("application/json"),
    )


def _plans(backend: Any) -> dict[tuple[str, str, str], Plan]:
    found = {}
    for plan in backend.usage_plans.values():
        made = Plan(id=plan.id, throttle=_throttle(plan.throttle or {}), quota=_quota(plan.quota or {}))
        for key_id in backend.usage_plan_keys.get(plan.id, {}):
            for stage in plan.api_stages:
                found[key_id, stage["apiId"], stage["stage"]] = made
    return found


def _throttle(given: Mapping[str, Any]) -> Throttle | None:
    if "rateLimit" not in given:
        return None
    rate = float(given["rateLimit"])
    return Throttle(rate=rate, burst=float(given.get("burstLimit", rate)))


def _quota(given: Mapping[str, Any]) -> Quota | None:
    if "limit" not in given or given.get("period") not in _PERIODS:
        return None
    return Quota(limit=int(given["limit"]), period=given["period"], offset=int(given.get("offset") or 0))


def _source_arn(api_id: str, stage: str, resource: Resource, method: Method) -> str:
    """Build the aws:SourceArn of API Gateway's calls; a path parameter is written as *."""
    path = _PARAMETER.sub("*", resource.path)
    return f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{api_id}/{stage}/{method.verb}{path}"


def _permitted(function_arn: str, source_arn: str) -> bool:
    """Decide whether the function's own policy lets API Gateway call it for this method."""
    if not function_arn:
        return False
    request = service_request(_SERVICE, "lambda:InvokeFunction", function_arn, source_arn=source_arn)
    return decide(request, identity=(), boundary=None, resource=resource_policy(function_arn)).allowed
