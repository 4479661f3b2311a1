# Key policies: the account administers its keys through IAM, and each AWS service that uses a key on its own behalf gets one
# statement, bound to this account by a condition so that nobody else's resource can make the service use the key.

data "aws_partition" "this" {}

locals {
  arn_prefix = "arn:${data.aws_partition.this.partition}"

  topic_arns = "${local.arn_prefix}:sns:${var.region}:${var.account_id}:*-${var.suffix}"

  # What the names in `grants` stand for. The shapes follow the key policy pages of each service's user guide.
  grant_statements = {
    cloudtrail = {
      grant     = "cloudtrail"
      sid       = "AllowCloudTrailDelivery"
      principal = "cloudtrail.amazonaws.com"
      actions   = ["kms:GenerateDataKey*"]
      conditions = [
        {
          test     = "ArnLike"
          variable = "aws:SourceArn"
          values   = ["${local.arn_prefix}:cloudtrail:${var.region}:${var.account_id}:trail/*-${var.suffix}"]
        },
        {
          test     = "ArnLike"
          variable = "kms:EncryptionContext:aws:cloudtrail:arn"
          values   = ["${local.arn_prefix}:cloudtrail:*:${var.account_id}:trail/*"]
        },
      ]
    }

    # Asked when a trail is made or changed, not for a delivery, so no encryption context comes with it. Decrypt is for buckets with
    # a bucket key.
    cloudtrail_setup = {
      grant     = "cloudtrail"
      sid       = "AllowCloudTrailSetup"
      principal = "cloudtrail.amazonaws.com"
      actions   = ["kms:Decrypt", "kms:DescribeKey"]
      conditions = [
        {
          test     = "ArnLike"
          variable = "aws:SourceArn"
          values   = ["${local.arn_prefix}:cloudtrail:${var.region}:${var.account_id}:trail/*-${var.suffix}"]
        },
      ]
    }

    # Without it an alarm with an encrypted topic fails silently: it changes state without a notification. SNS names the
    # topic in every use of the key, whoever publishes; whether a publisher names its own account differs from service to service.
    cloudwatch_alarms = {
      grant     = "cloudwatch_alarms"
      sid       = "AllowCloudWatchAlarmsToPublish"
      principal = "cloudwatch.amazonaws.com"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
      conditions = [
        {
          test     = "ArnLike"
          variable = "kms:EncryptionContext:aws:sns:topicArn"
          values   = [local.topic_arns]
        },
      ]
    }

    cloudwatch_logs = {
      grant     = "cloudwatch_logs"
      sid       = "AllowCloudWatchLogs"
      principal = "logs.${var.region}.amazonaws.com"
      actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      conditions = [
        {
          test     = "ArnLike"
          variable = "kms:EncryptionContext:aws:logs:arn"
          values   = ["${local.arn_prefix}:logs:${var.region}:${var.account_id}:log-group:*"]
        },
      ]
    }

    config = {
      grant     = "config"
      sid       = "AllowConfigDelivery"
      principal = "config.amazonaws.com"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      conditions = [
        {
          test     = "StringEquals"
          variable = "aws:SourceAccount"
          values   = [var.account_id]
        },
      ]
    }

    eventbridge = {
      grant     = "eventbridge"
      sid       = "AllowEventBridgeToPublish"
      principal = "events.amazonaws.com"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
      conditions = [
        {
          test     = "ArnLike"
          variable = "kms:EncryptionContext:aws:sns:topicArn"
          values   = [local.topic_arns]
        },
      ]
    }

    s3_notifications = {
      grant     = "s3_notifications"
      sid       = "AllowS3ToNotifyQueues"
      principal = "s3.amazonaws.com"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      conditions = [
        {
          test     = "ArnLike"
          variable = "kms:EncryptionContext:aws:sqs:arn"
          values   = ["${local.arn_prefix}:sqs:${var.region}:${var.account_id}:*-${var.suffix}"]
        },
      ]
    }
  }
}

data "aws_iam_policy_document" "this" {
  for_each = var.keys

  # Without the account as administrator a key that lost its users could never be changed or deleted again.
  statement {
    sid       = "AllowAccountAdministration"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["${local.arn_prefix}:iam::${var.account_id}:root"]
    }
  }

  dynamic "statement" {
    for_each = { for name, statement in local.grant_statements : name => statement if contains(each.value.grants, statement.grant) }

    content {
      sid       = statement.value.sid
      actions   = statement.value.actions
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = [statement.value.principal]
      }

      dynamic "condition" {
        for_each = statement.value.conditions

        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
}
