"""Who may do what, and with which keys and secrets: IAM, KMS, Secrets Manager."""

from collections.abc import Iterator

from orchestrator.adapters.aws.inventory.resource import Clients, Owner, Resource, last_part, pages, tags_of

# Roles that AWS makes for a service or for IAM Identity Center; an account cannot delete them as it likes.
_AWS_PATHS = ("/aws-service-role/", "/aws-reserved/")


def iam(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """Roles, customer-managed policies and instance profiles."""
    client = clients["iam"]
    for role in pages(client, "list_roles", "Roles"):
        name = role["RoleName"]
        if owner.owns(name) and not role["Path"].startswith(_AWS_PATHS):
            yield Resource(service="iam", type="role", identifier=name, name=name)
    for policy in pages(client, "list_policies", "Policies", Scope="Local"):
        if owner.owns(policy["PolicyName"]):
            yield Resource(service="iam", type="policy", identifier=policy["Arn"], name=policy["PolicyName"])
    for profile in pages(client, "list_instance_profiles", "InstanceProfiles"):
        name = profile["InstanceProfileName"]
        if owner.owns(name):
            yield Resource(service="iam", type="instance-profile", identifier=name, name=name)


def kms(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """Customer-managed keys that are not on their way out, and aliases."""
    client = clients["kms"]
    keys: dict[str, dict[str, str]] = {}
    for entry in pages(client, "list_keys", "Keys"):
        key = client.describe_key(KeyId=entry["KeyId"])["KeyMetadata"]
        if key["KeyManager"] == "AWS" or key["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion"):
            continue
        tags = tags_of(pages(client, "list_resource_tags", "Tags", KeyId=key["KeyId"]))
        keys[key["KeyId"]] = tags
        name = tags.get("Name", "")
        if owner.owns(name, tags=tags):
            yield Resource(service="kms", type="key", identifier=key["KeyId"], name=name)
    for alias in pages(client, "list_aliases", "Aliases"):
        name = alias["AliasName"]
        # An alias has no tags, and belongs to whom its key belongs to.
        if not name.startswith("alias/aws/") and owner.owns(name, tags=keys.get(alias.get("TargetKeyId", ""))):
            yield Resource(service="kms", type="alias", identifier=name, name=name)


def secretsmanager(clients: Clients, owner: Owner) -> Iterator[Resource]:
    """Secrets that are not on their way out, those that RDS makes for a cluster among them."""
    for secret in pages(clients["secretsmanager"], "list_secrets", "SecretList"):
        tags = tags_of(secret.get("Tags"))
        # RDS names it rds!cluster-<random> and notes the cluster on it.
        cluster = last_part(tags.get("aws:rds:primaryDBClusterArn", ""))
        if owner.owns(secret["Name"], cluster, tags=tags):
            yield Resource(
                service="secretsmanager",
                type="secret",
                identifier=secret["ARN"],
                name=secret["Name"],
                made_for=cluster,
            )
