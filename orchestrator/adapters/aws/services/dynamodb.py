"""DynamoDB."""

from collections.abc import Iterator

from orchestrator.adapters.aws.listing import Found, ServiceListing, listed
from orchestrator.adapters.aws.rows import Service, delete, refused, row


def _backup(listing: ServiceListing) -> Iterator[Found]:
    """List backups on demand.

    DynamoDB keeps a last backup of every table with point-in-time recovery for 35 days, free of charge; nobody can delete it.
    """
    for backup in listing.pages("list_backups", "BackupSummaries", BackupType="USER"):
        if listing.owns(backup["BackupName"], backup["TableName"]):
            yield Found(backup["BackupArn"], backup["BackupName"])


ROWS = (
    row(
        "table",
        listed("list_tables TableNames"),
        delete(40, "delete_table TableName"),
        refused("aws_dynamodb_table name"),
    ),
    row("backup", _backup),
)
SERVICE = Service(name="dynamodb", rows=ROWS)
