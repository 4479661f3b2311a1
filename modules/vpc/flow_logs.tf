# Flow logs: accepted and rejected traffic of the whole network (PCI DSS 10.2).

locals {
  flow_log_group_name = "/aws/vpc/flow-logs-${var.suffix}"
  flow_log_group_arn  = "${local.arn_prefix}:logs:${var.region}:${var.account_id}:log-group:${local.flow_log_group_name}"
}

resource "aws_cloudwatch_log_group" "flow_logs" {
  #checkov:skip=CKV_AWS_338:30 days are required here; what must be kept for a year is archived to S3
  name              = local.flow_log_group_name
  kms_key_id        = var.kms_key_arn
  retention_in_days = var.log_retention_in_days
  skip_destroy      = false

  tags = merge(var.tags, { Name = local.flow_log_group_name })
}

data "aws_iam_policy_document" "flow_logs_trust" {
  statement {
    sid     = "AllowFlowLogsOfThisAccount"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["${local.arn_prefix}:ec2:${var.region}:${var.account_id}:vpc-flow-log/*"]
    }
  }
}

# No logs:CreateLogGroup: a late delivery would bring the group back after destroy, without key and retention.
data "aws_iam_policy_document" "flow_logs" {
  statement {
    sid       = "AllowDelivery"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = [local.flow_log_group_arn, "${local.flow_log_group_arn}:*"]
  }

  # The service looks its group up in the list of groups, which has no resources in IAM.
  statement {
    sid       = "AllowLookup"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["*"]
  }
}

resource "aws_iam_role" "flow_logs" {
  name                  = "iam-role-vpc-flow-logs-${var.suffix}"
  description           = "Lets VPC flow logs write to their log group"
  assume_role_policy    = data.aws_iam_policy_document.flow_logs_trust.json
  permissions_boundary  = var.permissions_boundary_arn
  force_detach_policies = true

  tags = merge(var.tags, { Name = "iam-role-vpc-flow-logs-${var.suffix}" })
}

resource "aws_iam_policy" "flow_logs" {
  name        = "iam-policy-vpc-flow-logs-${var.suffix}"
  description = "Writing to the log group of the VPC flow logs"
  policy      = data.aws_iam_policy_document.flow_logs.json

  tags = merge(var.tags, { Name = "iam-policy-vpc-flow-logs-${var.suffix}" })
}

resource "aws_iam_role_policy_attachment" "flow_logs" {
  for_each = merge(var.role_policy_arns, { flow-logs = aws_iam_policy.flow_logs.arn })

  role       = aws_iam_role.flow_logs.name
  policy_arn = each.value
}

resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  log_destination_type     = "cloud-watch-logs"
  log_destination          = aws_cloudwatch_log_group.flow_logs.arn
  iam_role_arn             = aws_iam_role.flow_logs.arn
  max_aggregation_interval = var.flow_log_aggregation_interval

  tags = merge(var.tags, { Name = "vpc-flow-log-${var.suffix}" })

  depends_on = [aws_iam_role_policy_attachment.flow_logs]
}
