# The network: three zones, three tiers of subnets, one NAT gateway, flow logs.

locals {
  environment = read_terragrunt_config(find_in_parent_folders("env.hcl"))
}

terraform {
  source = "${dirname(find_in_parent_folders("root.hcl"))}/../modules//vpc"
}

dependency "iam" {
  config_path = "${get_terragrunt_dir()}/../iam"
}

dependency "kms" {
  config_path = "${get_terragrunt_dir()}/../kms"
}

inputs = {
  # Named rather than looked up: a plan needs no AWS for it, and a fourth zone that AWS opens changes nothing.
  availability_zones            = local.environment.locals.availability_zones
  flow_log_aggregation_interval = local.environment.locals.flow_log_aggregation_interval
  kms_key_arn                   = dependency.kms.outputs.key_arns["logs"]
  permissions_boundary_arn      = dependency.iam.outputs.permissions_boundary_arn
  role_policy_arns              = dependency.iam.outputs.role_policy_arns
}
