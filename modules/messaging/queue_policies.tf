# IAM policies decide who in this account may use a queue. The queue's own policy refuses plain HTTP, and admits S3 for notifications.

data "aws_iam_policy_document" "queue" {
  for_each = var.queues

  source_policy_documents = [data.aws_iam_policy_document.queue_transport["queue-${each.key}"].json]

  # Of the buckets of this deployment only: otherwise anybody's bucket could fill the queue through S3.
  dynamic "statement" {
    for_each = each.value.from_buckets ? [each.key] : []

    content {
      sid       = "AllowBucketsToNotify"
      actions   = ["sqs:SendMessage"]
      resources = [local.queue_arns[statement.value]]

      principals {
        type        = "Service"
        identifiers = ["s3.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [var.account_id]
      }

      condition {
        test     = "ArnLike"
        variable = "aws:SourceArn"
        values   = ["${local.arn_prefix}:s3:::*-${var.account_id}-${var.suffix}"]
      }
    }
  }
}

data "aws_iam_policy_document" "dead_letter_queue" {
  for_each = local.dead_letter_queue_arns

  source_policy_documents = [data.aws_iam_policy_document.queue_transport["queue-${each.key}-dead-letter"].json]
}

data "aws_iam_policy_document" "queue_transport" {
  for_each = merge(
    { for name, arn in local.queue_arns : "queue-${name}" => arn },
    { for name, arn in local.dead_letter_queue_arns : "queue-${name}-dead-letter" => arn },
  )

  statement {
    sid       = "DenyInsecureTransport"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [each.value]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}
