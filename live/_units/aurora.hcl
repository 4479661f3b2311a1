# The database of bars and analytics: Aurora Serverless v2 PostgreSQL in the isolated subnets.

locals {
  environment = read_terragrunt_config(find_in_parent_folders("env.hcl"))
}

terraform {
  source = "${dirname(find_in_parent_folders("root.hcl"))}/../modules//aurora"
}

dependency "iam" {
  config_path = "${get_terragrunt_dir()}/../iam"
}

dependency "kms" {
  config_path = "${get_terragrunt_dir()}/../kms"
}

dependency "vpc" {
  config_path = "${get_terragrunt_dir()}/../vpc"
}

inputs = {
  availability_zones           = dependency.vpc.outputs.availability_zones
  backup_retention_period      = 1
  capacity                     = local.environment.locals.database_capacity
  enhanced_monitoring_interval = local.environment.locals.database_enhanced_monitoring_interval
  instance_count               = local.environment.locals.database_instance_count
  kms_key_arn                  = dependency.kms.outputs.key_arns["database"]
  logs_kms_key_arn             = dependency.kms.outputs.key_arns["logs"]
  restore                      = local.environment.locals.database_restore
  security_group_ids           = [dependency.vpc.outputs.security_group_ids["database"]]
  subnet_ids                   = dependency.vpc.outputs.database_subnet_ids

  permissions_boundary_arn = dependency.iam.outputs.permissions_boundary_arn
  role_policy_arns         = dependency.iam.outputs.role_policy_arns
}
