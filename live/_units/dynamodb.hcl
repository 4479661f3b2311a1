# The tables for user sessions and API keys.

locals {
  environment = read_terragrunt_config(find_in_parent_folders("env.hcl"))
}

terraform {
  source = "${dirname(find_in_parent_folders("root.hcl"))}/../modules//dynamodb"
}

dependency "kms" {
  config_path = "${get_terragrunt_dir()}/../kms"
}

inputs = {
  kms_key_arn = dependency.kms.outputs.key_arns["dynamodb"]
  restores    = local.environment.locals.table_restores
}
