# A pipeline step that reads a queue of new objects, and a function without a queue.

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
  raw_data_bucket  = "raw-data-${var.account_id}-${var.suffix}"
  ingest_queue_arn = "arn:aws:sqs:${var.region}:${var.account_id}:queue-ingest-${var.suffix}"
  topic_arn        = "arn:aws:sns:${var.region}:${var.account_id}:topic-alerts-${var.suffix}"
}

module "lambda" {
  source = "../.."

  account_id                     = var.account_id
  dead_letter_queue_arn          = "arn:aws:sqs:${var.region}:${var.account_id}:queue-functions-dead-letter-${var.suffix}"
  kms_key_arn                    = var.kms_key_arn
  logs_kms_key_arn               = var.kms_key_arn
  queues_kms_key_arn             = var.kms_key_arn
  region                         = var.region
  replacement_security_group_ids = var.security_group_ids
  subnet_ids                     = var.subnet_ids
  suffix                         = var.suffix

  bucket_notifications = {
    (local.raw_data_bucket) = {
      ingest = { queue_arn = local.ingest_queue_arn, filter_prefix = "incoming/" }
    }
  }

  functions = {
    alerts = {
      description        = "Turns log events into alerts"
      package_path       = var.package_path
      package_hash       = var.package_hash
      security_group_ids = var.security_group_ids

      environment = { ALERT_TOPIC_ARN = local.topic_arn }

      policy_statements = {
        PublishAlerts = { actions = ["sns:Publish"], resources = [local.topic_arn] }
      }
    }

    ingest = {
      description        = "Validates and normalises market data"
      package_path       = var.package_path
      package_hash       = var.package_hash
      timeout_seconds    = 300
      security_group_ids = var.security_group_ids

      environment = { RAW_BUCKET = local.raw_data_bucket }
      queues      = { ingest = { queue_arn = local.ingest_queue_arn } }

      policy_statements = {
        ReadMarketData = { actions = ["s3:GetObject"], resources = ["arn:aws:s3:::${local.raw_data_bucket}/incoming/*"] }

        DecryptMarketData = {
          actions    = ["kms:Decrypt"]
          resources  = [var.kms_key_arn]
          conditions = [{ test = "StringEquals", variable = "kms:ViaService", values = ["s3.${var.region}.amazonaws.com"] }]
        }
      }
    }
  }
}
