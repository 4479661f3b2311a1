# Everything of a deployment with five functions watched: subscriptions, alarms, the trail and the log archive.

locals {
  # Timeouts in seconds by function.
  functions = { alerts = 30, analytics = 300, api = 29, ingest = 60, migrate = 120 }
}

module "monitoring" {
  source = "../.."

  account_id              = "123456789012"
  cluster_identifier      = "aurora-example"
  database_max_capacity   = 4
  dead_letter_queue_names = { for name in ["analytics", "functions", "ingest"] : name => "queue-${name}-dead-letter-example" }
  logs_kms_key_arn        = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  nat_gateway_id          = "nat-0123456789abcdef0"
  region                  = "us-east-1"
  suffix                  = "example"
  table_names             = { for name in ["api-keys", "user-sessions"] : name => "${name}-example" }
  topic_arn               = "arn:aws:sns:us-east-1:123456789012:topic-alerts-example"
  trail_log_group_name    = "/aws/cloudtrail/trail-example"

  alert_function = {
    name = "lambda-alerts-example"
    arn  = "arn:aws:lambda:us-east-1:123456789012:function:lambda-alerts-example"
  }

  api = {
    name                  = "api-example"
    stage                 = "v1"
    access_log_group_name = "/aws/apigateway/access-logs-api-example"
  }

  functions = {
    for name, timeout in local.functions : name => { function_name = "lambda-${name}-example", timeout_seconds = timeout }
  }

  log_archive = {
    bucket_arn  = "arn:aws:s3:::archive-123456789012-example"
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/66666666-7777-8888-9999-000000000000"
  }

  log_subscriptions = merge(
    {
      for name in keys(local.functions) : "function-${name}" => {
        log_group_name = "/aws/lambda/lambda-${name}-example"
        filter_pattern = name == "alerts" ? null : "{ ($.level = \"ERROR\") || ($.level = \"CRITICAL\") }"
      }
    },
    {
      api-access = { log_group_name = "/aws/apigateway/access-logs-api-example", filter_pattern = "{ $.status = \"5*\" }" }
      database   = { log_group_name = "/aws/rds/cluster/aurora-example/postgresql", filter_pattern = "?FATAL ?PANIC" }
      flow-logs  = { log_group_name = "/aws/vpc/flow-logs-example" }
    },
  )

  queues = {
    for name in ["analytics", "ingest"] : name => { queue_name = "queue-${name}-example", maximum_age_seconds = 900 }
  }
}
