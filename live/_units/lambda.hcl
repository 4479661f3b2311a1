# The functions of the pipeline and of the API, with the permissions of each. The module adds what every function needs: its log
# group, its network interfaces, its queues, its dead-letter queue.

locals {
  environment = read_terragrunt_config(find_in_parent_folders("env.hcl"))
  repository  = "${dirname(find_in_parent_folders("root.hcl"))}/.."
  region      = "us-east-1"

  # Written by `platformctl build`, which `up` and `plan` run by themselves.
  packages = jsondecode(file(get_env("PLATFORM_PACKAGES", "${local.repository}/.platformctl/build/packages.json")))

  # A key is used through the service that stores the data, never directly.
  via_dynamodb       = [{ test = "StringEquals", variable = "kms:ViaService", values = ["dynamodb.${local.region}.amazonaws.com"] }]
  via_s3             = [{ test = "StringEquals", variable = "kms:ViaService", values = ["s3.${local.region}.amazonaws.com"] }]
  via_secretsmanager = [{ test = "StringEquals", variable = "kms:ViaService", values = ["secretsmanager.${local.region}.amazonaws.com"] }]
  via_sns            = [{ test = "StringEquals", variable = "kms:ViaService", values = ["sns.${local.region}.amazonaws.com"] }]
}

terraform {
  source = "${local.repository}/modules//lambda"
}

dependency "aurora" {
  config_path = "${get_terragrunt_dir()}/../aurora"
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
  dead_letter_queue_arn          = dependency.messaging.outputs.dead_letter_queue_arns["functions"]
  kms_key_arn                    = dependency.kms.outputs.key_arns["lambda"]
  log_level                      = local.environment.locals.log_level
  logs_kms_key_arn               = dependency.kms.outputs.key_arns["logs"]
  permissions_boundary_arn       = dependency.iam.outputs.permissions_boundary_arn
  queues_kms_key_arn             = dependency.kms.outputs.key_arns["messaging"]
  replacement_security_group_ids = [dependency.vpc.outputs.default_security_group_id]
  role_policy_arns               = dependency.iam.outputs.role_policy_arns
  subnet_ids                     = dependency.vpc.outputs.private_subnet_ids

  # What `platformctl rollback` has pinned: ingest=3,api=5.
  pinned_versions = { for pin in compact(split(",", get_env("PLATFORM_FUNCTION_VERSIONS", ""))) : split("=", pin)[0] => split("=", pin)[1] }

  # The schema and the users of the database are there before anything reads or writes.
  invocations = {
    migrate = { function = "migrate" }
  }

  # Shortly before the next day of the partitions, which are made three days ahead.
  schedules = {
    partitions = { function = "analytics", expression = "cron(40 23 * * ? *)", input = jsonencode({ task = "partitions" }) }
  }

  # Producers upload below incoming/. What ingest writes back, below quarantine/ and receipts/, must not come in again, and what
  # lies below history/ only by `platformctl backfill`, at its rate.
  bucket_notifications = {
    (dependency.s3.outputs.bucket_names["raw-data"]) = {
      ingest = { queue_arn = dependency.messaging.outputs.queue_arns["ingest"], filter_prefix = "incoming/" }
    }
    (dependency.s3.outputs.bucket_names["processed-analytics"]) = {
      analytics = { queue_arn = dependency.messaging.outputs.queue_arns["analytics"], filter_prefix = "trades/" }
    }
  }

  functions = {
    alerts = {
      description          = "Turns log events into alerts on the topic"
      package_path         = local.packages.alerts.path
      package_hash         = local.packages.alerts.hash
      timeout_seconds      = 60
      memory_size_mb       = 256
      reserved_concurrency = local.environment.locals.reserved_concurrency.alerts
      security_group_ids   = [dependency.vpc.outputs.security_group_ids["lambda"], dependency.vpc.outputs.security_group_ids["https-client"]]

      environment = {
        ALERT_TOPIC_ARN = dependency.messaging.outputs.topic_arns["alerts"]
      }

      policy_statements = {
        PublishAlerts = {
          actions   = ["sns:Publish"]
          resources = [dependency.messaging.outputs.topic_arns["alerts"]]
        }
        EncryptAlerts = {
          actions    = ["kms:Decrypt", "kms:GenerateDataKey"]
          resources  = [dependency.kms.outputs.key_arns["messaging"]]
          conditions = local.via_sns
        }
      }
    }

    analytics = {
      description          = "Bars, VWAP and volatility of trades"
      package_path         = local.packages.analytics.path
      package_hash         = local.packages.analytics.hash
      timeout_seconds      = 300
      memory_size_mb       = local.environment.locals.pipeline_memory_size_mb
      reserved_concurrency = local.environment.locals.reserved_concurrency.analytics
      security_group_ids   = [dependency.vpc.outputs.security_group_ids["lambda"], dependency.vpc.outputs.security_group_ids["database-client"]]

      environment = {
        DATABASE_HOST = dependency.aurora.outputs.cluster_endpoint
        DATABASE_NAME = dependency.aurora.outputs.database_name
        DATABASE_PORT = dependency.aurora.outputs.port
        DATABASE_USER = "analytics_writer"
        RAW_BUCKET    = dependency.s3.outputs.bucket_names["raw-data"]

        # The zone of the bars by session, and how long trades stay in the database.
        SESSION_ZONE         = local.environment.locals.session_zone
        TRADE_RETENTION_DAYS = local.environment.locals.trade_retention_days
      }

      queues = {
        # The objects of a batch go into the database together; a second is what a bar waits for them.
        analytics = {
          queue_arn                       = dependency.messaging.outputs.queue_arns["analytics"]
          batch_size                      = 50
          maximum_batching_window_seconds = 1

          maximum_concurrency = local.environment.locals.queue_concurrency.analytics
        }
      }

      policy_statements = {
        ReadTrades = {
          actions   = ["s3:GetObject"]
          resources = ["${dependency.s3.outputs.bucket_arns["processed-analytics"]}/trades/*"]
        }
        WriteConflicts = {
          actions   = ["s3:PutObject"]
          resources = ["${dependency.s3.outputs.bucket_arns["raw-data"]}/conflicts/*"]
        }
        UseObjectKey = {
          actions    = ["kms:Decrypt", "kms:GenerateDataKey"]
          resources  = [dependency.kms.outputs.key_arns["s3"]]
          conditions = local.via_s3
        }
        ConnectToDatabase = {
          actions   = ["rds-db:connect"]
          resources = ["arn:aws:rds-db:${local.region}:${get_env("PLATFORM_ACCOUNT_ID")}:dbuser:${dependency.aurora.outputs.cluster_resource_id}/analytics_writer"]
        }
      }
    }

    api = {
      description          = "REST API: market data out, sessions"
      package_path         = local.packages.api.path
      package_hash         = local.packages.api.hash
      timeout_seconds      = 29
      memory_size_mb       = local.environment.locals.api_memory_size_mb
      reserved_concurrency = local.environment.locals.reserved_concurrency.api
      security_group_ids   = [dependency.vpc.outputs.security_group_ids["lambda"], dependency.vpc.outputs.security_group_ids["database-client"]]

      environment = {
        API_KEYS_TABLE       = dependency.dynamodb.outputs.table_names["api-keys"]
        CORS_ALLOWED_ORIGINS = join(" ", local.environment.locals.api_allowed_origins)
        DATABASE_HOST        = dependency.aurora.outputs.cluster_endpoint
        DATABASE_NAME        = dependency.aurora.outputs.database_name
        DATABASE_PORT        = dependency.aurora.outputs.port
        DATABASE_READER_HOST = dependency.aurora.outputs.reader_endpoint
        DATABASE_USER        = "api_reader"
        EXPORTS_BUCKET       = dependency.s3.outputs.bucket_names["processed-analytics"]
        SESSION_ZONE         = local.environment.locals.session_zone
        SESSIONS_TABLE       = dependency.dynamodb.outputs.table_names["user-sessions"]
      }

      policy_statements = {
        UseSessions = {
          actions   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"]
          resources = [dependency.dynamodb.outputs.table_arns["user-sessions"]]
        }
        ReadApiKeys = {
          actions   = ["dynamodb:GetItem"]
          resources = [dependency.dynamodb.outputs.table_arns["api-keys"]]
        }
        # A link carries the function's own permission to read the file.
        WriteAndLinkExports = {
          actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
          resources = ["${dependency.s3.outputs.bucket_arns["processed-analytics"]}/exports/*"]
        }
        UseObjectKey = {
          actions    = ["kms:Decrypt", "kms:GenerateDataKey"]
          resources  = [dependency.kms.outputs.key_arns["s3"]]
          conditions = local.via_s3
        }
        DecryptTables = {
          actions    = ["kms:Decrypt"]
          resources  = [dependency.kms.outputs.key_arns["dynamodb"]]
          conditions = local.via_dynamodb
        }
        ConnectToDatabase = {
          actions   = ["rds-db:connect"]
          resources = ["arn:aws:rds-db:${local.region}:${get_env("PLATFORM_ACCOUNT_ID")}:dbuser:${dependency.aurora.outputs.cluster_resource_id}/api_reader"]
        }
      }
    }

    ingest = {
      description          = "Validates and normalises market data"
      package_path         = local.packages.ingest.path
      package_hash         = local.packages.ingest.hash
      timeout_seconds      = 300
      memory_size_mb       = local.environment.locals.pipeline_memory_size_mb
      reserved_concurrency = local.environment.locals.reserved_concurrency.ingest
      security_group_ids   = [dependency.vpc.outputs.security_group_ids["lambda"]]

      environment = {
        CORS_ALLOWED_ORIGINS = join(" ", local.environment.locals.api_allowed_origins)
        PROCESSED_BUCKET     = dependency.s3.outputs.bucket_names["processed-analytics"]
        RAW_BUCKET           = dependency.s3.outputs.bucket_names["raw-data"]
      }

      queues = {
        # Fewer than are reserved: the API also invokes the function.
        ingest = {
          queue_arn = dependency.messaging.outputs.queue_arns["ingest"]
          # An object may take a good part of a call's time: of many, those that could not be begun would count as received in vain.
          batch_size          = 2
          maximum_concurrency = local.environment.locals.queue_concurrency.ingest
        }
      }

      policy_statements = {
        ReadMarketData = {
          actions   = ["s3:GetObject"]
          resources = [for folder in ["incoming", "history"] : "${dependency.s3.outputs.bucket_arns["raw-data"]}/${folder}/*"]
        }
        WriteTrades = {
          actions   = ["s3:PutObject"]
          resources = ["${dependency.s3.outputs.bucket_arns["processed-analytics"]}/trades/*"]
        }
        WriteQuarantine = {
          actions   = ["s3:PutObject"]
          resources = [for folder in ["quarantine", "receipts"] : "${dependency.s3.outputs.bucket_arns["raw-data"]}/${folder}/*"]
        }
        UseObjectKey = {
          actions    = ["kms:Decrypt", "kms:GenerateDataKey"]
          resources  = [dependency.kms.outputs.key_arns["s3"]]
          conditions = local.via_s3
        }
      }
    }

    migrate = {
      description          = "Creates the schema and the users of the database"
      package_path         = local.packages.migrate.path
      package_hash         = local.packages.migrate.hash
      timeout_seconds      = 300
      memory_size_mb       = 256
      reserved_concurrency = local.environment.locals.reserved_concurrency.migrate
      security_group_ids   = [dependency.vpc.outputs.security_group_ids["lambda"], dependency.vpc.outputs.security_group_ids["database-client"], dependency.vpc.outputs.security_group_ids["https-client"]]

      environment = {
        DATABASE_HOST     = dependency.aurora.outputs.cluster_endpoint
        DATABASE_NAME     = dependency.aurora.outputs.database_name
        DATABASE_PORT     = dependency.aurora.outputs.port
        MASTER_SECRET_ARN = dependency.aurora.outputs.master_user_secret_arn
      }

      policy_statements = {
        ReadMasterSecret = {
          actions   = ["secretsmanager:GetSecretValue"]
          resources = [dependency.aurora.outputs.master_user_secret_arn]
        }
        DecryptMasterSecret = {
          actions    = ["kms:Decrypt"]
          resources  = [dependency.kms.outputs.key_arns["database"]]
          conditions = local.via_secretsmanager
        }
      }
    }
  }
}
