"""Who may do what, and with which keys: IAM, KMS."""

from typing import Any

from orchestrator.adapters.aws.inventory.resource import pages
from orchestrator.adapters.aws.sweep.removals.removal import Removal

_DAYS = 7
"""The shortest time that AWS keeps a key which is to be deleted."""


def _role(client: Any, role: str) -> None:
    for policy in pages(client, "list_attached_role_policies", "AttachedPolicies", RoleName=role):
        client.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
    client.delete_role(RoleName=role)


def _policy(client: Any, arn: str) -> None:
    for role in pages(client, "list_entities_for_policy", "PolicyRoles", PolicyArn=arn, EntityFilter="Role"):
        client.detach_role_policy(RoleName=role["RoleName"], PolicyArn=arn)
    for version in pages(client, "list_policy_versions", "Versions", PolicyArn=arn):
        if not version["IsDefaultVersion"]:
            client.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    client.delete_policy(PolicyArn=arn)


REMOVALS = {
    ("iam", "role"): Removal(turn=50, remove=_role, words="iam delete-role --role-name {0}"),
    ("iam", "policy"): Removal(turn=51, remove=_policy, words="iam delete-policy --policy-arn {0}"),
    ("kms", "alias"): Removal(
        turn=52,
        remove=lambda client, name: client.delete_alias(AliasName=name),
        words="kms delete-alias --alias-name {0}",
    ),
    ("kms", "key"): Removal(
        turn=53,
        remove=lambda client, key: client.schedule_key_deletion(KeyId=key, PendingWindowInDays=_DAYS),
        words=f"kms schedule-key-deletion --pending-window-in-days {_DAYS} --key-id {{0}}",
    ),
}
