"""CloudTrail."""

from orchestrator.adapters.aws.listing import listed
from orchestrator.adapters.aws.rows import Service, delete, refused, row

ROWS = (
    row(
        "trail",
        listed("list_trails Trails TrailARN Name"),
        delete(2, "delete_trail Name"),
        refused("aws_cloudtrail arn"),
    ),
)
SERVICE = Service(name="cloudtrail", rows=ROWS)
