# Alerting: alarms, notifications, and the archive of logs beyond CloudWatch's retention.

locals {
  environment = read_terragrunt_config(find_in_parent_folders("env.hcl"))
}

terraform {
  source = "${dirname(find_in_parent_folders("root.hcl"))}/../modules//monitoring"
}

dependency "apigw" {
  config_path = "${get_terragrunt_dir()}/../apigw"
}

dependency "aurora" {
  config_path = "${get_terragrunt_dir()}/../aurora"
}

dependency "config" {
  config_path = "${get_terragrunt_dir()}/../config"
}

dependency "dynamodb" {
  config_path = "${get_terragrunt_dir()}/../dynamodb"
}

dependency "iam" {
  config_path = "${get_terragrunt_dir()}/../iam"
}

dependency "kms" {
  config_path = "${get_terragrunt_dir()}/../kms"
}

dependency "lambda" {
  config_path = "${get_terragrunt_dir()}/../lambda"
}

dependency "messaging" {
  config_path = "${get_terragrunt_dir()}/../messaging"
}

dependency "s3" {
  config_path = "${get_terragrunt_dir()}/../s3"
}

dependency "vpc" {
  config_path = "${get_terragrunt_dir()}/../vpc"
}

inputs = {
  alert_function = {
    alias = dependency.lambda.outputs.alias_name
    arn   = dependency.lambda.outputs.alias_arns["alerts"]
    name  = dependency.lambda.outputs.function_names["alerts"]
  }

  api = {
    access_log_group_name = dependency.apigw.outputs.access_log_group_name
    name                  = dependency.apigw.outputs.api_name
    stage                 = dependency.apigw.outputs.stage_name
  }

  cluster_identifier       = dependency.aurora.outputs.cluster_identifier
  database_max_capacity    = local.environment.locals.database_capacity.max
  dead_letter_queue_names  = dependency.messaging.outputs.dead_letter_queue_names
  logs_kms_key_arn         = dependency.kms.outputs.key_arns["logs"]
  nat_gateway_id           = dependency.vpc.outputs.nat_gateway_id
  permissions_boundary_arn = dependency.iam.outputs.permissions_boundary_arn
  role_policy_arns         = dependency.iam.outputs.role_policy_arns
  table_names              = dependency.dynamodb.outputs.table_names
  topic_arn                = dependency.messaging.outputs.topic_arns["alerts"]
  trail_log_group_name     = dependency.config.outputs.trail_log_group_name

  functions = {
    for name, function in dependency.lambda.outputs.function_names : name => {
      function_name   = function
      timeout_seconds = dependency.lambda.outputs.timeouts[name]
    }
  }

  # Half an hour behind the market is late for the pipeline, whatever the reason.
  queues = {
    for name, queue in dependency.messaging.outputs.queue_names : name => { queue_name = queue, maximum_age_seconds = 1800 }
  }

  log_archive = local.environment.locals.log_archive_enabled ? {
    bucket_arn  = dependency.s3.outputs.bucket_arns["archive"]
    kms_key_arn = dependency.kms.outputs.key_arns["s3"]
    prefix      = "logs/"
  } : null

  # Functions log JSON: their own errors, and Lambda's reports of calls that ran out of time or memory. The alert function's own log
  # is archived only: an alert about an alert would never end.
  log_subscriptions = merge(
    {
      for name, group in dependency.lambda.outputs.log_group_names : "lambda-${name}" => {
        log_group_name = group
        filter_pattern = name == "alerts" ? null : "{ $.level = \"ERROR\" || $.level = \"CRITICAL\" || $.record.status = \"error\" || $.record.status = \"timeout\" }"
      }
    },
    {
      api-access    = { log_group_name = dependency.apigw.outputs.access_log_group_name, filter_pattern = "{ $.status = \"5*\" }" }
      api-execution = { log_group_name = dependency.apigw.outputs.execution_log_group_name }
      database      = { log_group_name = dependency.aurora.outputs.log_group_name, filter_pattern = "?\"ERROR:\" ?\"FATAL:\" ?\"PANIC:\"" }
      flow-logs     = { log_group_name = dependency.vpc.outputs.flow_log_group_name }
    },
    local.environment.locals.waf_enabled ? { waf = { log_group_name = dependency.apigw.outputs.waf_log_group_name } } : {},
  )
}
