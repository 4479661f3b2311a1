# Two concerns, each made only where it is asked for, so that one module serves two units of the live tree: the guardrail comes
# before every role, the roles of the database only after the database.
#   region_guardrail.tf      what no role may do: anything in a region that is not in use
#   permissions_boundary.tf  what a role may do at most, whatever its own policies say
#   database_access.tf       roles for people and tools that use the database

data "aws_partition" "this" {}

locals {
  arn_prefix = "arn:${data.aws_partition.this.partition}"
}
