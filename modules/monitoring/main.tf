# Monitoring of a deployment: metrics from logs, alarms, a dashboard, saved queries, alerts from log events, events of
# noncompliant rules, and the archive that keeps logs for as long as PCI DSS requires.

data "aws_partition" "this" {}

locals {
  arn_prefix       = "arn:${data.aws_partition.this.partition}"
  log_group_prefix = "${local.arn_prefix}:logs:${var.region}:${var.account_id}:log-group"

  # Metrics of its own, so that two deployments in one account never count into each other's alarms.
  metric_namespace = "TradingAnalytics/${var.suffix}"

  function_log_group_names = { for name, function in var.functions : name => "/aws/lambda/${function.function_name}" }
}
