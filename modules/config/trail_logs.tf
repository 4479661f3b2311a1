# The delivery of the trail to CloudWatch Logs, for metric filters and alarms.

locals {
  trail_log_group_name = "/aws/cloudtrail/${local.trail_name}"
}

resource "aws_cloudwatch_log_group" "trail" {
  #checkov:skip=CKV_AWS_338:30 days are required here; the bucket keeps the same events for a year
  count = var.trail.enabled ? 1 : 0

  name              = local.trail_log_group_name
  kms_key_id        = var.logs_kms_key_arn
  retention_in_days = var.log_retention_in_days
  skip_destroy      = false

  tags = merge(var.tags, { Name = local.trail_log_group_name })
}

# No aws:SourceAccount and no aws:SourceArn: CloudTrail's documentation rules both out for this role. The role may only write
# to the log group of this trail.
data "aws_iam_policy_document" "trail_trust" {
  statement {
    sid     = "AllowCloudTrail"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
  }
}

# No logs:CreateLogGroup: a late delivery would bring the group back after destroy, without key and retention.
data "aws_iam_policy_document" "trail" {
  statement {
    sid     = "AllowDelivery"
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]

    # CloudTrail names its streams after the account and the region of the trail.
    resources = ["${local.arn_prefix}:logs:${var.region}:${var.account_id}:log-group:${local.trail_log_group_name}:log-stream:${var.account_id}_CloudTrail_${var.region}*"]
  }
}

resource "aws_iam_role" "trail" {
  count = var.trail.enabled ? 1 : 0

  name                  = "iam-role-cloudtrail-${var.suffix}"
  description           = "Lets the trail write to its log group"
  assume_role_policy    = data.aws_iam_policy_document.trail_trust.json
  permissions_boundary  = var.permissions_boundary_arn
  force_detach_policies = true

  tags = merge(var.tags, { Name = "iam-role-cloudtrail-${var.suffix}" })
}

resource "aws_iam_policy" "trail" {
  count = var.trail.enabled ? 1 : 0

  name        = "iam-policy-cloudtrail-${var.suffix}"
  description = "Writing to the log group of the trail"
  policy      = data.aws_iam_policy_document.trail.json

  tags = merge(var.tags, { Name = "iam-policy-cloudtrail-${var.suffix}" })
}

resource "aws_iam_role_policy_attachment" "trail" {
  for_each = var.trail.enabled ? merge(var.role_policy_arns, { cloudtrail = aws_iam_policy.trail[0].arn }) : {}

  role       = aws_iam_role.trail[0].name
  policy_arn = each.value
}
