# The customer-managed keys, one per purpose. Everything that stores data depends on this unit.

locals {
  environment = read_terragrunt_config(find_in_parent_folders("env.hcl"))
}

terraform {
  source = "${dirname(find_in_parent_folders("root.hcl"))}/../modules//kms"
}

inputs = {
  administrator_arns = local.environment.locals.key_administrator_arns
}
