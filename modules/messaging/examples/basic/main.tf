# The queues of the pipeline with the defaults, and one topic that mails what alarms and AWS Config say.

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

module "messaging" {
  source = "../.."

  account_id       = var.account_id
  kms_key_arn      = var.kms_key_arn
  logs_kms_key_arn = var.logs_kms_key_arn
  region           = var.region
  suffix           = var.suffix

  topics = {
    alerts = {
      display_name        = "Trading analytics alerts"
      email_subscriptions = [var.alert_email]
      publishers          = ["cloudwatch_alarms", "config", "eventbridge"]
    }
  }
}
