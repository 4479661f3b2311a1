"""The Terraform types of the modules: what happens when one is created a second time, and what it is called in the cloud.

A Terraform that is killed has made things that no state knows. What the next ``up`` does to such a thing decides whether it has to go
first: the table says so for every type, docs/recovery.md explains it, and a test keeps both in step with modules/.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

Attributes: TypeAlias = Mapping[str, Any]
Key: TypeAlias = tuple[str, str, str]
"""Service, type and identifier of a thing, as the inventory gives them."""


class Again(StrEnum):
    """What creating a thing does where an unrecorded one like it exists."""

    REFUSED = "refused"
    """AWS says that it exists already, and the unit fails."""
    DOUBLED = "doubled"
    """There are two of it afterwards, and only one is in a state."""
    SAME = "same"
    """It is written over, or was there in the first place: the second creation takes the place of the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A Terraform type.

    Attributes:
        service: of its thing in the cloud; empty for what is only a setting of another thing, and goes with it.
        type: as the inventory, or the listing of children, calls it.
        identify: its identifier there, from the attributes of a recorded instance; empty where they lack it.

    """

    again: Again
    service: str = ""
    type: str = ""
    identify: Callable[[Attributes], str] = lambda _attributes: ""

    def key(self, attributes: Attributes) -> Key | None:
        """What a recorded instance is called in the cloud."""
        identifier = self.identify(attributes) if self.service else ""
        return (self.service, self.type, identifier) if identifier else None


def _by(*names: str) -> Callable[[Attributes], str]:
    """The identifier is made of these attributes; without one of them there is none."""

    def identify(attributes: Attributes) -> str:
        values = [str(attributes.get(name) or "") for name in names]
        return " ".join(values) if all(values) else ""

    return identify


def _permission(attributes: Attributes) -> str:
    # The function may be given as an ARN, with a version at its end.
    name, statement = str(attributes.get("function_name") or ""), str(attributes.get("statement_id") or "")
    name = name.split(":")[6] if name.startswith("arn:") else name
    return f"{name} {statement}" if name and statement else ""


def _route(attributes: Attributes) -> str:
    names = ("destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id")
    destination = next((str(attributes[name]) for name in names if attributes.get(name)), "")
    return f"{attributes.get('route_table_id')} {destination}" if destination else ""


def _made(again: Again, service: str, **types: tuple[str, Callable[[Attributes], str]]) -> Iterator[tuple[str, Kind]]:
    for name, (kind, identify) in types.items():
        yield f"aws_{name}", Kind(again=again, service=service, type=kind, identify=identify)


def _kinds() -> Iterator[tuple[str, Kind]]:
    refused, doubled, same = Again.REFUSED, Again.DOUBLED, Again.SAME
    yield from _made(
        refused,
        "apigateway",
        api_gateway_method=("method", _by("rest_api_id", "resource_id", "http_method")),
        api_gateway_model=("model", _by("rest_api_id", "name")),
        api_gateway_resource=("resource", _by("rest_api_id", "id")),
        api_gateway_stage=("stage", _by("rest_api_id", "stage_name")),
        api_gateway_usage_plan_key=("usage-plan-key", _by("usage_plan_id", "key_id")),
    )
    yield from _made(
        doubled,
        "apigateway",
        api_gateway_api_key=("api-key", _by("id")),
        api_gateway_deployment=("deployment", _by("rest_api_id", "id")),
        api_gateway_request_validator=("request-validator", _by("rest_api_id", "id")),
        api_gateway_rest_api=("rest-api", _by("id")),
        api_gateway_usage_plan=("usage-plan", _by("id")),
    )
    yield from _made(same, "apigateway", api_gateway_account=("account-role", _by("cloudwatch_role_arn")))
    yield from _made(refused, "cloudtrail", cloudtrail=("trail", _by("arn")))
    yield from _made(
        same,
        "cloudwatch",
        cloudwatch_dashboard=("dashboard", _by("dashboard_name")),
        cloudwatch_metric_alarm=("alarm", _by("alarm_name")),
    )
    yield from _made(
        same,
        "config",
        config_config_rule=("rule", _by("name")),
        config_configuration_recorder=("configuration-recorder", _by("name")),
        config_delivery_channel=("delivery-channel", _by("name")),
    )
    yield from _made(refused, "dynamodb", dynamodb_table=("table", _by("name")))
    yield from _made(
        refused,
        "ec2",
        flow_log=("flow-log", _by("id")),
        route=("route", _route),
        route_table_association=("route-table-association", _by("id")),
        security_group=("security-group", _by("id")),
        subnet=("subnet", _by("id")),
        vpc_endpoint=("vpc-endpoint", _by("id")),
        vpc_security_group_egress_rule=("security-group-rule", _by("security_group_rule_id")),
        vpc_security_group_ingress_rule=("security-group-rule", _by("security_group_rule_id")),
    )
    yield from _made(
        doubled,
        "ec2",
        eip=("address", _by("allocation_id")),
        internet_gateway=("internet-gateway", _by("id")),
        nat_gateway=("nat-gateway", _by("id")),
        network_acl=("network-acl", _by("id")),
        route_table=("route-table", _by("id")),
        vpc=("vpc", _by("id")),
    )
    # Terraform takes these over from the VPC, and their first creation was the VPC's.
    yield from _made(
        same,
        "ec2",
        default_network_acl=("network-acl", _by("id")),
        default_route_table=("route-table", _by("id")),
        default_security_group=("security-group", _by("id")),
    )
    yield from _made(same, "events", cloudwatch_event_rule=("rule", _by("arn")))
    yield from _made(refused, "firehose", kinesis_firehose_delivery_stream=("delivery-stream", _by("name")))
    yield from _made(refused, "iam", iam_policy=("policy", _by("arn")), iam_role=("role", _by("name")))
    yield from _made(refused, "kms", kms_alias=("alias", _by("name")))
    yield from _made(doubled, "kms", kms_key=("key", _by("key_id")))
    yield from _made(
        refused,
        "lambda",
        lambda_event_source_mapping=("event-source-mapping", _by("uuid")),
        lambda_function=("function", _by("function_name")),
        lambda_permission=("permission", _permission),
    )
    yield from _made(
        refused,
        "logs",
        cloudwatch_log_group=("log-group", _by("name")),
        cloudwatch_log_stream=("log-stream", _by("log_group_name", "name")),
    )
    yield from _made(doubled, "logs", cloudwatch_query_definition=("query-definition", _by("query_definition_id")))
    yield from _made(
        same,
        "logs",
        cloudwatch_log_metric_filter=("metric-filter", _by("log_group_name", "name")),
        cloudwatch_log_resource_policy=("resource-policy", _by("policy_name")),
        cloudwatch_log_subscription_filter=("subscription-filter", _by("log_group_name", "name")),
    )
    yield from _made(
        refused,
        "rds",
        db_subnet_group=("subnet-group", _by("name")),
        rds_cluster=("cluster", _by("cluster_identifier")),
        rds_cluster_instance=("instance", _by("identifier")),
        rds_cluster_parameter_group=("cluster-parameter-group", _by("name")),
    )
    yield from _made(refused, "s3", s3_bucket=("bucket", _by("bucket")))
    yield from _made(refused, "sns", sns_topic=("topic", _by("arn")))
    yield from _made(same, "sns", sns_topic_subscription=("subscription", _by("arn")))
    # The host of a queue's address depends on who asks, its name does not.
    yield from _made(refused, "sqs", sqs_queue=("queue", _by("name")))
    yield from _made(refused, "wafv2", wafv2_web_acl=("web-acl", _by("arn")))
    yield from _made(same, "wafv2", wafv2_web_acl_logging_configuration=("logging-configuration", _by("resource_arn")))
    for name in _SETTINGS:
        yield name, Kind(again=same)


# Put calls and attachments on something else, which they go with; and a call of a function, which has to bear repetition.
_SETTINGS = (
    "aws_api_gateway_gateway_response",
    "aws_api_gateway_integration",
    "aws_api_gateway_method_settings",
    "aws_cloudwatch_event_target",
    "aws_config_configuration_recorder_status",
    "aws_iam_role_policy_attachment",
    "aws_lambda_function_event_invoke_config",
    "aws_lambda_invocation",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_logging",
    "aws_s3_bucket_notification",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
    "aws_wafv2_web_acl_association",
)

KINDS: Mapping[str, Kind] = dict(sorted(_kinds()))
"""By Terraform type."""


def kinds_of(types: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Service and type of everything that these Terraform types make."""
    kinds = (KINDS[name] for name in types if name in KINDS)
    return frozenset((kind.service, kind.type) for kind in kinds if kind.service)
