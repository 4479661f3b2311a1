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
      grants      = ["cloudtrail", "cloudwatch_alarms", "cloudwatch_logs", "config", "eventbridge", "s3_notifications"]
    }
  }
}
