# The buckets for raw data, processed analytics and the long-term archive, and the one for their access logs.

locals {
  environment = read_terragrunt_config(find_in_parent_folders("env.hcl"))
}

terraform {
  source = "${dirname(find_in_parent_folders("root.hcl"))}/../modules//s3"
}

dependency "kms" {
  config_path = "${get_terragrunt_dir()}/../kms"
}

inputs = {
  access_log_source_buckets    = ["cloudtrail", "config"]
  access_log_retention_in_days = local.environment.locals.access_log_retention_in_days
  kms_key_arn                  = dependency.kms.outputs.key_arns["s3"]

  buckets = {
    archive = {
      deep_archive_after_days              = 365
      eventbridge                          = true
      noncurrent_version_retention_in_days = local.environment.locals.noncurrent_version_retention_in_days
    }
    processed-analytics = {
      # Files that clients of the API asked for: their links end after minutes.
      expiring_prefixes = { "exports/" = 1 }

      noncurrent_version_retention_in_days = local.environment.locals.noncurrent_version_retention_in_days
    }
    raw-data = {
      noncurrent_version_retention_in_days = local.environment.locals.noncurrent_version_retention_in_days
    }
  }
}
