# Metrics made from the logs of the functions and of the API. None has a default value: a metric without data costs nothing, and
# the alarms take silence for health. None has dimensions: CloudWatch would count only the events that carry the field.

locals {
  application_filters = merge(
    # What the code logs as an error, whether or not the invocation failed.
    {
      for name, group in local.function_log_group_names : "errors-${name}" => {
        log_group_name = group
        metric         = "ApplicationErrors"
        pattern        = "{ ($.level = \"ERROR\") || ($.level = \"CRITICAL\") }"
      }
    },

    # Calls to AWS that IAM refused: the region guardrail, a boundary, or a role that lacks something. The words of the error
    # reach the log in a message or a traceback, so that no field can be named.
    {
      for name, group in local.function_log_group_names : "denied-${name}" => {
        log_group_name = group
        metric         = "DeniedCalls"
        pattern        = "?\"is not authorized to perform\" ?AccessDenied ?AccessDeniedException ?UnauthorizedOperation"
      }
    },

    # API Gateway's own metrics put 403 (no valid key), 429 (over the limit) and 404 into one number. The status is compared as
    # number and as text, since an access log format may write either.
    {
      for name, status in { forbidden = 403, throttled = 429 } : "api-${name}" => {
        log_group_name                = var.api.access_log_group_name
        metric                        = "RefusedCalls"
        pattern                       = "{ ($.status = ${status}) || ($.status = \"${status}\") }"
      } if var.api.access_log_group_name != null
    },
  )

  metric_filters = merge(local.application_filters, local.trail_filters)
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = local.metric_filters

  name           = "metric-filter-${each.key}-${var.suffix}"
  log_group_name = each.value.log_group_name
  pattern        = each.value.pattern

  metric_transformation {
    name      = each.value.metric
    namespace = local.metric_namespace
    value     = "1"
    unit      = "Count"
  }
}
