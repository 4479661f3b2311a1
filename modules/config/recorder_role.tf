# The recorder's role: AWS's own policy to read the configuration of every supported resource, and the delivery, which that
# policy leaves out.

locals {
  # The recorder may be ours while the channel and its bucket are another's; then there is nothing to deliver to.
  recorder_delivers = var.create_recorder && var.create_delivery_channel
}

data "aws_iam_policy_document" "recorder_trust" {
  # AWS Config sends no source ARN when it takes a recorder's role.
  statement {
    sid     = "AllowConfigOfThisAccount"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["config.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

data "aws_iam_policy_document" "delivery" {
  statement {
    sid       = "AllowDelivery"
    actions   = ["s3:PutObject", "s3:PutObjectAcl"]
    resources = ["${local.bucket_arns["config"]}/AWSLogs/${var.account_id}/Config/*"]

    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-acl"
      values   = ["bucket-owner-full-control"]
    }
  }

  statement {
    sid       = "AllowBucketCheck"
    actions   = ["s3:GetBucketAcl", "s3:ListBucket"]
    resources = [local.bucket_arns["config"]]
  }

  statement {
    sid       = "AllowBucketKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.audit_key_arn]
  }

  dynamic "statement" {
    for_each = var.topic_arn == null ? [] : [var.topic_arn]

    content {
      sid       = "AllowNotifications"
      actions   = ["sns:Publish"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    for_each = var.topic_kms_key_arn == null ? [] : [var.topic_kms_key_arn]

    content {
      sid       = "AllowTopicKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

# No permissions boundary by default: it would have to repeat AWS's list of reads of hundreds of services, which grows every
# month. The deny of unused regions in role_policy_arns binds this role as it binds the others.
resource "aws_iam_role" "recorder" {
  count = var.create_recorder ? 1 : 0

  name                  = "iam-role-config-recorder-${var.suffix}"
  description           = "Lets AWS Config read the configuration of the account and deliver it"
  assume_role_policy    = data.aws_iam_policy_document.recorder_trust.json
  permissions_boundary  = var.recorder_permissions_boundary_arn
  force_detach_policies = true

  tags = merge(var.tags, { Name = "iam-role-config-recorder-${var.suffix}" })
}

resource "aws_iam_policy" "delivery" {
  count = local.recorder_delivers ? 1 : 0

  name        = "iam-policy-config-delivery-${var.suffix}"
  description = "Delivery of AWS Config to its bucket and topic"
  policy      = data.aws_iam_policy_document.delivery.json

  tags = merge(var.tags, { Name = "iam-policy-config-delivery-${var.suffix}" })
}

resource "aws_iam_role_policy_attachment" "recorder" {
  for_each = var.create_recorder ? merge(
    var.role_policy_arns,
    { aws-config = "${local.arn_prefix}:iam::aws:policy/service-role/AWS_ConfigRole" },
    local.recorder_delivers ? { delivery = aws_iam_policy.delivery[0].arn } : {},
  ) : {}

  role       = aws_iam_role.recorder[0].name
  policy_arn = each.value
}
