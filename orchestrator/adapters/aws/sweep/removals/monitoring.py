"""What watches and records: CloudWatch and its logs, AWS Config, CloudTrail."""

from typing import Any

from orchestrator.adapters.aws.sweep.removals.removal import Removal


def _recorder(client: Any, name: str) -> None:
    client.stop_configuration_recorder(ConfigurationRecorderName=name)
    client.delete_configuration_recorder(ConfigurationRecorderName=name)


def _channel(client: Any, name: str) -> None:
    """It cannot go while a recorder writes to it; the next ``up`` starts that one again."""
    for recorder in client.describe_configuration_recorders()["ConfigurationRecorders"]:
        if not recorder.get("servicePrincipal"):
            client.stop_configuration_recorder(ConfigurationRecorderName=recorder["name"])
    client.delete_delivery_channel(DeliveryChannelName=name)


REMOVALS = {
    ("config", "configuration-recorder"): Removal(
        turn=1,
        remove=_recorder,
        words="configservice delete-configuration-recorder --configuration-recorder-name {0}",
    ),
    ("config", "delivery-channel"): Removal(
        turn=2, remove=_channel, words="configservice delete-delivery-channel --delivery-channel-name {0}"
    ),
    ("config", "rule"): Removal(
        turn=2,
        remove=lambda client, name: client.delete_config_rule(ConfigRuleName=name),
        words="configservice delete-config-rule --config-rule-name {0}",
    ),
    ("cloudtrail", "trail"): Removal(
        turn=2,
        remove=lambda client, arn: client.delete_trail(Name=arn),
        words="cloudtrail delete-trail --name {0}",
    ),
    ("cloudwatch", "alarm"): Removal(
        turn=2,
        remove=lambda client, name: client.delete_alarms(AlarmNames=[name]),
        words="cloudwatch delete-alarms --alarm-names {0}",
    ),
    ("cloudwatch", "dashboard"): Removal(
        turn=2,
        remove=lambda client, name: client.delete_dashboards(DashboardNames=[name]),
        words="cloudwatch delete-dashboards --dashboard-names {0}",
    ),
    ("logs", "subscription-filter"): Removal(
        parts=2,
        turn=3,
        remove=lambda client, group, name: client.delete_subscription_filter(logGroupName=group, filterName=name),
        words="logs delete-subscription-filter --log-group-name {0} --filter-name {1}",
    ),
    ("logs", "metric-filter"): Removal(
        parts=2,
        turn=3,
        remove=lambda client, group, name: client.delete_metric_filter(logGroupName=group, filterName=name),
        words="logs delete-metric-filter --log-group-name {0} --filter-name {1}",
    ),
    ("logs", "query-definition"): Removal(
        turn=3,
        remove=lambda client, identifier: client.delete_query_definition(queryDefinitionId=identifier),
        words="logs delete-query-definition --query-definition-id {0}",
    ),
    ("logs", "log-stream"): Removal(
        parts=2,
        turn=41,
        remove=lambda client, group, name: client.delete_log_stream(logGroupName=group, logStreamName=name),
        words="logs delete-log-stream --log-group-name {0} --log-stream-name {1}",
    ),
    ("logs", "log-group"): Removal(
        turn=42,
        remove=lambda client, name: client.delete_log_group(logGroupName=name),
        words="logs delete-log-group --log-group-name {0}",
    ),
    ("logs", "resource-policy"): Removal(
        turn=42,
        remove=lambda client, name: client.delete_resource_policy(policyName=name),
        words="logs delete-resource-policy --policy-name {0}",
    ),
}
