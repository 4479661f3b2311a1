# The delivery status of every message from a topic to its subscribers (B7).

locals {
  # SNS fixes the names: the topic's name stands in them, and the suffix with it.
  delivery_log_group_names         = { for name in keys(var.topics) : name => "sns/${var.region}/${var.account_id}/topic-${name}-${var.suffix}" }
  delivery_failure_log_group_names = { for name, group in local.delivery_log_group_names : name => "${group}/Failure" }

  delivery_log_group_arns = [
    for group in concat(values(local.delivery_log_group_names), values(local.delivery_failure_log_group_names)) :
    "${local.arn_prefix}:logs:${local.regional}:log-group:${group}"
  ]
}

resource "aws_cloudwatch_log_group" "delivery" {
  #checkov:skip=CKV_AWS_338:30 days are required here; what must be kept for a year is archived to S3
  for_each = local.delivery_log_group_names

  name              = each.value
  kms_key_id        = var.logs_kms_key_arn
  retention_in_days = var.log_retention_in_days
  skip_destroy      = false

  tags = merge(var.tags, { Name = "sns-delivery-${each.key}-${var.suffix}" })
}

resource "aws_cloudwatch_log_group" "delivery_failures" {
  #checkov:skip=CKV_AWS_338:as the log group of the deliveries
  for_each = local.delivery_failure_log_group_names

  name              = each.value
  kms_key_id        = var.logs_kms_key_arn
  retention_in_days = var.log_retention_in_days
  skip_destroy      = false

  tags = merge(var.tags, { Name = "sns-delivery-failures-${each.key}-${var.suffix}" })
}

# No aws:SourceAccount and no aws:SourceArn: SNS documents neither for the role that it logs with, and a condition on a key that is
# not there would end the logs without a word. Only a caller of this account can pass the role to a topic.
data "aws_iam_policy_document" "delivery_status_trust" {
  statement {
    sid     = "AllowSns"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }
  }
}

# No logs:CreateLogGroup: a late delivery would bring a group back after destroy, without key and retention.
data "aws_iam_policy_document" "delivery_status" {
  count = length(var.topics) > 0 ? 1 : 0

  statement {
    sid       = "AllowDelivery"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [for arn in local.delivery_log_group_arns : "${arn}:*"]
  }
}

resource "aws_iam_role" "delivery_status" {
  count = length(var.topics) > 0 ? 1 : 0

  name                  = "iam-role-sns-delivery-status-${var.suffix}"
  description           = "Lets SNS log what became of messages"
  assume_role_policy    = data.aws_iam_policy_document.delivery_status_trust.json
  permissions_boundary  = var.permissions_boundary_arn
  force_detach_policies = true

  tags = merge(var.tags, { Name = "iam-role-sns-delivery-status-${var.suffix}" })
}

resource "aws_iam_policy" "delivery_status" {
  count = length(var.topics) > 0 ? 1 : 0

  name        = "iam-policy-sns-delivery-status-${var.suffix}"
  description = "Writing to the log groups of the topics' deliveries"
  policy      = data.aws_iam_policy_document.delivery_status[0].json

  tags = merge(var.tags, { Name = "iam-policy-sns-delivery-status-${var.suffix}" })
}

resource "aws_iam_role_policy_attachment" "delivery_status" {
  for_each = length(var.topics) > 0 ? merge(var.role_policy_arns, { delivery-status = aws_iam_policy.delivery_status[0].arn }) : {}

  role       = aws_iam_role.delivery_status[0].name
  policy_arn = each.value
}
