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

# With administrators apart from users.
module "kms_administered" {
  source = "../../../../modules/kms"

  account_id         = local.account_id
  administrator_arns = ["arn:aws:iam::210987654321:role/key-administrators", "arn:aws:iam::210987654321:role/deployer"]
  region             = "us-east-1"
  suffix             = local.suffix
  keys               = { one = { description = "One key" } }
}
