"""API Gateway: resource policies."""

import json
from collections.abc import Callable
from typing import Any

from orchestrator.adapters.local_cloud.patches.registry import around, patch


@patch(
    service="apigateway",
    subject="aws_api_gateway_rest_api.policy",
    symptom='the provider fails with "invalid character after top-level value"',
    restores="the policy is returned with its quotes escaped by backslashes, as AWS does and the provider undoes",
)
def escaped_policy() -> None:
    from moto.apigateway.models import RestAPI  # noqa: PLC0415 - moto loads with the patches

    @around(RestAPI, "to_dict")
    def to_dict(original: Callable[..., dict[str, Any]], self: Any) -> dict[str, Any]:
        answer = original(self)
        if answer.get("policy"):
            answer["policy"] = json.dumps(answer["policy"])[1:-1]
        return answer
