# The queues of the pipeline with the defaults, and one topic that mails what alarms and AWS Config say.

module "messaging" {
  source = "../.."

  account_id       = "123456789012"
  kms_key_arn      = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  logs_kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/66666666-7777-8888-9999-000000000000"
  region           = "us-east-1"
  suffix           = "example"

  topics = {
    alerts = {
      display_name        = "Trading analytics alerts"
      email_subscriptions = ["operations@example.com"]
      publishers          = ["cloudwatch_alarms", "config", "eventbridge"]
    }
  }
}
