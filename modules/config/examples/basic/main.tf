# Recorder, channel, every rule, and a trail that watches the objects of one bucket.

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

module "config" {
  source = "../.."

  access_log_bucket_name = var.access_log_bucket_name
  account_id             = var.account_id
  kms_key_arn            = var.kms_key_arn
  logs_kms_key_arn       = var.logs_kms_key_arn
  region                 = var.region
  suffix                 = var.suffix

  trail = {
    data_event_bucket_arns = var.data_bucket_arns
  }
}
