module "messaging" {
  source = "../../../../modules/messaging"

  account_id               = local.account_id
  dead_letter_queues       = []
  kms_key_arn              = local.kms_key_arn
  log_retention_in_days    = 365
  logs_kms_key_arn         = local.kms_key_arn
  permissions_boundary_arn = "arn:aws:iam::210987654321:policy/iam-policy-boundary"
  region                   = "us-east-1"
  role_policy_arns         = { region-guardrail = "arn:aws:iam::210987654321:policy/iam-policy-region-guardrail" }
  suffix                   = local.suffix
  tags                     = local.tags

  queues = {
    the-longest-name-that-a-queue-may-have-1 = {
      description                = "Böden + more: a@b"
      max_receive_count          = 26
      message_retention_seconds  = 1123200
      visibility_timeout_seconds = 43200
    }
  }

  topics = {
    mails = {
      display_name        = "Mails_of - alarms"
      email_subscriptions = ["anna@example.com", "ben+alerts@example.co.uk"]
      publishers          = ["cloudwatch_alarms"]
    }
    quiet = {}
  }
}

module "messaging_without_topics" {
  source = "../../../../modules/messaging"

  account_id       = local.account_id
  kms_key_arn      = local.kms_key_arn
  logs_kms_key_arn = local.kms_key_arn
  queues           = {}
  region           = "us-east-1"
  suffix           = local.suffix
  tags             = local.tags
  topics           = {}
}
