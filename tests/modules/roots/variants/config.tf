# A second deployment in an account whose recorder and delivery channel belong to the first.
module "config" {
  source = "../../../../modules/config"

  access_log_bucket_name     = "access-logs-${local.account_id}-${local.suffix}"
  account_id                 = local.account_id
  create_delivery_channel    = false
  create_recorder            = false
  delivery_retention_in_days = 730
  disabled_rules             = { API_GW_SSL_ENABLED = "the backends are functions, which see no certificate" }
  kms_key_arn                = local.kms_key_arn
  log_retention_in_days      = 1096
  logs_kms_key_arn           = local.kms_key_arn
  permissions_boundary_arn   = "arn:aws:iam::210987654321:policy/iam-policy-boundary"

  recorder_permissions_boundary_arn = "arn:aws:iam::210987654321:policy/platform-boundary"

  region           = "us-east-1"
  role_policy_arns = { region-guardrail = "arn:aws:iam::210987654321:policy/iam-policy-region-guardrail" }
  suffix           = local.suffix
  tags             = local.tags

  rule_parameters = {
    CLOUDWATCH_ALARM_ACTION_CHECK        = { okActionRequired = "true" }
    INTERNET_GATEWAY_AUTHORIZED_VPC_ONLY = { AuthorizedVpcIds = "vpc-0123456789abcdef0" }
    NO_UNRESTRICTED_ROUTE_TO_IGW         = { routeTableIds = "rtb-0123456789abcdef0,rtb-0fedcba9876543210" }
  }

  trail = {
    insights = ["ApiCallRateInsight", "ApiErrorRateInsight"]
  }
}

# The recorder of each day only, without a trail, for a channel that is another's.
module "config_recorder" {
  source = "../../../../modules/config"

  access_log_bucket_name   = "access-logs-${local.account_id}-${local.suffix}"
  account_id               = local.account_id
  create_delivery_channel  = false
  delivery_frequency       = "One_Hour"
  kms_key_arn              = local.kms_key_arn
  logs_kms_key_arn         = local.kms_key_arn
  permissions_boundary_arn = "arn:aws:iam::210987654321:policy/iam-policy-boundary"
  recording_frequency      = "DAILY"
  region                   = "us-east-1"
  role_policy_arns         = { region-guardrail = "arn:aws:iam::210987654321:policy/iam-policy-region-guardrail" }
  suffix                   = local.suffix
  tags                     = local.tags

  trail = {
    enabled = false
  }
}

# Recorder and channel with a topic and its key, without a trail.
module "config_channel" {
  source = "../../../../modules/config"

  access_log_bucket_name = "access-logs-${local.account_id}-${local.suffix}"
  account_id             = local.account_id
  delivery_frequency     = "One_Hour"
  kms_key_arn            = local.kms_key_arn
  logs_kms_key_arn       = local.kms_key_arn
  region                 = "us-east-1"
  suffix                 = local.suffix
  tags                   = local.tags
  topic_arn              = "arn:aws:sns:us-east-1:210987654321:topic-audit"
  topic_kms_key_arn      = local.kms_key_arn

  trail = {
    enabled = false
  }
}

# Records in a bucket of the organisation.
module "config_elsewhere" {
  source = "../../../../modules/config"

  access_log_bucket_name = "access-logs-${local.account_id}-${local.suffix}"
  account_id             = local.account_id
  audit_bucket           = { name = "audit-of-the-organisation", kms_key_arn = "arn:aws:kms:us-east-1:111122223333:key/12345678-1234-1234-1234-123456789012" }
  log_retention_in_days  = 1096
  kms_key_arn            = local.kms_key_arn
  logs_kms_key_arn       = local.kms_key_arn
  region                 = "us-east-1"
  suffix                 = local.suffix
  tags                   = local.tags
}
