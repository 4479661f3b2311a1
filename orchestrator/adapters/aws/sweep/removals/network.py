"""EC2: networks and what lies in them."""

from typing import Any

from orchestrator.adapters.aws.inventory.resource import pages
from orchestrator.adapters.aws.sweep.removals.removal import Removal, StillInUseError


def _flow_log(client: Any, identifier: str) -> None:
    for failure in client.delete_flow_logs(FlowLogIds=[identifier]).get("Unsuccessful", ()):
        if "NotFound" not in failure["Error"]["Code"]:
            raise StillInUseError(failure["Error"]["Message"])


def _vpc_endpoint(client: Any, identifier: str) -> None:
    for failure in client.delete_vpc_endpoints(VpcEndpointIds=[identifier]).get("Unsuccessful", ()):
        if "NotFound" not in failure["Error"]["Code"]:
            raise StillInUseError(failure["Error"]["Message"])


def _internet_gateway(client: Any, identifier: str) -> None:
    for gateway in client.describe_internet_gateways(InternetGatewayIds=[identifier])["InternetGateways"]:
        for attachment in gateway.get("Attachments", ()):
            client.detach_internet_gateway(InternetGatewayId=identifier, VpcId=attachment["VpcId"])
    client.delete_internet_gateway(InternetGatewayId=identifier)


def _network_acl(client: Any, identifier: str) -> None:
    """Its subnets go back to the one that came with the network."""
    for found in client.describe_network_acls(NetworkAclIds=[identifier])["NetworkAcls"]:
        filters = [{"Name": "vpc-id", "Values": [found["VpcId"]]}, {"Name": "default", "Values": ["true"]}]
        for association in found.get("Associations", ()):
            (default,) = client.describe_network_acls(Filters=filters)["NetworkAcls"]
            client.replace_network_acl_association(
                AssociationId=association["NetworkAclAssociationId"], NetworkAclId=default["NetworkAclId"]
            )
    client.delete_network_acl(NetworkAclId=identifier)


def _network_interface(client: Any, identifier: str) -> None:
    """Nobody but its service can take one away while it is in use; what Lambda has left behind is available."""
    (found,) = client.describe_network_interfaces(NetworkInterfaceIds=[identifier])["NetworkInterfaces"]
    if found["Status"] != "available":
        raise StillInUseError(f"in use: {found.get('Description') or found.get('InterfaceType', 'by another service')}")
    client.delete_network_interface(NetworkInterfaceId=identifier)


def _route(client: Any, table: str, destination: str) -> None:
    name = "DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock"
    client.delete_route(RouteTableId=table, **{name: destination})


def _route_table(client: Any, identifier: str) -> None:
    for table in client.describe_route_tables(RouteTableIds=[identifier])["RouteTables"]:
        for association in table.get("Associations", ()):
            if not association.get("Main"):
                client.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
    client.delete_route_table(RouteTableId=identifier)


def _security_group(client: Any, identifier: str) -> None:
    """Its rules first: two groups that name each other could never go."""
    filters = [{"Name": "group-id", "Values": [identifier]}]
    for rule in pages(client, "describe_security_group_rules", "SecurityGroupRules", Filters=filters):
        if rule["GroupId"] == identifier:
            _revoke(client, rule)
    client.delete_security_group(GroupId=identifier)


def _security_group_rule(client: Any, identifier: str) -> None:
    for rule in client.describe_security_group_rules(SecurityGroupRuleIds=[identifier])["SecurityGroupRules"]:
        _revoke(client, rule)


def _revoke(client: Any, rule: Any) -> None:
    revoke = client.revoke_security_group_egress if rule["IsEgress"] else client.revoke_security_group_ingress
    revoke(GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])


REMOVALS = {
    ("ec2", "security-group-rule"): Removal(
        turn=30,
        remove=_security_group_rule,
        words="ec2 revoke-security-group-egress (or -ingress) --group-id GROUP --security-group-rule-ids {0}",
    ),
    ("ec2", "flow-log"): Removal(turn=30, remove=_flow_log, words="ec2 delete-flow-logs --flow-log-ids {0}"),
    ("ec2", "nat-gateway"): Removal(
        turn=30,
        remove=lambda client, identifier: client.delete_nat_gateway(NatGatewayId=identifier),
        words="ec2 delete-nat-gateway --nat-gateway-id {0}",
    ),
    ("ec2", "vpc-endpoint"): Removal(
        turn=30, remove=_vpc_endpoint, words="ec2 delete-vpc-endpoints --vpc-endpoint-ids {0}"
    ),
    ("ec2", "route"): Removal(
        parts=2, turn=31, remove=_route, words="ec2 delete-route --route-table-id {0} --destination-cidr-block {1}"
    ),
    ("ec2", "route-table-association"): Removal(
        turn=31,
        remove=lambda client, identifier: client.disassociate_route_table(AssociationId=identifier),
        words="ec2 disassociate-route-table --association-id {0}",
    ),
    ("ec2", "address"): Removal(
        turn=32,
        remove=lambda client, identifier: client.release_address(AllocationId=identifier),
        words="ec2 release-address --allocation-id {0}",
    ),
    ("ec2", "internet-gateway"): Removal(
        turn=33, remove=_internet_gateway, words="ec2 delete-internet-gateway --internet-gateway-id {0}"
    ),
    ("ec2", "network-interface"): Removal(
        turn=34, remove=_network_interface, words="ec2 delete-network-interface --network-interface-id {0}"
    ),
    ("ec2", "security-group"): Removal(
        turn=35, remove=_security_group, words="ec2 delete-security-group --group-id {0}"
    ),
    ("ec2", "network-acl"): Removal(turn=35, remove=_network_acl, words="ec2 delete-network-acl --network-acl-id {0}"),
    ("ec2", "route-table"): Removal(turn=35, remove=_route_table, words="ec2 delete-route-table --route-table-id {0}"),
    ("ec2", "subnet"): Removal(
        turn=36,
        remove=lambda client, identifier: client.delete_subnet(SubnetId=identifier),
        words="ec2 delete-subnet --subnet-id {0}",
    ),
    ("ec2", "vpc"): Removal(
        turn=37,
        remove=lambda client, identifier: client.delete_vpc(VpcId=identifier),
        words="ec2 delete-vpc --vpc-id {0}",
    ),
}
