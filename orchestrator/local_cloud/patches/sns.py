"""SNS: attributes of topics."""

from typing import Any

from moto.core.utils import camelcase_to_underscores
from moto.sns.responses import SNSResponse

from orchestrator.local_cloud.patches.registry import Original, around, patch

_PROTOCOLS = ("Application", "Firehose", "HTTP", "Lambda", "SQS")
_FEEDBACK = ("FailureFeedbackRoleArn", "SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate")
_KEPT = ("SignatureVersion", "TracingConfig", *(f"{p}{f}" for p in _PROTOCOLS for f in _FEEDBACK))


@patch(
    service="sns",
    subject="aws_sns_topic.*_feedback_*, .signature_version, .tracing_config",
    symptom="stored, and not returned: every plan sets them again",
    restores="GetTopicAttributes returns each that was set",
    upstream=None,
)
def topic_attributes() -> None:
    @around(SNSResponse, "get_topic_attributes")
    def get_topic_attributes(original: Original, self: Any) -> Any:
        answer = original(self)
        attributes = answer.result["Attributes"]
        stored = vars(self.backend.get_topic(attributes["TopicArn"]))
        for name in _KEPT:
            # moto keeps an attribute under its name in snake case, known to it or not.
            value = stored.get(camelcase_to_underscores(name))
            if value:
                attributes[name] = value
        return answer
