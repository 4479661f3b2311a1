"""EC2: networks, what lies in them, and addresses."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

from orchestrator.adapters.aws.listing import Found, ServiceListing, pages, tags_of
from orchestrator.adapters.aws.rows import (
    Attributes,
    Instance,
    Removal,
    Row,
    Service,
    StillInUseError,
    TerraformType,
    delete,
    doubled,
    refused,
    row,
    same,
)

_RULES = ("aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule")


class _Vpcs(NamedTuple):
    default: set[str]
    owned: dict[str, str]
    """Names by identifier."""


def _vpcs(listing: ServiceListing) -> _Vpcs:
    found = _Vpcs(set(), {})
    for vpc in listing.pages("describe_vpcs", "Vpcs"):
        if vpc.get("IsDefault"):
            found.default.add(vpc["VpcId"])
        elif _owns(listing, vpc):
            found.owned[vpc["VpcId"]] = _name(vpc)
    return found


def _vpc(listing: ServiceListing) -> Iterator[Found]:
    return (Found(*item) for item in listing.once(_vpcs).owned.items())


def _row(
    kind: str,
    turn: int,
    *made_by: TerraformType,
    identifier: str = "",
    gone: tuple[str, ...] = (),
    brought: Callable[[Mapping[str, Any]], bool] = lambda _item: False,
    before: Callable[..., Any] | None = None,
    in_list: bool = False,
    **options: Any,
) -> Row:
    """Return the row of a type that lies in VPCs, and whose operations and fields follow from its name.

    The default VPC and its parts belong to AWS.

    ``turn``: of the removal. ``identifier``: the field with the identifier, when it does not follow from the name.
    ``gone``: the states in which it is listed though nothing of it is left. ``brought``: tells what AWS created for the
    VPC.
    """
    operation, name = kind.replace("-", "_"), kind.title().replace("-", "")
    identifier = identifier or f"{name}Id"

    def lister(listing: ServiceListing) -> Iterator[Found]:
        default, owned = listing.once(_vpcs)
        for item in listing.pages(f"describe_{operation}s", f"{name}s"):
            vpcs = _vpcs_of(item)
            if vpcs & default or item.get("State", item.get("FlowLogStatus", "")) in gone:
                continue
            if vpcs & owned.keys() or _owns(listing, item):
                made_for = str(item.get("VpcId", "")) if brought(item) else ""
                yield Found(str(item[identifier]), _name(item), made_for)

    words = f"delete_{operation}s {identifier}s[]" if in_list else f"delete_{operation} {identifier}"
    return row(kind, lister, delete(turn, words, before=before), *made_by, **options)


def _address(listing: ServiceListing) -> Iterator[Found]:
    for address in listing.pages("describe_addresses", "Addresses"):
        if _owns(listing, address):
            yield Found(address["AllocationId"], _name(address))


def _owns(listing: ServiceListing, item: Mapping[str, Any]) -> bool:
    return listing.owns(_name(item), tags=_tags(item))


def _name(item: Mapping[str, Any]) -> str:
    # Only security groups have a name of their own.
    return _tags(item).get("Name") or str(item.get("GroupName", ""))


def _tags(item: Mapping[str, Any]) -> dict[str, str]:
    return tags_of(item.get("Tags") or item.get("TagSet"))


def _vpcs_of(item: Mapping[str, Any]) -> set[str]:
    """Return the VPC that a resource lies in, is attached to, or (a flow log) watches."""
    attached = (attachment.get("VpcId", "") for attachment in item.get("Attachments", ()))
    return {item.get("VpcId", ""), str(item.get("ResourceId", "")), *attached} - {""}


def _route_tables(listing: ServiceListing) -> list[dict[str, Any]]:
    return list(listing.pages("describe_route_tables", "RouteTables", RouteTableIds=list(listing.parents)))


def _route(listing: ServiceListing) -> Iterator[Found]:
    for table in listing.once(_route_tables):
        for route in table.get("Routes", ()):
            destination = route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock")
            # Routes to prefix lists belong to gateway endpoints and are deleted with them.
            if destination and route.get("Origin") == "CreateRoute":
                yield Found(f"{table['RouteTableId']} {destination}", destination)


def _identify_route(attributes: Attributes) -> str:
    names = ("destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id")
    destination = next((str(attributes[name]) for name in names if attributes.get(name)), "")
    return f"{attributes.get('route_table_id')} {destination}" if destination else ""


def _remove_route(client: Any, table: str, destination: str) -> None:
    name = "DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock"
    client.delete_route(RouteTableId=table, **{name: destination})


def _inline_routes(instances: Collection[Instance]) -> Iterator[str]:
    """Yield the route tables that have routes, and no resource of its own for any of them."""
    tables = {attributes.get("route_table_id") for kind, attributes in instances if kind == "aws_route"}
    for kind, attributes in instances:
        own = str(attributes.get("id") or "")
        if kind == "aws_default_route_table" or (
            kind == "aws_route_table" and attributes.get("route") and own not in tables
        ):
            yield own


def _association(listing: ServiceListing) -> Iterator[Found]:
    for table in listing.once(_route_tables):
        for association in table.get("Associations", ()):
            if not association.get("Main") and association.get("SubnetId"):
                yield Found(association["RouteTableAssociationId"], association["SubnetId"])


def _leave_subnets(client: Any, table: str) -> None:
    for found in client.describe_route_tables(RouteTableIds=[table])["RouteTables"]:
        for association in found.get("Associations", ()):
            if not association.get("Main"):
                client.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])


def _give_subnets_back(client: Any, acl: str) -> None:
    """Associate the subnets with the ACL that came with the VPC."""
    for found in client.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"]:
        filters = [{"Name": "vpc-id", "Values": [found["VpcId"]]}, {"Name": "default", "Values": ["true"]}]
        for association in found.get("Associations", ()):
            (default,) = client.describe_network_acls(Filters=filters)["NetworkAcls"]
            client.replace_network_acl_association(
                AssociationId=association["NetworkAclAssociationId"], NetworkAclId=default["NetworkAclId"]
            )


def _leave_vpc(client: Any, gateway: str) -> None:
    for found in client.describe_internet_gateways(InternetGatewayIds=[gateway])["InternetGateways"]:
        for attachment in found.get("Attachments", ()):
            client.detach_internet_gateway(InternetGatewayId=gateway, VpcId=attachment["VpcId"])


def _require_available(client: Any, interface: str) -> None:
    """Refuse an interface in use, which only its service can release; Lambda leaves its own available."""
    (found,) = client.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
    if found["Status"] != "available":
        raise StillInUseError(f"in use: {found.get('Description') or found.get('InterfaceType', 'by another service')}")


def _rules(client: Any, groups: Collection[str]) -> Iterator[dict[str, Any]]:
    filters = [{"Name": "group-id", "Values": list(groups)}]
    for rule in pages(client, "describe_security_group_rules", "SecurityGroupRules", Filters=filters):
        if rule["GroupId"] in groups:
            yield rule


def _security_group_rule(listing: ServiceListing) -> Iterator[Found]:
    for rule in _rules(listing.client, listing.parents):
        tags = tags_of(rule.get("Tags"))
        # Terraform tags its rules when it creates them. One without the tag was added by hand, for an unknown reason.
        if tags.get("Suffix") == listing.suffix:
            yield Found(rule["SecurityGroupRuleId"], tags.get("Name", ""))


def _inline_rules(instances: Collection[Instance]) -> Iterator[str]:
    """Yield the security groups that have rules, and no resource of its own for any of them."""
    groups = {attributes.get("security_group_id") for kind, attributes in instances if kind in _RULES}
    for kind, attributes in instances:
        own = str(attributes.get("id") or "")
        if kind == "aws_default_security_group":
            yield own
        elif kind == "aws_security_group" and own not in groups:
            if attributes.get("ingress") or attributes.get("egress"):
                yield own
        elif kind == "aws_security_group_rule":
            # The older resource of a rule does not record which rule it is.
            yield str(attributes.get("security_group_id"))


def _remove_rule(client: Any, identifier: str) -> None:
    for rule in client.describe_security_group_rules(SecurityGroupRuleIds=[identifier])["SecurityGroupRules"]:
        _revoke(client, rule)


def _revoke_rules(client: Any, group: str) -> None:
    """Revoke the rules of a group; two groups that name each other could never be deleted."""
    for rule in list(_rules(client, [group])):
        _revoke(client, rule)


def _revoke(client: Any, rule: Mapping[str, Any]) -> None:
    revoke = client.revoke_security_group_egress if rule["IsEgress"] else client.revoke_security_group_ingress
    revoke(GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])


ROWS = (
    row("vpc", _vpc, delete(37, "delete_vpc VpcId"), doubled("aws_vpc")),
    _row("subnet", 36, refused("aws_subnet")),
    _row(
        "route-table",
        35,
        # A VPC brings the default ones, and Terraform takes them over.
        doubled("aws_route_table"),
        same("aws_default_route_table"),
        brought=lambda item: any(association.get("Main") for association in item.get("Associations", ())),
        before=_leave_subnets,
    ),
    _row("nat-gateway", 30, doubled("aws_nat_gateway"), gone=("deleting", "deleted", "failed")),
    _row("internet-gateway", 33, doubled("aws_internet_gateway"), before=_leave_vpc),
    _row(
        "security-group",
        35,
        refused("aws_security_group"),
        same("aws_default_security_group"),
        identifier="GroupId",
        brought=lambda item: item.get("GroupName") == "default",
        before=_revoke_rules,
    ),
    _row(
        "network-acl",
        35,
        doubled("aws_network_acl"),
        same("aws_default_network_acl"),
        brought=lambda item: bool(item.get("IsDefault")),
        before=_give_subnets_back,
    ),
    _row("flow-log", 30, refused("aws_flow_log"), in_list=True),
    _row("vpc-endpoint", 30, refused("aws_vpc_endpoint"), gone=("deleting", "deleted"), in_list=True),
    # Lambda keeps its interfaces for some twenty minutes after the function. It names and tags them in its own way, so
    # only their VPC tells whose they are.
    _row(
        "network-interface",
        34,
        brought=lambda _item: True,
        before=_require_available,
        outlives_owner=True,
        swept_with="vpc",
    ),
    row("address", _address, delete(32, "release_address AllocationId"), doubled("aws_eip allocation_id")),
    row(
        "route",
        _route,
        Removal(31, _remove_route, "delete-route --route-table-id {0} --destination-cidr-block {1}", parts=2),
        refused("aws_route", _identify_route),
        below="route-table",
        inline=_inline_routes,
    ),
    row(
        "route-table-association",
        _association,
        delete(31, "disassociate_route_table AssociationId"),
        refused("aws_route_table_association"),
        below="route-table",
    ),
    row(
        "security-group-rule",
        _security_group_rule,
        Removal(
            30,
            _remove_rule,
            "revoke-security-group-egress (or -ingress) --group-id GROUP --security-group-rule-ids {0}",
        ),
        *(refused(f"{name} security_group_rule_id") for name in _RULES),
        below="security-group",
        inline=_inline_rules,
    ),
)
SERVICE = Service(name="ec2", rows=ROWS)
