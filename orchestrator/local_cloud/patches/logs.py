"""CloudWatch Logs: saved queries, and changes of subscription filters."""

import json
from typing import Any
from uuid import uuid4

from moto.core.utils import unix_time_millis
from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import LogGroup
from moto.logs.responses import LogsResponse

from orchestrator.local_cloud.patches.registry import add, around, patch


@patch(
    service="logs",
    subject="aws_cloudwatch_query_definition",
    symptom="PutQueryDefinition, DescribeQueryDefinitions and DeleteQueryDefinition are not implemented",
    restores="query definitions are stored, listed by name prefix and deleted",
    upstream=None,
)
def query_definitions() -> None:
    @add(LogsResponse, "put_query_definition")
    def put_query_definition(self: Any) -> str:
        identifier = self._get_param("queryDefinitionId") or str(uuid4())
        if self._get_param("queryDefinitionId") and identifier not in _stored(self):
            raise ResourceNotFoundException
        _stored(self)[identifier] = {
            "queryDefinitionId": identifier,
            "name": self._get_param("name"),
            "queryString": self._get_param("queryString"),
            "logGroupNames": self._get_param("logGroupNames") or [],
            "lastModified": int(unix_time_millis()),
        }
        return json.dumps({"queryDefinitionId": identifier})

    @add(LogsResponse, "describe_query_definitions")
    def describe_query_definitions(self: Any) -> str:
        prefix = self._get_param("queryDefinitionNamePrefix") or ""
        found = [item for item in _stored(self).values() if item["name"].startswith(prefix)]
        return json.dumps({"queryDefinitions": sorted(found, key=lambda item: item["name"])})

    @add(LogsResponse, "delete_query_definition")
    def delete_query_definition(self: Any) -> str:
        if _stored(self).pop(self._get_param("queryDefinitionId"), None) is None:
            raise ResourceNotFoundException
        return json.dumps({"success": True})


@patch(
    service="logs",
    subject="aws_cloudwatch_log_subscription_filter.filter_pattern (update in place)",
    symptom="a group with two filters refuses a change of either of them with LimitExceededException",
    restores="PutSubscriptionFilter changes a filter that exists; only a third one is refused",
    upstream="pull/10269",
)
def subscription_filter_updates() -> None:
    @around(LogGroup, "put_subscription_filter")
    def put_subscription_filter(
        original: Any, self: Any, filter_name: str, filter_pattern: str, destination_arn: str, role_arn: str
    ) -> None:
        existing = self.subscription_filters.get(filter_name)
        if existing is None:
            original(self, filter_name, filter_pattern, destination_arn, role_arn)
        else:
            existing.update(filter_pattern, destination_arn, role_arn)


def _stored(response: Any) -> dict[str, dict[str, Any]]:
    """Return the query definitions, which are stored on moto's backend object."""
    kept: dict[str, dict[str, Any]] = vars(response.logs_backend).setdefault("query_definitions", {})
    return kept
