"""EC2: security group rules, and what deletions leave behind."""

from typing import Any

from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupBackend, SecurityGroupRule
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses.network_acls import NetworkACLs

from orchestrator.local_cloud.patches.registry import Original, around, patch

_ALL_PROTOCOLS = "-1"


@patch(
    service="ec2",
    subject="aws_vpc_security_group_ingress_rule.description, ..._egress_rule.description",
    symptom="lost when the rule refers to a group or to a prefix list: every plan adds it again",
    restores="a rule has one description, whatever it refers to; two rules that differ only in it are duplicates",
    upstream="issues/7915",
)
def rule_description() -> None:
    @around(SecurityGroupRule, "__init__")
    def init(original: Original, self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        # The eighth parameter; moto keeps only the list's id of it.
        prefix_list = kwargs.get("prefix_list_id") or (args[7] if len(args) > 7 else None) or {}  # noqa: PLR2004 - its position
        self.prefix_list_description = prefix_list.get("Description")

    @around(SecurityGroupRule, "description")
    def description(_original: Original, self: Any) -> str | None:
        stated: str | None = (
            self.ip_range.get("Description") or self.source_group.get("Description") or self.prefix_list_description
        )
        return stated

    @around(SecurityGroupRule, "__eq__")
    def equals(original: Original, self: Any, other: Any) -> Any:
        mine, theirs = self.source_group, other.source_group
        if mine.get("GroupId") != theirs.get("GroupId"):
            return False
        try:
            self.source_group = other.source_group = {}
            return original(self, other)
        finally:
            self.source_group, other.source_group = mine, theirs

    @around(SecurityGroup, "_flattened_rules")
    def flattened(original: Original, self: Any, rules: list[Any]) -> Any:
        views = original(self, rules)
        described = {
            (rule.from_port, rule.to_port, rule.ip_protocol, rule.prefix_list_id): rule.prefix_list_description
            for rule in rules
            if rule.prefix_list_id and rule.prefix_list_description
        }
        for view in views:
            for entry in view.prefix_list_ids:
                text = described.get((view.from_port, view.to_port, view.ip_protocol, entry["PrefixListId"]))
                if text is not None:
                    entry["Description"] = text
        return views

    @around(SecurityGroupBackend, "_sg_update_description")
    def update_description(original: Original, self: Any, stated: Any, rule: Any) -> None:
        original(self, stated, rule)
        if rule.prefix_list_id:
            rule.prefix_list_description = stated.prefix_list_description


@patch(
    service="ec2",
    subject="aws_vpc_security_group_ingress_rule, ..._egress_rule (update in place)",
    symptom="ModifySecurityGroupRules ignores the referenced group, prefix list and IPv6 range, and fails for all protocols",
    restores="the rule becomes what the request says; ports are not needed with protocol -1",
    upstream="pull/8917",
)
def modify_rule() -> None:
    @around(SecurityGroupBackend, "modify_security_group_rules")
    def modify(original: Original, self: Any, group_id: str, rules: dict[str, dict[str, Any]]) -> None:
        for wanted in rules.values():
            if str(wanted.get("IpProtocol")) == _ALL_PROTOCOLS:
                wanted.setdefault("FromPort", -1)
                wanted.setdefault("ToPort", -1)
        original(self, group_id, rules)
        group = self.get_security_group_by_name_or_id(group_id)
        for rule_id, wanted in rules.items():
            _retarget(group.get_rule(rule_id), wanted, self.account_id)

    def _retarget(rule: Any, wanted: dict[str, Any], account_id: str) -> None:
        text = wanted.get("Description")
        ports = (wanted.get("FromPort"), wanted.get("ToPort"))
        rule.from_port, rule.to_port = (
            (None, None) if str(wanted.get("IpProtocol")) == _ALL_PROTOCOLS else tuple(int(str(port)) for port in ports)
        )
        rule.ip_range, rule.source_group = {}, {}
        rule.prefix_list_id = rule.prefix_list_description = None
        stated = {} if text is None else {"Description": text}
        if (group := wanted.get("ReferencedGroupId")) is not None:
            rule.source_group = {"GroupId": group, "OwnerId": account_id, "UserId": account_id, **stated}
        elif (prefix_list := wanted.get("PrefixListId")) is not None:
            rule.prefix_list_id, rule.prefix_list_description = prefix_list, text
        elif (ipv6 := wanted.get("CidrIpv6")) is not None:
            rule.ip_range = {"CidrIpv6": ipv6, **stated}
        else:
            rule.ip_range = {"CidrIp": wanted["CidrIpv4"], **stated}


@patch(
    service="ec2",
    subject="aws_nat_gateway (destroy)",
    symptom="the gateway's network interface is left behind",
    restores="DeleteNatGateway deletes the interface",
    upstream=None,
)
def nat_gateway_interface() -> None:
    @around(NatGatewayBackend, "delete_nat_gateway")
    def delete_nat_gateway(original: Original, self: Any, nat_gateway_id: str) -> Any:
        gateway = original(self, nat_gateway_id)
        interface = getattr(gateway, "_eni", None)
        if interface is not None:
            self.enis.pop(interface.id, None)
        return gateway


@patch(
    service="ec2",
    subject="aws_vpc (destroy)",
    symptom="the VPC's default network ACL is left behind",
    restores="DeleteVpc deletes the default network ACL",
    upstream=None,
)
def vpc_default_acl() -> None:
    @around(VPCBackend, "delete_vpc")
    def delete_vpc(original: Original, self: Any, vpc_id: str) -> Any:
        vpc = original(self, vpc_id)
        for identifier, acl in list(self.network_acls.items()):
            if acl.vpc_id == vpc_id and acl.default:
                del self.network_acls[identifier]
        return vpc


@patch(
    service="ec2",
    subject="aws_network_acl.ingress, .egress (icmp_type, icmp_code)",
    symptom="lost: every plan sets them again",
    restores="CreateNetworkAclEntry and ReplaceNetworkAclEntry keep the type and the code",
    upstream=None,
)
def network_acl_icmp() -> None:
    # The names that moto asks for, and those under which it has parsed them.
    renamed = {"Icmp.Code": "IcmpTypeCode.Code", "Icmp.Type": "IcmpTypeCode.Type"}

    for operation in ("create_network_acl_entry", "replace_network_acl_entry"):

        @around(NetworkACLs, operation)
        def entry(original: Original, self: Any) -> Any:
            get_param = self._get_param
            # An attribute of this one response object, which lives as long as the request.
            self._get_param = lambda name, *default: get_param(renamed.get(name, name), *default)
            return original(self)
