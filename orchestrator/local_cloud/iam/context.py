"""Condition keys that follow from a call's parameters and from the resource itself.

A key is there only if the Service Authorization Reference lists it for the action or for the resource's type. Values come
from the parameter of the same name ("lambda:Layer" from Layers), from tags, or from what the table below says.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from orchestrator.local_cloud.backends import backend
from orchestrator.local_cloud.iam.calls import ApiCall, Wanted
from orchestrator.local_cloud.iam.patterns import arn_parts
from orchestrator.local_cloud.iam.resources import leaves
from orchestrator.local_cloud.iam.tags import requested_tag_keys, requested_tags, tags_of
from orchestrator.local_cloud.identity import ACCOUNT_ID
from orchestrator.local_cloud.reference import ActionEntry

Values = dict[str, tuple[str, ...]]

# Condition keys whose parameter has another name; paths end at the name next to the value.
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "config:configruletype": (),
    "dynamodb:attributes": (),
    "ec2:createaction": (),
    "events:source": (),
    "events:targetarn": ("Arn",),
    "iam:awsservicename": ("AWSServiceName",),
    "kms:customermasterkeyspec": ("KeySpec", "CustomerMasterKeySpec"),
    "kms:customermasterkeyusage": ("KeyUsage",),
    "kms:grantoperations": ("Operations",),
    "kms:requestalias": (),
    "lambda:functionarn": (),
    "lambda:layer": ("Layers",),
    "lambda:vpcids": (),
    "rds:databaseclass": ("DBInstanceClass",),
    "rds:databaseengine": ("Engine",),
    "rds:databasename": ("DBName", "DatabaseName"),
    "secretsmanager:description": ("Description",),
    "wafv2:logdestinationresource": ("LogDestinationConfigs",),
}


def derived(call: ApiCall, entry: ActionEntry, one: Wanted) -> Values:
    """Return the condition keys of an action on a resource that parameters and resource tell. Reads moto's state."""
    known = entry.knows
    found: Values = {}
    kind = arn_parts(one.resource)[5].partition("/")[0] if one.action.startswith("ec2:") else ""
    tags = requested_tags(call, kind)
    if known("aws:requesttag/"):
        found |= {f"aws:requesttag/{name.lower()}": (value,) for name, value in tags.items()}
    keys = (*tags, *requested_tag_keys(call))
    if keys and known("aws:tagkeys"):
        found["aws:tagkeys"] = tuple(dict.fromkeys(keys))
    if known("aws:resourcetag/"):
        found |= {f"aws:resourcetag/{name.lower()}": (value,) for name, value in tags_of(one.resource).items()}
    # Older keys of some services that mean the same.
    for prefix in {one.action.partition(":")[0]}:
        for old, new in ((f"{prefix}:resourcetag/", "aws:resourcetag/"), (f"{prefix}:requesttag/", "aws:requesttag/")):
            if known(old):
                found |= {old + key[len(new) :]: value for key, value in found.items() if key.startswith(new)}
    if one.action.partition(":")[0] == call.prefix:
        found |= _of_parameters(call, entry)
    extra = _EXTRA.get(one.action.partition(":")[0])
    if extra is not None:
        found |= {key: value for key, value in extra(call, one).items() if value and known(key)}
    return found


def _of_parameters(call: ApiCall, entry: ActionEntry) -> Values:
    given: dict[str, list[str]] = {}
    for name, value in leaves(call.parameters):
        if value is not None and not isinstance(value, bytes):
            given.setdefault(name.lower(), []).append(_text(value))
    prefix = f"{call.prefix}:"
    found = {}
    for key in entry.keys | {key for kind, _ in entry.resources for key in kind.keys}:
        if not key.startswith(prefix) or key.endswith(("/", ":")):
            continue
        bare = key.removeprefix(prefix)
        names = _PARAMETERS.get(key, (bare, f"{bare}s"))
        values = [value for name in names for value in given.get(name.lower(), ())]
        if values:
            found[key] = tuple(dict.fromkeys(values))
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def _ec2(call: ApiCall, one: Wanted) -> Values:
    """Return the keys of EC2 that a resource tells: where it is, and to what it belongs."""
    kind, _, identifier = arn_parts(one.resource)[5].partition("/")
    found: Values = {"ec2:region": (call.region,)}
    if identifier and "*" not in identifier:
        found |= dict.fromkeys(_IDS_OF_EC2.get(kind, ()), (identifier,))
        found["ec2:owner"] = (ACCOUNT_ID,)
        stored_one = _stored_in_ec2(call.region, kind, identifier)
        vpc = getattr(stored_one, "vpc_id", "")
        if vpc and kind != "vpc":
            found["ec2:vpc"] = (call.arn(f"vpc/{vpc}"),)
        for key, attribute in (
            ("ec2:availabilityzone", "availability_zone"),
            ("ec2:tenancy", "instance_tenancy"),
            ("ec2:vpceservicename", "service_name"),
            ("ec2:instancetype", "instance_type"),
        ):
            value = getattr(stored_one, attribute, None)
            if value:
                found[key] = (str(value),)
        subnet = getattr(stored_one, "subnet_id", None) or getattr(getattr(stored_one, "subnet", None), "id", None)
        if subnet:
            found["ec2:subnet"] = (call.arn(f"subnet/{subnet}"),)
    else:
        named = call.text("VpcId")
        if named:
            found["ec2:vpc"] = (call.arn(f"vpc/{named}"),)
        if call.text("SubnetId"):
            found["ec2:subnet"] = (call.arn(f"subnet/{call.text('SubnetId')}"),)
        if call.text("ServiceName"):
            found["ec2:vpceservicename"] = (call.text("ServiceName"),)
    return found


_IDS_OF_EC2: Mapping[str, tuple[str, ...]] = {
    "elastic-ip": ("ec2:allocationid",),
    "instance": ("ec2:instanceid",),
    "internet-gateway": ("ec2:internetgatewayid",),
    "natgateway": ("ec2:natgatewayid",),
    "network-acl": ("ec2:networkaclid",),
    "network-interface": ("ec2:networkinterfaceid",),
    "route-table": ("ec2:routetableid",),
    "security-group": ("ec2:securitygroupid",),
    "subnet": ("ec2:subnetid",),
    "volume": ("ec2:volumeid",),
    "vpc": ("ec2:vpcid",),
    "vpc-endpoint": ("ec2:vpceid",),
}


def _stored_in_ec2(region: str, kind: str, identifier: str) -> Any:
    ec2 = backend("ec2", region)
    if ec2 is None:
        return None
    if kind == "subnet":
        return next((zone[identifier] for zone in ec2.subnets.values() if identifier in zone), None)
    if kind == "security-group":
        return ec2.get_security_group_from_id(identifier)
    if kind == "instance":
        return next((one for one in ec2.all_instances() if one.id == identifier), None)
    stores = {
        "natgateway": "nat_gateways",
        "network-acl": "network_acls",
        "network-interface": "enis",
        "route-table": "route_tables",
        "volume": "volumes",
        "vpc": "vpcs",
        "vpc-endpoint": "vpc_end_points",
    }
    return getattr(ec2, stores.get(kind, ""), {}).get(identifier)


def _lambda(call: ApiCall, one: Wanted) -> Values:
    """Return the keys of functions: networks, layers, and the function of a mapping."""
    found: Values = {}
    name = call.text("FunctionName")
    if name and (":function:" not in one.resource):
        found["lambda:functionarn"] = (name if name.startswith("arn:") else call.arn(f"function:{name}"),)
    mappings = backend("lambda", call.region)
    stated = call.text("UUID")
    if stated and mappings is not None:
        mapping = mappings.get_event_source_mapping(stated)
        if mapping is not None:
            found["lambda:functionarn"] = (mapping.function_arn,)
    subnets = (call.parameters.get("VpcConfig") or {}).get("SubnetIds") or ()
    vpcs = {getattr(_stored_in_ec2(call.region, "subnet", subnet), "vpc_id", "") for subnet in subnets}
    found["lambda:vpcids"] = tuple(sorted(vpc for vpc in vpcs if vpc))
    return found


def _events(call: ApiCall, _one: Wanted) -> Values:
    entries = call.listed("Entries")
    creator = {"events:creatoraccount": (ACCOUNT_ID,)}
    return creator | {
        key: tuple(dict.fromkeys(str(entry[name]) for entry in entries if entry.get(name)))
        for key, name in (("events:source", "Source"), ("events:detail-type", "DetailType"))
    }


_EXTRA: Mapping[str, Callable[[ApiCall, Wanted], Values]] = {"ec2": _ec2, "events": _events, "lambda": _lambda}
