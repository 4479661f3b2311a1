"""SQS: policies of queues."""

import json
from typing import Any

from moto.sqs.models import Queue

from orchestrator.local_cloud.patches.registry import Original, around, patch


@patch(
    service="sqs",
    subject="aws_sqs_queue.policy",
    symptom="setting another attribute deletes the policy",
    restores="SetQueueAttributes changes only the attributes that it names",
    upstream=None,
)
def policy_is_kept() -> None:
    @around(Queue, "_set_attributes")
    def set_attributes(original: Original, self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
        before = getattr(self, "policy", None)
        original(self, attributes, now)
        if "Policy" not in attributes:
            self.policy = before


@patch(
    service="sqs",
    subject="aws_sqs_queue.redrive_policy, .redrive_allow_policy",
    symptom="the first is returned with other white space, the second never: the provider waits three minutes for it and fails",
    restores="both are returned as compact JSON",
    upstream=None,
)
def redrive_policies() -> None:
    @around(Queue, "attributes")
    def attributes(original: Original, self: Any) -> Any:
        answer = original(self)
        if answer.get("RedrivePolicy"):
            answer["RedrivePolicy"] = _compact(answer["RedrivePolicy"])
        allow = getattr(self, "redrive_allow_policy", None)
        if allow:
            answer["RedriveAllowPolicy"] = _compact(allow)
        return answer


def _compact(policy: str | dict[str, Any]) -> str:
    """Format a policy as one line; moto keeps it as it came, parsed or not."""
    content = json.loads(policy) if isinstance(policy, str) else policy
    return json.dumps(content, separators=(",", ":"))
