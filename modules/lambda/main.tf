# The functions: Python on Graviton, in the private subnets, encrypted, traced, each with a share of the account's concurrency.

data "aws_partition" "this" {}

locals {
  arn_prefix = "arn:${data.aws_partition.this.partition}"

  names = { for name in keys(var.functions) : name => "lambda-${name}-${var.suffix}" }

  # Built from the names: a role's policy speaks of its function, and must exist before it.
  function_arns = { for name, full in local.names : name => "${local.arn_prefix}:lambda:${var.region}:${var.account_id}:function:${full}" }

  metrics_namespace = "TradingAnalytics/${var.suffix}"

  # POWERTOOLS_* is read by Powertools for AWS Lambda, LOG_LEVEL by everything else.
  common_environment = {
    LOG_LEVEL                    = var.log_level
    PLATFORM_SUFFIX              = var.suffix
    POWERTOOLS_LOG_LEVEL         = var.log_level
    POWERTOOLS_METRICS_NAMESPACE = local.metrics_namespace
  }
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_272:packages come straight from the build that deploys them, and their hash is part of the plan
  for_each = var.functions

  function_name = local.names[each.key]
  description   = each.value.description
  role          = aws_iam_role.this[each.key].arn

  package_type     = "Zip"
  filename         = each.value.package_path
  source_code_hash = each.value.package_hash
  handler          = each.value.handler
  runtime          = var.runtime
  architectures    = ["arm64"]

  memory_size                    = each.value.memory_size_mb
  timeout                        = each.value.timeout_seconds
  reserved_concurrent_executions = each.value.reserved_concurrency

  # Of the environment variables. The package lies under a key of AWS's: provider 5.100 has no argument for another.
  kms_key_arn  = var.kms_key_arn
  skip_destroy = false

  # Every change of code or configuration is a version that can be brought back: see aliases.tf.
  publish = true

  # Lambda gives network interfaces back 20 to 35 minutes late. Moved to the group that stays, they do not hold up the others.
  replace_security_groups_on_destroy = true
  replacement_security_group_ids     = var.replacement_security_group_ids

  environment {
    variables = merge(each.value.environment, local.common_environment, { POWERTOOLS_SERVICE_NAME = each.key })
  }

  ephemeral_storage {
    size = each.value.ephemeral_storage_mb
  }

  vpc_config {
    subnet_ids         = var.subnet_ids
    security_group_ids = each.value.security_group_ids
  }

  dead_letter_config {
    target_arn = var.dead_letter_queue_arn
  }

  logging_config {
    log_format            = "JSON"
    application_log_level = var.log_level
    system_log_level      = "INFO"
    log_group             = aws_cloudwatch_log_group.this[each.key].name
  }

  tracing_config {
    mode = "Active"
  }

  tags = merge(var.tags, { Name = local.names[each.key] })

  # Lambda tries the role's permissions on the network and on the dead-letter queue when the function is made. On destroy the role
  # keeps them until the function is gone: it is Lambda's hand for moving the network interfaces.
  depends_on = [aws_iam_role_policy_attachment.this]
}
