# The auditor: AWS Config with the rules of PCI DSS, and the CloudTrail trail.

locals {
  environment = read_terragrunt_config(find_in_parent_folders("env.hcl"))
}

terraform {
  source = "${dirname(find_in_parent_folders("root.hcl"))}/../modules//config"
}

dependency "iam" {
  config_path = "${get_terragrunt_dir()}/../iam"
}

dependency "kms" {
  config_path = "${get_terragrunt_dir()}/../kms"
}

dependency "s3" {
  config_path = "${get_terragrunt_dir()}/../s3"
}

dependency "vpc" {
  config_path = "${get_terragrunt_dir()}/../vpc"
}

inputs = {
  audit_bucket           = local.environment.locals.audit_bucket
  access_log_bucket_name = dependency.s3.outputs.access_log_bucket_name
  disabled_rules         = local.environment.locals.disabled_config_rules
  kms_key_arn            = dependency.kms.outputs.key_arns["s3"]
  logs_kms_key_arn       = dependency.kms.outputs.key_arns["logs"]
  recording_frequency    = local.environment.locals.config_recording_frequency

  # No topic: AWS Config would publish every change of every resource; the unit monitoring reports what became noncompliant.

  rule_parameters = {
    INTERNET_GATEWAY_AUTHORIZED_VPC_ONLY = { AuthorizedVpcIds = dependency.vpc.outputs.vpc_id }
    KMS_CMK_NOT_SCHEDULED_FOR_DELETION   = { kmsKeyIds = join(",", values(dependency.kms.outputs.key_ids)) }
    NO_UNRESTRICTED_ROUTE_TO_IGW         = { routeTableIds = dependency.vpc.outputs.route_table_ids["public"] }
  }

  trail = {
    enabled                = local.environment.locals.trail_enabled
    data_event_bucket_arns = values(dependency.s3.outputs.bucket_arns)
  }

  permissions_boundary_arn = dependency.iam.outputs.permissions_boundary_arn
  role_policy_arns         = dependency.iam.outputs.role_policy_arns

  # Only the account-wide boundary allows what the recorder reads.
  recorder_permissions_boundary_arn = try(regex("^arn:.+", get_env("PLATFORM_PERMISSIONS_BOUNDARY", "")), null)
}
