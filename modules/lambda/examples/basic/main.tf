# A pipeline step that reads a queue of new objects, and a function without a queue.

locals {
  raw_data_bucket  = "raw-data-123456789012-example"
  ingest_queue_arn = "arn:aws:sqs:us-east-1:123456789012:queue-ingest-example"
  topic_arn        = "arn:aws:sns:us-east-1:123456789012:topic-alerts-example"
}

module "lambda" {
  source = "../.."

  account_id                     = "123456789012"
  dead_letter_queue_arn          = "arn:aws:sqs:us-east-1:123456789012:queue-functions-dead-letter-example"
  kms_key_arn                    = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  logs_kms_key_arn               = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  queues_kms_key_arn             = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  region                         = "us-east-1"
  replacement_security_group_ids = ["sg-0123456789abcdef0"]
  subnet_ids                     = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1", "subnet-0123456789abcdef2"]
  suffix                         = "example"

  bucket_notifications = {
    (local.raw_data_bucket) = {
      ingest = { queue_arn = local.ingest_queue_arn, filter_prefix = "incoming/" }
    }
  }

  functions = {
    alerts = {
      description        = "Turns log events into alerts"
      package_path       = "/packages/function.zip"
      package_hash       = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
      security_group_ids = ["sg-0123456789abcdef0"]

      environment = { ALERT_TOPIC_ARN = local.topic_arn }

      policy_statements = {
        PublishAlerts = { actions = ["sns:Publish"], resources = [local.topic_arn] }
      }
    }

    ingest = {
      description        = "Validates and normalises market data"
      package_path       = "/packages/function.zip"
      package_hash       = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
      timeout_seconds    = 300
      security_group_ids = ["sg-0123456789abcdef0"]

      environment = { RAW_BUCKET = local.raw_data_bucket }
      queues      = { ingest = { queue_arn = local.ingest_queue_arn } }

      policy_statements = {
        ReadMarketData = { actions = ["s3:GetObject"], resources = ["arn:aws:s3:::${local.raw_data_bucket}/incoming/*"] }

        DecryptMarketData = {
          actions    = ["kms:Decrypt"]
          resources  = ["arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"]
          conditions = [{ test = "StringEquals", variable = "kms:ViaService", values = ["s3.us-east-1.amazonaws.com"] }]
        }
      }
    }
  }
}
