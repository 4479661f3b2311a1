# A database of two instances with the module's defaults.

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

module "aurora" {
  source = "../.."

  account_id         = var.account_id
  availability_zones = var.availability_zones
  kms_key_arn        = var.kms_key_arn
  logs_kms_key_arn   = var.logs_kms_key_arn
  region             = var.region
  security_group_ids = var.security_group_ids
  subnet_ids         = var.subnet_ids
  suffix             = var.suffix
}
