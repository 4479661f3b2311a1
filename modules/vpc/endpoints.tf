# Gateway endpoints: free, and S3 and DynamoDB traffic stays off the NAT gateway. An interface endpoint would cost 21.90 USD a
# month over three zones, so the other services are reached through the NAT gateway. Each policy admits this account's callers
# to this deployment's buckets and tables only: stolen credentials of another account move no data out this way.

locals {
  endpoints = {
    dynamodb = {
      sid = "AllowOwnTables"
      actions = [
        "dynamodb:BatchGetItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:ConditionCheckItem",
        "dynamodb:DeleteItem",
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "dynamodb:UpdateItem",
      ]
      resources = [
        "${local.arn_prefix}:dynamodb:${var.region}:${var.account_id}:table/*-${var.suffix}",
        "${local.arn_prefix}:dynamodb:${var.region}:${var.account_id}:table/*-${var.suffix}/index/*",
      ]
      accounts = ["aws:PrincipalAccount"]
    }
    s3 = {
      sid = "AllowOwnBuckets"
      actions = [
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetBucketLocation",
        "s3:GetObject",
        "s3:GetObjectTagging",
        "s3:GetObjectVersion",
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
        "s3:PutObjectTagging",
      ]
      resources = [
        "${local.arn_prefix}:s3:::*-${var.account_id}-${var.suffix}",
        "${local.arn_prefix}:s3:::*-${var.account_id}-${var.suffix}/*",
      ]

      # The ARN of a bucket names no account.
      accounts = ["aws:PrincipalAccount", "aws:ResourceAccount"]
    }
  }
}

data "aws_iam_policy_document" "endpoint" {
  for_each = local.endpoints

  statement {
    sid       = each.value.sid
    actions   = each.value.actions
    resources = each.value.resources

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    dynamic "condition" {
      for_each = each.value.accounts

      content {
        test     = "StringEquals"
        variable = condition.value
        values   = [var.account_id]
      }
    }
  }
}

resource "aws_vpc_endpoint" "this" {
  for_each = local.endpoints

  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${var.region}.${each.key}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.this["private"].id]
  policy            = data.aws_iam_policy_document.endpoint[each.key].json

  tags = merge(var.tags, { Name = "vpc-endpoint-${each.key}-${var.suffix}" })
}
