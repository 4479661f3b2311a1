# Key policies: who administers a key, the account, which decides by IAM who uses it, and one statement for each AWS service that
# uses the key on its own behalf, bound to this account by a condition so that nobody else's resource can make the service use it.

data "aws_partition" "this" {}

locals {
  arn_prefix = "arn:${data.aws_partition.this.partition}"

  # ARNs in this account and region, by service: what the conditions below compare with.
  arns = {
    for service, rest in {
      cloudtrail = "trail/*-${var.suffix}"
      logs       = "log-group:*"
      sns        = "*-${var.suffix}"
      sqs        = "*-${var.suffix}"
    } : service => "${local.arn_prefix}:${service}:${var.region}:${var.account_id}:${rest}"
  }

  # Without the account as administrator a key that lost its users could never be changed or deleted again. Where administrators are
  # named, the account keeps the use of the key only, and they keep it changeable.
  owner_statements = length(var.administrator_arns) == 0 ? {
    AllowAccountAdministration = { actions = ["kms:*"], principals = ["${local.arn_prefix}:iam::${var.account_id}:root"] }
    } : {
    AllowAdministrators = {
      actions = [
        "kms:CancelKeyDeletion",
        "kms:CreateAlias",
        "kms:DeleteAlias",
        "kms:Describe*",
        "kms:DisableKey*",
        "kms:EnableKey*",
        "kms:Get*",
        "kms:List*",
        "kms:PutKeyPolicy",
        "kms:RevokeGrant",
        "kms:RotateKeyOnDemand",
        "kms:ScheduleKeyDeletion",
        "kms:TagResource",
        "kms:UntagResource",
        "kms:UpdateAlias",
        "kms:UpdateKeyDescription",
      ]
      principals = sort(var.administrator_arns)
    }
    AllowAccountUse = {
      actions    = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      principals = ["${local.arn_prefix}:iam::${var.account_id}:root"]
    }
  }

  # What the names in `grants` stand for, by the statement's id; conditions by "<test> <key>". The shapes follow the key policy pages of
  # each service's user guide.
  service_statements = {
    AllowCloudTrailDelivery = {
      grant     = "cloudtrail"
      principal = "cloudtrail.amazonaws.com"
      actions   = ["kms:GenerateDataKey*"]
      conditions = {
        "ArnLike aws:SourceArn"                            = local.arns.cloudtrail
        "ArnLike kms:EncryptionContext:aws:cloudtrail:arn" = "${local.arn_prefix}:cloudtrail:*:${var.account_id}:trail/*"
      }
    }

    # Asked when a trail is made or changed, not for a delivery, so no encryption context comes with it. Decrypt is for buckets with
    # a bucket key.
    AllowCloudTrailSetup = {
      grant      = "cloudtrail"
      principal  = "cloudtrail.amazonaws.com"
      actions    = ["kms:Decrypt", "kms:DescribeKey"]
      conditions = { "ArnLike aws:SourceArn" = local.arns.cloudtrail }
    }

    # Without it an alarm with an encrypted topic fails silently: it changes state without a notification. SNS names the
    # topic in every use of the key, whoever publishes; whether a publisher names its own account differs from service to service.
    AllowCloudWatchAlarmsToPublish = {
      grant      = "cloudwatch_alarms"
      principal  = "cloudwatch.amazonaws.com"
      actions    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      conditions = { "ArnLike kms:EncryptionContext:aws:sns:topicArn" = local.arns.sns }
    }

    AllowCloudWatchLogs = {
      grant      = "cloudwatch_logs"
      principal  = "logs.${var.region}.amazonaws.com"
      actions    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      conditions = { "ArnLike kms:EncryptionContext:aws:logs:arn" = local.arns.logs }
    }

    AllowConfigDelivery = {
      grant      = "config"
      principal  = "config.amazonaws.com"
      actions    = ["kms:Decrypt", "kms:GenerateDataKey"]
      conditions = { "StringEquals aws:SourceAccount" = var.account_id }
    }

    AllowEventBridgeToPublish = {
      grant      = "eventbridge"
      principal  = "events.amazonaws.com"
      actions    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      conditions = { "ArnLike kms:EncryptionContext:aws:sns:topicArn" = local.arns.sns }
    }

    AllowS3ToNotifyQueues = {
      grant      = "s3_notifications"
      principal  = "s3.amazonaws.com"
      actions    = ["kms:Decrypt", "kms:GenerateDataKey"]
      conditions = { "ArnLike kms:EncryptionContext:aws:sqs:arn" = local.arns.sqs }
    }
  }
}

data "aws_iam_policy_document" "this" {
  for_each = var.keys

  dynamic "statement" {
    for_each = local.owner_statements

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = ["*"]

      principals {
        type        = "AWS"
        identifiers = statement.value.principals
      }
    }
  }

  dynamic "statement" {
    for_each = { for sid, statement in local.service_statements : sid => statement if contains(each.value.grants, statement.grant) }

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = [statement.value.principal]
      }

      dynamic "condition" {
        for_each = statement.value.conditions

        content {
          test     = split(" ", condition.key)[0]
          variable = split(" ", condition.key)[1]
          values   = [condition.value]
        }
      }
    }
  }
}
