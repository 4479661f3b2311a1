"""RDS: clusters with their instances, groups, snapshots and backups."""

from collections.abc import Iterator
from typing import Any

from orchestrator.adapters.aws.listing import Found, ServiceListing, tags_of
from orchestrator.adapters.aws.rows import Row, Service, TerraformType, delete, refused, row


def _row(
    kind: str, turn: int = 0, *made_by: TerraformType, identifier: str = "", parent: str = "", **fixed: Any
) -> Row:
    """Return the row of a type whose operations and fields follow from its name.

    ``turn``: of the removal; 0 for what is only listed. ``identifier``: the field with the identifier, when it does not
    follow from the name. ``parent``: the field with what the resource was made of.
    """
    operation, name = f"db_{kind.replace('-', '_')}", "DB" + kind.title().replace("-", "")
    identifier = identifier or name + ("Name" if kind.endswith("group") else "Identifier")

    def lister(listing: ServiceListing) -> Iterator[Found]:
        for item in listing.pages(f"describe_{operation}s", f"{name}s"):
            found = str(item[identifier])
            of = str(item.get(parent) or found)
            # RDS creates automated backups, default.aurora-postgresql16 and the like, and snapshots named "rds:...".
            automatic = kind.endswith("automated-backup") or found.startswith("rds:")
            is_default = found.split(".", 1)[0] == "default"
            if not is_default and listing.owns(found, of, tags=tags_of(item.get("TagList"))):
                yield Found(found, of, of if automatic else "")

    removal = delete(turn, f"delete_{operation} {identifier}", **fixed) if turn else None
    return row(kind, lister, removal, *made_by)


ROWS = (
    _row(
        "cluster",
        21,
        refused("aws_rds_cluster cluster_identifier"),
        SkipFinalSnapshot=True,
        DeleteAutomatedBackups=True,
    ),
    _row(
        "instance",
        20,
        refused("aws_rds_cluster_instance identifier"),
        parent="DBClusterIdentifier",
        SkipFinalSnapshot=True,
    ),
    _row("cluster-parameter-group", 22, refused("aws_rds_cluster_parameter_group name")),
    _row("parameter-group"),
    _row("subnet-group", 22, refused("aws_db_subnet_group name")),
    _row("cluster-snapshot", parent="DBClusterIdentifier"),
    _row("cluster-automated-backup", identifier="DbClusterResourceId", parent="DBClusterIdentifier"),
    _row("snapshot", parent="DBInstanceIdentifier"),
    _row("instance-automated-backup", identifier="DBInstanceIdentifier"),
)
SERVICE = Service(name="rds", rows=ROWS)
