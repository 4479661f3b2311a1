# IAM policies decide who in this account may publish. The topic's own policy refuses plain HTTP, and admits AWS services.

locals {
  publishers = {
    cloudwatch_alarms = {
      sid       = "AllowAlarms"
      principal = "cloudwatch.amazonaws.com"
      conditions = {
        "aws:SourceAccount" = { test = "StringEquals", value = var.account_id }
        "aws:SourceArn"     = { test = "ArnLike", value = "${local.arn_prefix}:cloudwatch:${local.regional}:alarm:*-${var.suffix}" }
      }
    }

    # AWS Config publishes with its recorder's role, and with its own principal where that fails. It names its account, and no
    # resource. AWS does not promise that it delivers to encrypted topics; what its rules find comes through EventBridge, too.
    config = {
      sid       = "AllowConfig"
      principal = "config.amazonaws.com"
      conditions = {
        "aws:SourceAccount" = { test = "StringEquals", value = var.account_id }
      }
    }

    # EventBridge publishes without any condition keys: a condition here would turn every event away, and the only trace would be the
    # rule's FailedInvocations. What stays is that a rule of a stranger who knows the topic's name could write to it.
    eventbridge = {
      sid        = "AllowEventBridge"
      principal  = "events.amazonaws.com"
      conditions = {}
    }
  }

  # All actions that a topic policy may name: SNS refuses sns:*.
  topic_actions = [
    "sns:AddPermission",
    "sns:DeleteTopic",
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "sns:Publish",
    "sns:RemovePermission",
    "sns:SetTopicAttributes",
    "sns:Subscribe",
  ]
}

data "aws_iam_policy_document" "topic" {
  for_each = var.topics

  statement {
    sid       = "DenyInsecureTransport"
    effect    = "Deny"
    actions   = local.topic_actions
    resources = [local.topic_arns[each.key]]

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

  dynamic "statement" {
    for_each = { for publisher in each.value.publishers : publisher => local.publishers[publisher] }

    content {
      sid       = statement.value.sid
      actions   = ["sns:Publish"]
      resources = [local.topic_arns[each.key]]

      principals {
        type        = "Service"
        identifiers = [statement.value.principal]
      }

      dynamic "condition" {
        for_each = statement.value.conditions

        content {
          test     = condition.value.test
          variable = condition.key
          values   = [condition.value.value]
        }
      }
    }
  }
}
