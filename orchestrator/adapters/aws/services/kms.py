"""KMS."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from orchestrator.adapters.aws.listing import Found, ServiceListing, tags_of
from orchestrator.adapters.aws.objects import code_of
from orchestrator.adapters.aws.rows import Service, delete, doubled, refused, row

_DAYS = 7
"""The shortest waiting period for the deletion of a key."""


def _tags(listing: ServiceListing) -> dict[str, dict[str, str]]:
    """Return the tags of customer-managed keys that are not being deleted, by key."""
    found = {}
    for entry in listing.pages("list_keys", "Keys"):
        try:
            key = listing.client.describe_key(KeyId=entry["KeyId"])["KeyMetadata"]
            if key["KeyManager"] != "AWS" and key["KeyState"] not in ("PendingDeletion", "PendingReplicaDeletion"):
                found[key["KeyId"]] = tags_of(listing.pages("list_resource_tags", "Tags", KeyId=key["KeyId"]))
        except ClientError as error:
            # Other people's keys may have policies that keep everybody else out.
            if code_of(error) != "AccessDeniedException":
                raise
    return found


def _key(listing: ServiceListing) -> Iterator[Found]:
    for key, tags in listing.once(_tags).items():
        name = tags.get("Name", "")
        if listing.owns(name, tags=tags):
            yield Found(key, name)


def _alias(listing: ServiceListing) -> Iterator[Found]:
    """List aliases; without tags of its own, an alias belongs to whom its key belongs to."""
    keys = listing.once(_tags)
    for alias in listing.pages("list_aliases", "Aliases"):
        name = alias["AliasName"]
        if not name.startswith("alias/aws/") and listing.owns(name, tags=keys.get(alias.get("TargetKeyId", ""))):
            yield Found(name, name)


ROWS = (
    row(
        "key", _key, delete(53, "schedule_key_deletion KeyId", PendingWindowInDays=_DAYS), doubled("aws_kms_key key_id")
    ),
    row("alias", _alias, delete(52, "delete_alias AliasName"), refused("aws_kms_alias name")),
)
SERVICE = Service(name="kms", rows=ROWS)
