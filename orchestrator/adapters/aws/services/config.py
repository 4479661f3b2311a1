"""AWS Config."""

from typing import Any

from orchestrator.adapters.aws.listing import listed
from orchestrator.adapters.aws.rows import Service, delete, row, same


def _is_of_a_service(recorder: dict[str, Any]) -> bool:
    """Return whether another AWS service created the recorder for itself; it is not the account's to delete."""
    return bool(recorder.get("servicePrincipal"))


def _stop(client: Any, name: str) -> None:
    client.stop_configuration_recorder(ConfigurationRecorderName=name)


def _stop_all(client: Any, _channel: str) -> None:
    """Stop the recorders, which keep the channel from being deleted; the next ``up`` starts them again."""
    for recorder in client.describe_configuration_recorders()["ConfigurationRecorders"]:
        if not _is_of_a_service(recorder):
            _stop(client, recorder["name"])


ROWS = (
    row(
        "configuration-recorder",
        listed("describe_configuration_recorders ConfigurationRecorders name", unless=_is_of_a_service),
        delete(1, "delete_configuration_recorder ConfigurationRecorderName", before=_stop),
        same("aws_config_configuration_recorder name"),
    ),
    row(
        "delivery-channel",
        listed("describe_delivery_channels DeliveryChannels name"),
        delete(2, "delete_delivery_channel DeliveryChannelName", before=_stop_all),
        same("aws_config_delivery_channel name"),
    ),
    row(
        "rule",
        listed("describe_config_rules ConfigRules ConfigRuleName", unless=lambda rule: rule.get("CreatedBy")),
        delete(2, "delete_config_rule ConfigRuleName"),
        same("aws_config_config_rule name"),
    ),
    row("conformance-pack", listed("describe_conformance_packs ConformancePackDetails ConformancePackName")),
)
SERVICE = Service(name="config", rows=ROWS, settings=("aws_config_configuration_recorder_status",), cli="configservice")
