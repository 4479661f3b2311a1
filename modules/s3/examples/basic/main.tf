# The three data buckets with the module's defaults, and the bucket that takes their access logs.

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

module "s3" {
  source = "../.."

  account_id  = var.account_id
  kms_key_arn = var.kms_key_arn
  suffix      = var.suffix
}
