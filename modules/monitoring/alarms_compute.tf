# Alarms of the functions and the API. A function or an API that nobody calls reports nothing, and that is no fault:
# missing data is not breaching in all of them.

locals {
  # Metric ids must not contain hyphens.
  function_metric_ids = { for name in keys(var.functions) : name => "f_${replace(name, "-", "_")}" }

  function_alarms = merge(
    {
      for name, function in var.functions : "function-${name}-errors" => {
        description = "Invocations of ${function.function_name} failed: an exception, a timeout or a crash. The saved query query-function-errors-${var.suffix} shows the tracebacks."
        metric      = { namespace = "AWS/Lambda", name = "Errors", statistic = "Sum", dimensions = { FunctionName = function.function_name } }
        threshold   = var.thresholds.function_errors
        missing     = "notBreaching"
      }
    },
    {
      # FILL, because a sum of metrics has no value where one of them has none. Data that arrives late was filled before, so that
      # the last three periods are looked at again.
      functions-throttled = {
        description = "Lambda turned invocations away: the functions' reserved concurrency or the account's limit is used up."
        metrics = {
          for name, function in var.functions : local.function_metric_ids[name] => {
            namespace = "AWS/Lambda", name = "Throttles", statistic = "Sum", dimensions = { FunctionName = function.function_name }
          }
        }
        expression = {
          label   = "Throttled invocations of all functions"
          formula = join(" + ", [for id in values(local.function_metric_ids) : "FILL(${id}, 0)"])
        }
        threshold  = 1
        periods    = 3
        datapoints = 1
        missing    = "notBreaching"
      }

      functions-slow = {
        description = "At least one function came within ${100 - var.thresholds.function_duration_percent} % of its timeout; what runs longer is cut off. The saved query query-function-durations-${var.suffix} shows which and when."
        metrics = {
          for name, function in var.functions : local.function_metric_ids[name] => {
            namespace = "AWS/Lambda", name = "Duration", statistic = "Maximum", dimensions = { FunctionName = function.function_name }
          }
        }
        expression = {
          label = "Functions close to their timeout"
          formula = join(" + ", [
            for name, function in var.functions :
            "(FILL(${local.function_metric_ids[name]}, 0) >= ${function.timeout_seconds * 10 * var.thresholds.function_duration_percent})"
          ])
        }
        threshold  = 1
        periods    = 3
        datapoints = 1
        missing    = "notBreaching"
      }

      application-errors = {
        description = "Functions logged errors that did not end the invocation as well as those that did. The saved query query-function-errors-${var.suffix} lists them."
        metric      = { namespace = local.metric_namespace, name = "ApplicationErrors", statistic = "Sum", dimensions = {} }
        threshold   = var.thresholds.application_errors
        missing     = "notBreaching"
      }

      application-denied = {
        description = "IAM refused a call of a function: the region guardrail, its boundary, or a permission that its role lacks. Either the code does what it should not, or the role is incomplete."
        metric      = { namespace = local.metric_namespace, name = "DeniedCalls", statistic = "Sum", dimensions = {} }
        threshold   = var.thresholds.denied_calls
        missing     = "notBreaching"
      }
    },
  )

  api_dimensions = { ApiName = var.api.name, Stage = var.api.stage }

  api_alarms = merge(
    {
      api-server-errors = {
        description = "The API ${var.api.name} answered with 5xx: a function failed, timed out or was throttled behind it."
        metric      = { namespace = "AWS/ApiGateway", name = "5XXError", statistic = "Sum", dimensions = local.api_dimensions }
        threshold   = var.thresholds.api_server_errors
        missing     = "notBreaching"
      }

      # A rate, and only with enough calls: a single failed call at night must not count as 100 %.
      api-client-errors = {
        description = "More than ${var.thresholds.api_client_error_percent} % of the calls to the API ${var.api.name} ended in 4xx: a client is broken, or somebody is probing."
        metrics = {
          calls  = { namespace = "AWS/ApiGateway", name = "Count", statistic = "Sum", dimensions = local.api_dimensions }
          errors = { namespace = "AWS/ApiGateway", name = "4XXError", statistic = "Sum", dimensions = local.api_dimensions }
        }
        expression = {
          label   = "4xx answers in percent of at least 50 calls"
          formula = "IF(calls >= 50, 100 * errors / calls, 0)"
        }
        threshold  = var.thresholds.api_client_error_percent
        periods    = 3
        datapoints = 2
        missing    = "notBreaching"
      }

      api-latency = {
        description = "One call in twenty to the API ${var.api.name} took longer than ${var.thresholds.api_latency_p95_milliseconds} ms. Compare the functions' durations and the database's load on ${local.dashboard_name}."
        metric      = { namespace = "AWS/ApiGateway", name = "Latency", percentile = "p95", dimensions = local.api_dimensions }
        threshold   = var.thresholds.api_latency_p95_milliseconds
        periods     = 3
        datapoints  = 3
        missing     = "notBreaching"
      }
    },
    {
      for name, alarm in {
        api-refused-calls = {
          description = "The API ${var.api.name} turned calls away, without a valid key (403) or over the limit (429). The saved query query-api-refused-${var.suffix} shows which, and from where."
          metric      = { namespace = local.metric_namespace, name = "RefusedCalls", statistic = "Sum", dimensions = {} }
          threshold   = var.thresholds.api_refused_calls
          missing     = "notBreaching"
        }
      } : name => alarm if var.api.access_log_group_name != null
    },
  )
}
