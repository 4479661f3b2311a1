"""IAM."""

from typing import Any

from orchestrator.adapters.aws.listing import listed, pages
from orchestrator.adapters.aws.rows import Service, delete, refused, row

# AWS creates these roles for its services and for IAM Identity Center; the account cannot delete them at will.
_AWS_PATHS = ("/aws-service-role/", "/aws-reserved/")


def _detach_policies(client: Any, role: str) -> None:
    for policy in pages(client, "list_attached_role_policies", "AttachedPolicies", RoleName=role):
        client.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])


def _detach_from_roles(client: Any, arn: str) -> None:
    """Detach a policy and delete its older versions."""
    for role in pages(client, "list_entities_for_policy", "PolicyRoles", PolicyArn=arn, EntityFilter="Role"):
        client.detach_role_policy(RoleName=role["RoleName"], PolicyArn=arn)
    for version in pages(client, "list_policy_versions", "Versions", PolicyArn=arn):
        if not version["IsDefaultVersion"]:
            client.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])


ROWS = (
    row(
        "role",
        listed("list_roles Roles RoleName", unless=lambda role: role["Path"].startswith(_AWS_PATHS)),
        delete(50, "delete_role RoleName", before=_detach_policies),
        refused("aws_iam_role name"),
    ),
    row(
        "policy",
        listed("list_policies Policies Arn PolicyName", Scope="Local"),
        delete(51, "delete_policy PolicyArn", before=_detach_from_roles),
        refused("aws_iam_policy arn"),
    ),
    row("instance-profile", listed("list_instance_profiles InstanceProfiles InstanceProfileName")),
)
SERVICE = Service(name="iam", rows=ROWS, settings=("aws_iam_role_policy_attachment",))
