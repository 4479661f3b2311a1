# The tables for user sessions and API keys.

terraform {
  source = "${dirname(find_in_parent_folders("root.hcl"))}/../modules//dynamodb"
}

dependency "kms" {
  config_path = "${get_terragrunt_dir()}/../kms"
}

inputs = {
  kms_key_arn = dependency.kms.outputs.key_arns["dynamodb"]
}
