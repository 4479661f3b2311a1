"""WAF: web ACLs, their parts, and their logging."""

from typing import Any

from botocore.exceptions import ClientError

from orchestrator.adapters.aws.listing import Lister, listed
from orchestrator.adapters.aws.rows import Removal, Service, delete, refused, row, same

_SCOPE = "REGIONAL"


def _listed(words: str) -> Lister:
    return listed(f"{words} ARN Name", Scope=_SCOPE)


def _remove_web_acl(client: Any, arn: str) -> None:
    """Delete a web ACL; the APIs that it protects are without it until the next ``up``."""
    *_, name, identifier = arn.split("/")
    web_acl = {"Name": name, "Scope": _SCOPE, "Id": identifier}
    token = client.get_web_acl(**web_acl)["LockToken"]
    try:
        client.delete_web_acl(**web_acl, LockToken=token)
    except ClientError as error:
        if error.response["Error"]["Code"] != "WAFAssociatedItemException":
            raise
        for resource in client.list_resources_for_web_acl(WebACLArn=arn, ResourceType="API_GATEWAY")["ResourceArns"]:
            client.disassociate_web_acl(ResourceArn=resource)
        client.delete_web_acl(**web_acl, LockToken=token)


ROWS = (
    row(
        "web-acl",
        _listed("list_web_acls WebACLs"),
        Removal(17, _remove_web_acl, f"delete-web-acl --scope {_SCOPE} (name and id are in {{0}})"),
        refused("aws_wafv2_web_acl arn"),
    ),
    row("ip-set", _listed("list_ip_sets IPSets")),
    row("rule-group", _listed("list_rule_groups RuleGroups")),
    row("regex-pattern-set", _listed("list_regex_pattern_sets RegexPatternSets")),
    row(
        "logging-configuration",
        # arn:aws:wafv2:<region>:<account>:regional/webacl/<name>/<id>
        listed(
            "list_logging_configurations LoggingConfigurations ResourceArn",
            name=lambda arn: arn.split("/")[-2],
            Scope=_SCOPE,
        ),
        delete(16, "delete_logging_configuration ResourceArn"),
        same("aws_wafv2_web_acl_logging_configuration resource_arn"),
    ),
)
SERVICE = Service(name="wafv2", rows=ROWS, settings=("aws_wafv2_web_acl_association",))
