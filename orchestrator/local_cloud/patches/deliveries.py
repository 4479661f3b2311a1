"""S3 and SNS: permission to deliver. On AWS the policy of the queue, topic or function decides, and that of its key."""

from typing import Any

from moto.s3 import notifications
from moto.sns.models import Subscription

from orchestrator.local_cloud.iam.deliveries import may_deliver
from orchestrator.local_cloud.patches.registry import Original, around, patch

_S3 = "s3.amazonaws.com"
_SNS = "sns.amazonaws.com"


@patch(
    service="s3",
    subject="aws_s3_bucket_notification (delivery)",
    symptom="a bucket notifies every queue, topic and function that it names",
    restores="their resource policies, and the key policy of an encrypted queue or topic, must permit S3 for this bucket",
    upstream=None,
)
def bucket_notifications() -> None:
    for name in ("_send_sqs_message", "_send_sns_message", "_invoke_awslambda"):

        @around(notifications, name)
        def send(original: Original, account_id: str, event_body: Any, target: str, region_name: str) -> None:
            # A queue is given by its name.
            arn = target if target.startswith("arn:") else f"arn:aws:sqs:{region_name}:{account_id}:{target}"
            if may_deliver(_S3, arn, source_arn=_bucket(event_body)):
                original(account_id, event_body, target, region_name)


@patch(
    service="sns",
    subject="aws_sns_topic_subscription (delivery)",
    symptom="a topic delivers to every queue and function that subscribes",
    restores="the resource policy of the queue or function, and the key policy of an encrypted queue, must permit SNS for this topic",
    upstream=None,
)
def subscriptions() -> None:
    @around(Subscription, "publish")
    def publish(original: Original, self: Any, *args: Any, **kwargs: Any) -> None:
        checked = self.protocol in ("sqs", "lambda")
        if not checked or may_deliver(_SNS, self.endpoint, source_arn=self.topic.arn):
            original(self, *args, **kwargs)


def _bucket(event: Any) -> str:
    """Return the bucket of a notification, or of the test event that a bucket sends when its notifications are set."""
    if "Bucket" in event:
        return f"arn:aws:s3:::{event['Bucket']}"
    return str(event["Records"][0]["s3"]["bucket"]["arn"])
