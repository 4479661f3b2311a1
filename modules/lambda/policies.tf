# The policy of each execution role. No logs:CreateLogGroup: see logs.tf.

locals {
  ec2_arn_prefix = "${local.arn_prefix}:ec2:${var.region}:${var.account_id}"

  # The ids of the statements below, which a function's own statements cannot take.
  own_statements = [
    "AllowDeadLetterEncryption",
    "AllowDeadLetters",
    "AllowEnvironmentDecryption",
    "AllowLogs",
    "AllowNetworkInterfaceChange",
    "AllowNetworkInterfaceCreation",
    "AllowNetworkLookup",
    "AllowQueueDecryption",
    "AllowQueues",
    "AllowTracing",
    "DenyNetworkToFunctionCode",
  ]
}

data "aws_iam_policy_document" "execution" {
  for_each = var.functions

  statement {
    sid       = "AllowLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.arn_prefix}:logs:${var.region}:${var.account_id}:log-group:/aws/lambda/${local.names[each.key]}:*"]
  }

  # X-Ray does not support resources for writing.
  statement {
    sid       = "AllowTracing"
    actions   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    resources = ["*"]
  }

  statement {
    sid       = "AllowEnvironmentDecryption"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["lambda.${var.region}.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "kms:EncryptionContext:aws:lambda:FunctionArn"
      values   = local.calling_arns[each.key]
    }
  }

  statement {
    sid       = "AllowDeadLetters"
    actions   = ["sqs:SendMessage"]
    resources = [var.dead_letter_queue_arn]
  }

  # SQS asks for both when a message is sent: a new data key, and the check of it.
  statement {
    sid       = "AllowDeadLetterEncryption"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.queues_kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sqs.${var.region}.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:aws:sqs:arn"
      values   = [var.dead_letter_queue_arn]
    }
  }

  dynamic "statement" {
    for_each = length(each.value.queues) > 0 ? ["queues"] : []

    content {
      sid       = "AllowQueues"
      actions   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
      resources = [for queue in values(each.value.queues) : queue.queue_arn]
    }
  }

  dynamic "statement" {
    for_each = length(each.value.queues) > 0 ? ["queues"] : []

    content {
      sid       = "AllowQueueDecryption"
      actions   = ["kms:Decrypt"]
      resources = [var.queues_kms_key_arn]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["sqs.${var.region}.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "kms:EncryptionContext:aws:sqs:arn"
        values   = [for queue in values(each.value.queues) : queue.queue_arn]
      }
    }
  }

  # EC2 does not support resources for descriptions.
  statement {
    sid       = "AllowNetworkLookup"
    actions   = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
    resources = ["*"]
  }

  # The replacement groups are among them because destroy moves the function there, and Lambda then checks the role again.
  statement {
    sid     = "AllowNetworkInterfaceCreation"
    actions = ["ec2:CreateNetworkInterface"]
    resources = concat(
      ["${local.ec2_arn_prefix}:network-interface/*"],
      [for id in distinct(concat(each.value.security_group_ids, var.replacement_security_group_ids)) : "${local.ec2_arn_prefix}:security-group/${id}"],
      [for id in var.subnet_ids : "${local.ec2_arn_prefix}:subnet/${id}"],
    )
  }

  # Lambda refuses a role whose permission to delete is narrowed to network interfaces: it asks for every kind of resource.
  statement {
    sid       = "AllowNetworkInterfaceChange"
    actions   = ["ec2:AssignPrivateIpAddresses", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"]
    resources = ["${local.ec2_arn_prefix}:*/*"]
  }

  # The service manages the interfaces. Only calls from the function's code carry its ARN.
  statement {
    sid    = "DenyNetworkToFunctionCode"
    effect = "Deny"
    actions = [
      "ec2:AssignPrivateIpAddresses",
      "ec2:CreateNetworkInterface",
      "ec2:DeleteNetworkInterface",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets",
      "ec2:DetachNetworkInterface",
      "ec2:UnassignPrivateIpAddresses",
    ]
    resources = ["*"]

    condition {
      test     = "ArnEquals"
      variable = "lambda:SourceFunctionArn"
      values   = local.calling_arns[each.key]
    }
  }

  dynamic "statement" {
    for_each = each.value.policy_statements

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources

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
