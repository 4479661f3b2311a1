"""Lists what exists in an account and region, asking the services and not any state file.

It proves that a destroy left nothing (requirements A2, B12). What a fresh account has by itself is left out: the default VPC with its parts, keys,
aliases and policies that AWS manages, service-linked roles. So an empty list means: as good as new.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

ClientFactory = Callable[[str], Any]
"""Gives a boto3 client of a service: ``lambda service: session.client(service, region_name=...)``."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Resource:
    """One thing that exists.

    Attributes:
        service: the client's name, "ec2".
        type: what it is, in AWS's words: "security-group".
        identifier: its id, or its name where that is unique.
        name: the name that people gave it: its Name tag, or its own name.

    """

    service: str
    type: str
    identifier: str
    name: str = ""


def list_resources(client: ClientFactory, suffix: str | None = None) -> list[Resource]:
    """Everything in the account and region of the services that the platform uses, sorted.

    Args:
        client: gives a boto3 client for a service.
        suffix: only what belongs to the deployment of that suffix: its name ends in "-<suffix>", or it carries the tag
            "Suffix"; and what lies in a VPC of that deployment. All when None.

    """
    found: list[tuple[Resource, bool]] = []
    for lister in (_kms, _ec2, _s3, _dynamodb, _logs, _iam):
        found.extend(lister(client, suffix))
    return sorted({resource for resource, owned in found if owned})


def _named(name: str, suffix: str | None) -> bool:
    return suffix is None or name == suffix or name.endswith(f"-{suffix}")


def _tags(pairs: Iterable[dict[str, str]] | None) -> dict[str, str]:
    """Tags of any service: EC2 and S3 write Key and Value, KMS writes TagKey and TagValue."""
    return {
        pair.get("Key", pair.get("TagKey", "")): pair.get("Value", pair.get("TagValue", "")) for pair in pairs or ()
    }


def _pages(client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page.get(key, ())


def _kms(client: ClientFactory, suffix: str | None) -> Iterator[tuple[Resource, bool]]:
    kms = client("kms")
    owned: dict[str, bool] = {}
    for entry in _pages(kms, "list_keys", "Keys"):
        key = kms.describe_key(KeyId=entry["KeyId"])["KeyMetadata"]
        if key["KeyManager"] == "AWS" or key["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion"):
            continue
        tags = _tags(_pages(kms, "list_resource_tags", "Tags", KeyId=key["KeyId"]))
        owned[key["KeyId"]] = suffix is None or tags.get("Suffix") == suffix or _named(tags.get("Name", ""), suffix)
        resource = Resource(service="kms", type="key", identifier=key["KeyId"], name=tags.get("Name", ""))
        yield resource, owned[key["KeyId"]]
    for alias in _pages(kms, "list_aliases", "Aliases"):
        name = alias["AliasName"]
        if not name.startswith("alias/aws/"):
            resource = Resource(service="kms", type="alias", identifier=name, name=name)
            yield resource, _named(name, suffix) or owned.get(alias.get("TargetKeyId", ""), False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """How one kind of EC2 object is listed: operation, where it stands in the answer, its id's name, and what a fresh account has of it."""

    type: str
    operation: str
    key: str
    id: str
    name: str = ""
    gone: tuple[str, ...] = ()
    fresh: Callable[[dict[str, Any]], bool] = lambda _item: False


_EC2 = (
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
    _Listing(
        type="network-interface",
        operation="describe_network_interfaces",
        key="NetworkInterfaces",
        id="NetworkInterfaceId",
    ),
)


def _ec2(client: ClientFactory, suffix: str | None) -> Iterator[tuple[Resource, bool]]:
    ec2 = client("ec2")
    default: set[str] = set()
    owned: set[str] = set()
    for vpc in _pages(ec2, "describe_vpcs", "Vpcs"):
        if vpc.get("IsDefault"):
            default.add(vpc["VpcId"])
            continue
        resource, mine = _ec2_resource("vpc", vpc, "VpcId", "", suffix)
        if mine:
            owned.add(vpc["VpcId"])
        yield resource, mine
    for listing in _EC2:
        for item in _pages(ec2, listing.operation, listing.key):
            vpcs = _vpcs_of(item)
            if vpcs & default or item.get("State", item.get("FlowLogStatus", "")) in listing.gone:
                continue
            resource, mine = _ec2_resource(listing.type, item, listing.id, listing.name, suffix)
            yield resource, mine or bool(vpcs & owned)
    # Not every operation pages.
    for address in ec2.describe_addresses()["Addresses"]:
        yield _ec2_resource("address", address, "AllocationId", "", suffix)


def _ec2_resource(
    kind: str, item: dict[str, Any], identifier: str, name: str, suffix: str | None
) -> tuple[Resource, bool]:
    tags = _tags(item.get("Tags") or item.get("TagSet"))
    title = tags.get("Name") or str(item.get(name, ""))
    mine = suffix is None or tags.get("Suffix") == suffix or _named(title, suffix)
    return Resource(service="ec2", type=kind, identifier=str(item[identifier]), name=title), mine


def _vpcs_of(item: dict[str, Any]) -> set[str]:
    """The VPC that something lies in, is attached to, or (a flow log) watches."""
    attached = (attachment.get("VpcId", "") for attachment in item.get("Attachments", ()))
    return {item.get("VpcId", ""), str(item.get("ResourceId", "")), *attached} - {""}


def _s3(client: ClientFactory, suffix: str | None) -> Iterator[tuple[Resource, bool]]:
    for bucket in client("s3").list_buckets()["Buckets"]:
        name = bucket["Name"]
        yield Resource(service="s3", type="bucket", identifier=name, name=name), _named(name, suffix)


def _dynamodb(client: ClientFactory, suffix: str | None) -> Iterator[tuple[Resource, bool]]:
    for name in _pages(client("dynamodb"), "list_tables", "TableNames"):
        yield Resource(service="dynamodb", type="table", identifier=name, name=name), _named(name, suffix)


def _logs(client: ClientFactory, suffix: str | None) -> Iterator[tuple[Resource, bool]]:
    for group in _pages(client("logs"), "describe_log_groups", "logGroups"):
        name = group["logGroupName"]
        # Services name their groups after the resource and may add to it: /aws/rds/cluster/<id>/postgresql.
        mine = any(_named(part, suffix) for part in name.split("/"))
        yield Resource(service="logs", type="log-group", identifier=name, name=name), mine


def _iam(client: ClientFactory, suffix: str | None) -> Iterator[tuple[Resource, bool]]:
    iam = client("iam")
    for role in _pages(iam, "list_roles", "Roles"):
        if not role["Path"].startswith("/aws-service-role/"):
            name = role["RoleName"]
            yield Resource(service="iam", type="role", identifier=name, name=name), _named(name, suffix)
    for policy in _pages(iam, "list_policies", "Policies", Scope="Local"):
        resource = Resource(service="iam", type="policy", identifier=policy["Arn"], name=policy["PolicyName"])
        yield resource, _named(policy["PolicyName"], suffix)
    for profile in _pages(iam, "list_instance_profiles", "InstanceProfiles"):
        name = profile["InstanceProfileName"]
        yield Resource(service="iam", type="instance-profile", identifier=name, name=name), _named(name, suffix)
