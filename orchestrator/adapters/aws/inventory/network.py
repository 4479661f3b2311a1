"""EC2: networks and what lies in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.adapters.aws.inventory.resource import Clients, Owner, Resource, pages, tags_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """How one kind of EC2 object is listed: operation, where it stands in the answer, its id's and its name's field.

    Attributes:
        gone: the states in which it is listed though nothing of it is left.

    """

    type: str
    operation: str
    key: str
    id: str
    name: str = ""
    gone: tuple[str, ...] = ()


_LISTINGS = (
    _Listing(type="subnet", operation="describe_subnets", key="Subnets", id="SubnetId"),
    _Listing(type="route-table", operation="describe_route_tables", key="RouteTables", id="RouteTableId"),
    _Listing(
        type="nat-gateway",
        operation="describe_nat_gateways",
        key="NatGateways",
        id="NatGatewayId",
        gone=("deleting", "deleted", "failed"),
    ),
    _Listing(
        type="internet-gateway", operation="describe_internet_gateways", key="InternetGateways", id="InternetGatewayId"
    ),
    _Listing(
        type="security-group",
        operation="describe_security_groups",
        key="SecurityGroups",
        id="GroupId",
        name="GroupName",
    ),
    _Listing(type="network-acl", operation="describe_network_acls", key="NetworkAcls", id="NetworkAclId"),
    _Listing(type="flow-log", operation="describe_flow_logs", key="FlowLogs", id="FlowLogId"),
    _Listing(
        type="vpc-endpoint",
        operation="describe_vpc_endpoints",
        key="VpcEndpoints",
        id="VpcEndpointId",
        gone=("deleting", "deleted"),
    ),
    # Those of functions stay for some twenty minutes after the function has gone. Lambda names and tags them in its own way, so
    # that it is the VPC which says whose they are.
    _Listing(
        type="network-interface",
        operation="describe_network_interfaces",
        key="NetworkInterfaces",
        id="NetworkInterfaceId",
    ),
)


def ec2(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """VPCs, what lies in them, and addresses."""
    client = clients["ec2"]
    default: set[str] = set()
    owned: set[str] = set()
    for vpc in pages(client, "describe_vpcs", "Vpcs"):
        if vpc.get("IsDefault"):
            default.add(vpc["VpcId"])
        elif _owns(owner, vpc):
            owned.add(vpc["VpcId"])
            yield _resource("vpc", vpc, "VpcId")
    for listing in _LISTINGS:
        for item in pages(client, listing.operation, listing.key):
            vpcs = _vpcs_of(item)
            if vpcs & default or item.get("State", item.get("FlowLogStatus", "")) in listing.gone:
                continue
            if vpcs & owned or _owns(owner, item, listing.name):
                made_for = str(item.get("VpcId", "")) if _comes_with_vpc(listing.type, item) else ""
                yield _resource(listing.type, item, listing.id, listing.name, made_for)
    # Not every operation pages.
    for address in client.describe_addresses()["Addresses"]:
        if _owns(owner, address):
            yield _resource("address", address, "AllocationId")


def _owns(owner: Owner, item: Mapping[str, Any], name: str = "") -> bool:
    return owner.owns(_title(item, name), tags=_tags(item))


def _comes_with_vpc(kind: str, item: Mapping[str, Any]) -> bool:
    """Whether the VPC brought it, or a service put it there; Terraform makes no network interfaces here."""
    match kind:
        case "network-acl":
            return bool(item.get("IsDefault"))
        case "route-table":
            return any(association.get("Main") for association in item.get("Associations", ()))
        case "security-group":
            return bool(item.get("GroupName") == "default")
    return kind == "network-interface"


def _resource(kind: str, item: Mapping[str, Any], identifier: str, name: str = "", made_for: str = "") -> Resource:
    return Resource(
        service="ec2", type=kind, identifier=str(item[identifier]), name=_title(item, name), made_for=made_for
    )


def _title(item: Mapping[str, Any], name: str) -> str:
    return _tags(item).get("Name") or str(item.get(name, ""))


def _tags(item: Mapping[str, Any]) -> dict[str, str]:
    return tags_of(item.get("Tags") or item.get("TagSet"))


def _vpcs_of(item: Mapping[str, Any]) -> set[str]:
    """The VPC that something lies in, is attached to, or (a flow log) watches."""
    attached = (attachment.get("VpcId", "") for attachment in item.get("Attachments", ()))
    return {item.get("VpcId", ""), str(item.get("ResourceId", "")), *attached} - {""}
