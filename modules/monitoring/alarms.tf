# Every alarm, from tables: alarms_compute.tf, alarms_data.tf, alarms_delivery.tf and trail.tf. What a table leaves out:
#   comparison  GreaterThanOrEqualToThreshold
#   period      300 s: finer periods catch little more, and wake people for blips
#   periods     1 of 1; `datapoints` of `periods` where one value means nothing
#   recovers    true: a mail also when the alarm ends

locals {
  alarms = merge(
    local.function_alarms,
    local.api_alarms,
    local.queue_alarms,
    local.database_alarms,
    local.table_alarms,
    local.network_alarms,
    local.delivery_alarms,
    local.trail_alarms,
  )

  alarm_arns = { for name in keys(local.alarms) : name => "${local.arn_prefix}:cloudwatch:${var.region}:${var.account_id}:alarm:alarm-${name}-${var.suffix}" }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "alarm-${each.key}-${var.suffix}"
  alarm_description   = each.value.description
  comparison_operator = try(each.value.comparison, "GreaterThanOrEqualToThreshold")
  threshold           = each.value.threshold
  evaluation_periods  = try(each.value.periods, 1)
  datapoints_to_alarm = try(each.value.datapoints, each.value.periods, 1)
  treat_missing_data  = each.value.missing

  # Either one metric ...
  namespace          = try(each.value.metric.namespace, null)
  metric_name        = try(each.value.metric.name, null)
  dimensions         = try(each.value.metric.dimensions, null)
  statistic          = try(each.value.metric.statistic, null)
  extended_statistic = try(each.value.metric.percentile, null)
  period             = can(each.value.metric) ? 300 : null

  # A percentile of a handful of calls is the slowest of them.
  evaluate_low_sample_count_percentiles = can(each.value.metric.percentile) ? "ignore" : null

  # ... or an expression over several.
  dynamic "metric_query" {
    for_each = try(each.value.metrics, {})

    content {
      id          = metric_query.key
      return_data = false

      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.name
        dimensions  = metric_query.value.dimensions
        stat        = metric_query.value.statistic
        period      = 300
      }
    }
  }

  dynamic "metric_query" {
    for_each = can(each.value.expression) ? [each.value.expression] : []

    content {
      id          = "result"
      label       = metric_query.value.label
      expression  = metric_query.value.formula
      period      = try(metric_query.value.period, null)
      return_data = true
    }
  }

  # Missing data is reported, too (Config rule CLOUDWATCH_ALARM_ACTION_CHECK), except by alarms that treat it as healthy.
  alarm_actions             = [var.topic_arn]
  insufficient_data_actions = [var.topic_arn]
  ok_actions                = try(each.value.recovers, true) ? [var.topic_arn] : []

  tags = merge(var.tags, { Name = "alarm-${each.key}-${var.suffix}" })

  # Without its filter the metric of an alarm would have no data.
  depends_on = [aws_cloudwatch_log_metric_filter.this]
}
