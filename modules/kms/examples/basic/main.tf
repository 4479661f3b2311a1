# One key per purpose with the module's defaults, and the way to reach one of them.

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

module "kms" {
  source = "../.."

  account_id = var.account_id
  region     = var.region
  suffix     = var.suffix
}
