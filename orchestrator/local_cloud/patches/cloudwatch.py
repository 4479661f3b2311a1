"""CloudWatch: composite alarms."""

from typing import Any

from moto.cloudwatch.responses import CloudWatchResponse

from orchestrator.local_cloud.patches.registry import add, patch


@patch(
    service="monitoring",
    subject="aws_cloudwatch_composite_alarm",
    symptom="PutCompositeAlarm is not implemented",
    restores="a composite alarm is stored, read, tagged and deleted like any other; its rule is not evaluated",
    upstream=None,
)
def composite_alarm() -> None:
    @add(CloudWatchResponse, "put_composite_alarm")
    def put_composite_alarm(self: Any) -> Any:
        # moto's alarm knows a rule; only the operation is missing.
        return self.put_metric_alarm()
