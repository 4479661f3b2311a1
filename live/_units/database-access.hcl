# Roles for people and tools that read the database with IAM authentication. The second use of modules/iam: the guardrail comes
# before the database, these roles after it.

terraform {
  source = "${dirname(find_in_parent_folders("root.hcl"))}/../modules//iam"
}

dependency "iam" {
  config_path = "${get_terragrunt_dir()}/../iam"
}

dependency "aurora" {
  config_path = "${get_terragrunt_dir()}/../aurora"
}

locals {
  environment = read_terragrunt_config(find_in_parent_folders("env.hcl"))

  # The IAM roles and users that may use the database; by default that of the first deployer.
  people = split(",", get_env("PLATFORM_DATABASE_PRINCIPALS"))
}

inputs = {
  guardrail = null

  database_access = {
    cluster_resource_id = dependency.aurora.outputs.cluster_resource_id

    roles = {
      analyst = {
        database_user          = "analyst"
        description            = "Reads bars and analytics"
        require_mfa            = local.environment.locals.database_access_requires_mfa
        trusted_principal_arns = local.people
      }
      operator = {
        database_user          = "operator"
        description            = "Looks after the schema: locks, statistics, repairs"
        require_mfa            = local.environment.locals.database_access_requires_mfa
        trusted_principal_arns = local.people
      }
    }
  }

  permissions_boundary_arn = dependency.iam.outputs.permissions_boundary_arn
  role_policy_arns         = dependency.iam.outputs.role_policy_arns
}
