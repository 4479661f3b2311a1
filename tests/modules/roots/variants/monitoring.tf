module "monitoring" {
  source = "../../../../modules/monitoring"

  account_id               = local.account_id
  alert_function           = { name = "lambda-alerts-${local.suffix}", arn = "arn:aws:lambda:us-east-1:${local.account_id}:function:lambda-alerts-${local.suffix}" }
  api                      = { name = "api-${local.suffix}", stage = "v2" }
  cluster_identifier       = "aurora-${local.suffix}"
  database_max_capacity    = 256
  functions                = { the-only-function = { function_name = "lambda-the-only-function-${local.suffix}", timeout_seconds = 900 } }
  log_archive              = { bucket_arn = "arn:aws:s3:::archive", kms_key_arn = local.kms_key_arn, prefix = "logs/cloudwatch/" }
  log_retention_in_days    = 365
  log_subscriptions        = { the-only-function = { log_group_name = "/aws/lambda/lambda-the-only-function-${local.suffix}", filter_pattern = "" } }
  logs_kms_key_arn         = local.kms_key_arn
  nat_gateway_id           = "nat-0123456789abcdef0"
  permissions_boundary_arn = "arn:aws:iam::210987654321:policy/iam-policy-boundary"
  region                   = "us-east-1"
  role_policy_arns         = { region-guardrail = "arn:aws:iam::210987654321:policy/iam-policy-region-guardrail" }
  suffix                   = local.suffix
  tags                     = local.tags
  thresholds               = { database_connections_percent = 50, function_duration_percent = 50, function_errors = 3 }
  topic_arn                = "arn:aws:sns:us-east-1:${local.account_id}:topic-alerts-${local.suffix}"
}
