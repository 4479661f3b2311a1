"""DynamoDB: limits of on-demand tables."""

from typing import Any

from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler, DynamoResult

from orchestrator.local_cloud.patches.registry import Original, around, patch


@patch(
    service="dynamodb",
    subject="aws_dynamodb_table.on_demand_throughput",
    symptom="not stored: every plan adds the block again",
    restores="CreateTable and UpdateTable store OnDemandThroughput; DescribeTable returns it",
    upstream=None,
)
def on_demand_throughput() -> None:
    def store(original: Original, self: Any) -> Any:
        answer = original(self)
        limits = self.body.get("OnDemandThroughput")
        if limits is not None:
            self.dynamodb_backend.get_table(self.body["TableName"]).on_demand_throughput = limits
        return answer

    around(DynamoHandler, "create_table")(store)
    around(DynamoHandler, "update_table")(store)

    @around(Table, "describe")
    def describe(original: Original, self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = original(self, *args, **kwargs)
        limits = getattr(self, "on_demand_throughput", None)
        if limits is not None:
            answer[next(iter(answer))]["OnDemandThroughput"] = limits
        return answer


@patch(
    service="dynamodb",
    subject="aws_dynamodb_table.restore_source_name",
    symptom="a restored table has provisioned throughput and no customer-managed key, whatever the source and the request say",
    restores="RestoreTableToPointInTime takes billing mode and encryption from the request, else from the source",
    upstream=None,
)
def restored_settings() -> None:
    @around(DynamoHandler, "restore_table_to_point_in_time")
    def restore(original: Original, self: Any) -> Any:
        original(self)
        source = self.dynamodb_backend.get_table(self.body["SourceTableName"])
        restored = self.dynamodb_backend.get_table(self.body["TargetTableName"])
        restored.billing_mode = self.body.get("BillingModeOverride") or source.billing_mode
        restored.sse_specification = self.body.get("SSESpecificationOverride") or source.sse_specification
        return DynamoResult(restored.describe())
