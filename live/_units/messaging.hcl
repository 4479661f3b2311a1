# Queues between the steps of the pipeline, their dead-letter queues, and the topic of the alerts.

locals {
  environment = read_terragrunt_config(find_in_parent_folders("env.hcl"))
}

terraform {
  source = "${dirname(find_in_parent_folders("root.hcl"))}/../modules//messaging"
}

dependency "iam" {
  config_path = "${get_terragrunt_dir()}/../iam"
}

dependency "kms" {
  config_path = "${get_terragrunt_dir()}/../kms"
}

inputs = {
  kms_key_arn      = dependency.kms.outputs.key_arns["messaging"]
  logs_kms_key_arn = dependency.kms.outputs.key_arns["logs"]

  permissions_boundary_arn = dependency.iam.outputs.permissions_boundary_arn
  role_policy_arns         = dependency.iam.outputs.role_policy_arns

  # A message stays hidden for six times as long as its function may run, as AWS advises: batches are retried inside that time.
  queues = {
    analytics = { visibility_timeout_seconds = 6 * 300, from_buckets = true }
    ingest    = { visibility_timeout_seconds = 6 * 300, from_buckets = true }
  }

  topics = {
    alerts = {
      display_name        = "Trading analytics alerts"
      email_subscriptions = local.environment.locals.alert_emails
      publishers          = ["cloudwatch_alarms", "eventbridge"]
    }
  }
}
