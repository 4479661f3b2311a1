# Everything of a deployment with five functions watched: subscriptions, alarms, the trail and the log archive.

# With `offline` nothing is asked of AWS, so the example plans without an account, credentials or a network.
provider "aws" {
  region                      = var.region
  access_key                  = var.offline ? "offline" : null
  secret_key                  = var.offline ? "offline" : null
  skip_credentials_validation = var.offline
  skip_metadata_api_check     = var.offline
  skip_region_validation      = var.offline
  skip_requesting_account_id  = var.offline
}

locals {
  # Timeouts in seconds by function.
  functions = { alerts = 30, analytics = 300, api = 29, ingest = 60, migrate = 120 }
}

module "monitoring" {
  source = "../.."

  account_id              = var.account_id
  cluster_identifier      = "aurora-${var.suffix}"
  database_max_capacity   = 4
  dead_letter_queue_names = { for name in ["analytics", "functions", "ingest"] : name => "queue-${name}-dead-letter-${var.suffix}" }
  logs_kms_key_arn        = var.logs_kms_key_arn
  nat_gateway_id          = "nat-0123456789abcdef0"
  region                  = var.region
  suffix                  = var.suffix
  table_names             = { for name in ["api-keys", "user-sessions"] : name => "${name}-${var.suffix}" }
  topic_arn               = "arn:aws:sns:${var.region}:${var.account_id}:topic-alerts-${var.suffix}"
  trail_log_group_name    = "/aws/cloudtrail/trail-${var.suffix}"

  alert_function = {
    name = "lambda-alerts-${var.suffix}"
    arn  = "arn:aws:lambda:${var.region}:${var.account_id}:function:lambda-alerts-${var.suffix}"
  }

  api = {
    name                  = "api-${var.suffix}"
    stage                 = "v1"
    access_log_group_name = "/aws/apigateway/access-logs-api-${var.suffix}"
  }

  functions = {
    for name, timeout in local.functions : name => { function_name = "lambda-${name}-${var.suffix}", timeout_seconds = timeout }
  }

  log_archive = {
    bucket_arn  = "arn:aws:s3:::archive-${var.account_id}-${var.suffix}"
    kms_key_arn = var.s3_kms_key_arn
  }

  log_subscriptions = merge(
    {
      for name in keys(local.functions) : "function-${name}" => {
        log_group_name = "/aws/lambda/lambda-${name}-${var.suffix}"
        filter_pattern = name == "alerts" ? null : "{ ($.level = \"ERROR\") || ($.level = \"CRITICAL\") }"
      }
    },
    {
      api-access = { log_group_name = "/aws/apigateway/access-logs-api-${var.suffix}", filter_pattern = "{ $.status = \"5*\" }" }
      database   = { log_group_name = "/aws/rds/cluster/aurora-${var.suffix}/postgresql", filter_pattern = "?FATAL ?PANIC" }
      flow-logs  = { log_group_name = "/aws/vpc/flow-logs-${var.suffix}" }
    },
  )

  queues = {
    for name in ["analytics", "ingest"] : name => { queue_name = "queue-${name}-${var.suffix}", maximum_age_seconds = 900 }
  }
}
