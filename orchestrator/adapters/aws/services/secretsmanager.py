"""Secrets Manager."""

from collections.abc import Iterator

from orchestrator.adapters.aws.listing import Found, ServiceListing, last_part, tags_of
from orchestrator.adapters.aws.rows import Service, row


def _secret(listing: ServiceListing) -> Iterator[Found]:
    """List the secrets that are not being deleted, including those that RDS creates for a cluster."""
    for secret in listing.pages("list_secrets", "SecretList"):
        tags = tags_of(secret.get("Tags"))
        # RDS calls it rds!cluster-<random> and notes the cluster in a tag.
        cluster = last_part(tags.get("aws:rds:primaryDBClusterArn", ""))
        if listing.owns(secret["Name"], cluster, tags=tags):
            yield Found(secret["ARN"], secret["Name"], cluster)


ROWS = (row("secret", _secret),)
SERVICE = Service(name="secretsmanager", rows=ROWS)
