module "aurora" {
  source = "../../../../modules/aurora"

  account_id                             = local.account_id
  availability_zones                     = ["us-east-1f", "us-east-1b"]
  backup_retention_period                = 35
  capacity                               = { min = 0, max = 256, seconds_until_auto_pause = 86400 }
  database_name                          = "trades"
  engine_version                         = "16"
  enhanced_monitoring_interval           = 1
  instance_count                         = 3
  kms_key_arn                            = local.kms_key_arn
  log_retention_in_days                  = 365
  logs_kms_key_arn                       = local.kms_key_arn
  manage_account_settings                = false
  master_username                        = "owner"
  performance_insights_retention_in_days = 465
  permissions_boundary_arn               = "arn:aws:iam::210987654321:policy/iam-policy-boundary"
  port                                   = 6432
  region                                 = "us-east-1"
  role_policy_arns                       = { region-guardrail = "arn:aws:iam::210987654321:policy/iam-policy-region-guardrail" }
  security_group_ids                     = ["sg-0123456789abcdef0", "sg-0123456789abcdef1"]
  statement_logging                      = { audit_classes = ["write", "read"], slow_statement_milliseconds = -1 }
  subnet_ids                             = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  suffix                                 = local.suffix
  tags                                   = local.tags
  windows                                = { backup = "23:30-00:30", maintenance = "sat:23:00-sat:23:30" }
}

# Without enhanced monitoring there is nothing to write, and no role that could.
module "aurora_unmonitored" {
  source = "../../../../modules/aurora"

  account_id                   = local.account_id
  availability_zones           = ["us-east-1f", "us-east-1b"]
  enhanced_monitoring_interval = 0
  instance_count               = 1
  kms_key_arn                  = local.kms_key_arn
  logs_kms_key_arn             = local.kms_key_arn
  permissions_boundary_arn     = "arn:aws:iam::210987654321:policy/iam-policy-boundary"
  region                       = "us-east-1"
  restore                      = { name = "b", point_in_time = { source_cluster_identifier = "aurora-old", time = "2026-11-28T14:05:00Z" } }
  role_policy_arns             = { region-guardrail = "arn:aws:iam::210987654321:policy/iam-policy-region-guardrail" }
  security_group_ids           = ["sg-0123456789abcdef0"]
  subnet_ids                   = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  suffix                       = local.suffix
  tags                         = local.tags
}
