# The region guardrail: the permissions boundary and the deny policy of every role. The roles for people who use the database
# need a database first; they are the unit database-access.

terraform {
  source = "${dirname(find_in_parent_folders("root.hcl"))}/../modules//iam"
}

inputs = {
  # An account-wide boundary instead of one of the deployment's own, where the deployer must not write boundaries.
  permissions_boundary_arn = try(regex("^arn:.+", get_env("PLATFORM_PERMISSIONS_BOUNDARY", "")), null)
}
