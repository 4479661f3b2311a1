# Log groups, created before RDS would create them unencrypted, without a retention, and leave them behind.

# One per kind of log that Aurora PostgreSQL exports. RDS fixes the names, so the suffix stands in the middle.
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:30 days are required here; what must be kept for a year is archived to S3
  for_each = toset([
    "iam-db-auth-error", # why a token was refused
    "instance",          # why an instance paused, or did not
    "postgresql",        # statements, connections, the audit trail
  ])

  name              = "/aws/rds/cluster/${local.cluster_identifier}/${each.key}"
  kms_key_id        = var.logs_kms_key_arn
  retention_in_days = var.log_retention_in_days
  skip_destroy      = false

  tags = merge(var.tags, { Name = "log-group-aurora-${each.key}-${var.suffix}" })
}

# Enhanced monitoring of every database in the account and region writes to this one group. RDS fixes the name, so there is no
# suffix in it. It is made even where this database is not measured: another deployment's may be.
resource "aws_cloudwatch_log_group" "os_metrics" {
  #checkov:skip=CKV_AWS_338:measurements, no audit trail
  count = var.manage_account_settings ? 1 : 0

  name              = "RDSOSMetrics"
  kms_key_id        = var.logs_kms_key_arn
  retention_in_days = var.log_retention_in_days
  skip_destroy      = false

  tags = merge(var.tags, { Name = "log-group-rds-os-metrics-${var.suffix}" })
}
