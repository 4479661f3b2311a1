# Enhanced monitoring: the operating system below each instance, measured every few seconds. Its role exists where it is on.

data "aws_iam_policy_document" "monitoring_trust" {
  statement {
    sid     = "AllowMonitoringOfThisDatabase"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["monitoring.rds.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["${local.arn_prefix}:rds:${var.region}:${var.account_id}:db:aurora-instance-*-${var.suffix}"]
    }
  }
}

resource "aws_iam_role" "monitoring" {
  for_each = toset(var.enhanced_monitoring_interval > 0 ? ["aurora"] : [])

  name                  = "iam-role-aurora-monitoring-${var.suffix}"
  description           = "Lets RDS enhanced monitoring write to the log group RDSOSMetrics"
  assume_role_policy    = data.aws_iam_policy_document.monitoring_trust.json
  permissions_boundary  = var.permissions_boundary_arn
  force_detach_policies = true

  tags = merge(var.tags, { Name = "iam-role-aurora-monitoring-${var.suffix}" })
}

# AWS's own policy, because RDS refuses a role that lacks what it asks for and documents nothing narrower. It may create log groups,
# but only those whose names begin with RDS.
resource "aws_iam_role_policy_attachment" "monitoring" {
  for_each = var.enhanced_monitoring_interval > 0 ? merge(var.role_policy_arns, {
    monitoring = "${local.arn_prefix}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
  }) : {}

  role       = aws_iam_role.monitoring["aurora"].name
  policy_arn = each.value
}
