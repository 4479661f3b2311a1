module "vpc" {
  source = "../../../../modules/vpc"

  account_id                    = local.account_id
  availability_zones            = ["us-east-1f", "us-east-1b", "us-east-1d"]
  database_port                 = 6432
  flow_log_aggregation_interval = 600
  kms_key_arn                   = local.kms_key_arn
  log_retention_in_days         = 365
  permissions_boundary_arn      = "arn:aws:iam::210987654321:policy/iam-policy-boundary"
  region                        = "us-east-1"
  role_policy_arns              = { region-guardrail = "arn:aws:iam::210987654321:policy/iam-policy-region-guardrail" }
  suffix                        = local.suffix
  tags                          = local.tags
  vpc_cidr                      = "172.16.16.0/20"
}
