module "lambda" {
  source = "../../../../modules/lambda"

  account_concurrency_limit      = 200
  account_id                     = local.account_id
  dead_letter_queue_arn          = "arn:aws:sqs:us-east-1:210987654321:queue-functions-dead-letter-a2345678901234567-90"
  kms_key_arn                    = local.kms_key_arn
  log_level                      = "DEBUG"
  log_retention_in_days          = 365
  logs_kms_key_arn               = local.kms_key_arn
  permissions_boundary_arn       = "arn:aws:iam::210987654321:policy/iam-policy-boundary"
  queues_kms_key_arn             = local.kms_key_arn
  region                         = "us-east-1"
  replacement_security_group_ids = ["sg-00000000000000000"]
  role_policy_arns               = { region-guardrail = "arn:aws:iam::210987654321:policy/iam-policy-region-guardrail" }
  runtime                        = "python3.13"
  subnet_ids                     = ["subnet-00000000000000001", "subnet-00000000000000002"]
  suffix                         = local.suffix
  tags                           = local.tags

  # The same prefix with other endings, and one prefix for events that are not the same, do not overlap.
  bucket_notifications = {
    raw-data-210987654321-a2345678901234567-90 = {
      bars    = { queue_arn = "arn:aws:sqs:us-east-1:210987654321:queue-bars", filter_prefix = "incoming/", filter_suffix = ".csv" }
      trades  = { queue_arn = "arn:aws:sqs:us-east-1:210987654321:queue-trades", filter_prefix = "incoming/", filter_suffix = ".parquet" }
      deleted = { queue_arn = "arn:aws:sqs:us-east-1:210987654321:queue-trades", events = ["s3:ObjectRemoved:Delete", "s3:LifecycleExpiration:*"] }
    }
  }

  pinned_versions = { unreserved = "3" }

  # With the longest names the rule's has 64 characters.
  schedules = {
    a2345678901234567890 = { function = "unreserved", expression = "cron(5 0 * * ? *)", input = jsonencode({ task = "x" }) }
    daily                = { function = "unreserved", expression = "rate(1 day)" }
  }

  functions = {
    # The longest name: with the longest suffix its role's name has 64 characters.
    a23456789012345678901234567 = {
      description               = "Settings other than the defaults"
      package_path              = "/packages/a.zip"
      package_hash              = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
      handler                   = "package/module.entry"
      timeout_seconds           = 900
      memory_size_mb            = 10240
      ephemeral_storage_mb      = 1024
      reserved_concurrency      = 100
      environment               = { DATABASE_PORT = 5432 }
      security_group_ids        = ["sg-00000000000000001", "sg-00000000000000002"]
      maximum_retry_attempts    = 0
      maximum_event_age_seconds = 60

      policy_statements = {
        ConnectToDatabase = {
          actions   = ["rds-db:connect"]
          resources = ["arn:aws:rds-db:us-east-1:210987654321:dbuser:cluster-ABC/analytics_writer"]
        }
        UseObjectKey = {
          actions    = ["kms:Decrypt", "kms:GenerateDataKey"]
          resources  = [local.kms_key_arn]
          conditions = [{ test = "StringEquals", variable = "kms:ViaService", values = ["s3.us-east-1.amazonaws.com"] }]
        }
      }

      queues = {
        bars   = { queue_arn = "arn:aws:sqs:us-east-1:210987654321:queue-bars", batch_size = 1000, maximum_batching_window_seconds = 20, maximum_concurrency = 98 }
        trades = { queue_arn = "arn:aws:sqs:us-east-1:210987654321:queue-trades", maximum_concurrency = 2 }
      }
    }

    unreserved = {
      description          = "No share of its own"
      package_path         = "/packages/b.zip"
      package_hash         = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
      reserved_concurrency = -1
      security_group_ids   = ["sg-00000000000000001"]
    }
  }
}
