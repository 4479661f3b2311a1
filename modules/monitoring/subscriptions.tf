# Subscription filters: log events that match a pattern go to the alert function at once (B7), and all events to the archive.

locals {
  alert_subscriptions   = { for name, subscription in var.log_subscriptions : name => subscription if subscription.filter_pattern != null }
  archive_subscriptions = { for name, subscription in var.log_subscriptions : name => subscription if var.log_archive != null }
}

# One statement per group: a wider one would let anybody's log group in this account call the function.
resource "aws_lambda_permission" "logs" {
  for_each = local.alert_subscriptions

  statement_id   = "AllowLogs-${each.key}"
  action         = "lambda:InvokeFunction"
  function_name  = var.alert_function.name
  qualifier      = var.alert_function.alias
  principal      = "logs.${var.region}.amazonaws.com"
  source_account = var.account_id
  source_arn     = "${local.log_group_prefix}:${each.value.log_group_name}:*"
}

resource "aws_cloudwatch_log_subscription_filter" "alerts" {
  for_each = local.alert_subscriptions

  name            = "subscription-filter-alerts-${each.key}-${var.suffix}"
  log_group_name  = each.value.log_group_name
  filter_pattern  = each.value.filter_pattern
  destination_arn = var.alert_function.arn

  # CloudWatch Logs tries the function before it accepts the filter.
  depends_on = [aws_lambda_permission.logs]
}

resource "aws_cloudwatch_log_subscription_filter" "archive" {
  for_each = local.archive_subscriptions

  name            = "subscription-filter-archive-${each.key}-${var.suffix}"
  log_group_name  = each.value.log_group_name
  filter_pattern  = ""
  destination_arn = aws_kinesis_firehose_delivery_stream.log_archive["this"].arn
  role_arn        = aws_iam_role.log_archive["logs"].arn

  # CloudWatch Logs sends the stream a test record before it accepts the filter.
  depends_on = [aws_iam_role_policy_attachment.log_archive]
}
