# Every module with settings other than its defaults, and the longest suffix that is allowed: names must still fit.

terraform {
  required_version = ">= 1.11.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100.0"
    }
  }
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "offline"
  secret_key                  = "offline"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true

  default_tags {
    tags = { Environment = "test" }
  }
}

locals {
  account_id  = "210987654321"
  kms_key_arn = "arn:aws:kms:us-east-1:210987654321:key/99999999-8888-7777-6666-555555555555"
  suffix      = "a2345678901234567-90"
  tags        = { Team = "analytics" }
}

module "kms" {
  source = "../../../../modules/kms"

  account_id              = local.account_id
  deletion_window_in_days = 30
  region                  = "us-east-1"
  rotation_period_in_days = 90
  suffix                  = local.suffix
  tags                    = local.tags

  keys = {
    everything = {
      description = "One key for all"
      grants      = ["cloudtrail", "cloudwatch_alarms", "cloudwatch_logs", "config"]
    }
  }
}

module "vpc" {
  source = "../../../../modules/vpc"

  account_id                    = local.account_id
  availability_zones            = ["us-east-1f", "us-east-1b", "us-east-1d"]
  database_port                 = 6432
  flow_log_aggregation_interval = 600
  kms_key_arn                   = local.kms_key_arn
  log_retention_in_days         = 365
  permissions_boundary_arn      = "arn:aws:iam::210987654321:policy/iam-policy-boundary"
  region                        = "us-east-1"
  role_policy_arns              = { region-guardrail = "arn:aws:iam::210987654321:policy/iam-policy-region-guardrail" }
  suffix                        = local.suffix
  tags                          = local.tags
  vpc_cidr                      = "172.16.16.0/20"
}

module "s3" {
  source = "../../../../modules/s3"

  access_log_retention_in_days = 30
  account_id                   = local.account_id
  kms_key_arn                  = local.kms_key_arn
  suffix                       = local.suffix
  tags                         = local.tags

  buckets = {
    the-longest-purpose-there-is1 = {
      abort_incomplete_multipart_upload_days = 1
      deep_archive_after_days                = 120
      glacier_after_days                     = 30
      noncurrent_version_retention_in_days   = 1
    }
  }
}

module "dynamodb" {
  source = "../../../../modules/dynamodb"

  kms_key_arn = local.kms_key_arn
  suffix      = local.suffix
  table_class = "STANDARD_INFREQUENT_ACCESS"
  tags        = local.tags

  tables = {
    trades = {
      attributes    = { symbol = "S", traded_at = "N", venue = "S" }
      hash_key      = "symbol"
      range_key     = "traded_at"
      ttl_attribute = null
      global_secondary_indexes = {
        venue = { hash_key = "venue", projection_type = "INCLUDE", non_key_attributes = ["price"] }
      }
    }
  }
}
