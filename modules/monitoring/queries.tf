# Saved queries of CloudWatch Logs Insights: the first question after each kind of alarm.

locals {
  queries = merge(
    {
      function-errors = {
        log_group_names = values(local.function_log_group_names)
        query           = <<-EOT
          fields @timestamp, @log, coalesce(level, "PLATFORM") as severity, message, errorType, errorMessage, function_request_id, requestId
          | filter level in ["ERROR", "CRITICAL"] or @message like /Task timed out|Runtime exited|is not authorized to perform/
          | sort @timestamp desc
          | limit 200
        EOT
      }
      function-durations = {
        log_group_names = values(local.function_log_group_names)
        query           = <<-EOT
          filter type = "platform.report"
          | stats count() as invocations, pct(record.metrics.durationMs, 95) as p95_ms, max(record.metrics.durationMs) as longest_ms, max(record.metrics.initDurationMs) as longest_start_ms, max(record.metrics.maxMemoryUsedMB) as memory_mb by @log, bin(15m)
          | sort longest_ms desc
        EOT
      }
    },
    {
      for name in ["api-refused"] : name => {
        log_group_names = [var.api.access_log_group_name]
        query           = <<-EOT
          filter status = 403 or status = 429
          | fields @timestamp, status, @message
          | sort @timestamp desc
          | limit 200
        EOT
      } if var.api.access_log_group_name != null
    },
    {
      for name, query in {
        trail-changes = <<-EOT
          filter eventName not like /^(Describe|Get|Head|List|Lookup)/ and eventSource in ["cloudtrail.amazonaws.com", "config.amazonaws.com", "ec2.amazonaws.com", "iam.amazonaws.com", "kms.amazonaws.com", "s3.amazonaws.com"]
          | fields @timestamp, userIdentity.arn, sourceIPAddress, eventSource, eventName, errorCode, requestParameters.roleName, requestParameters.bucketName, requestParameters.groupId
          | sort @timestamp desc
          | limit 200
        EOT
        trail-refused = <<-EOT
          filter errorCode like /UnauthorizedOperation|AccessDenied/ or errorMessage = "Failed authentication"
          | stats count() as attempts, earliest(@timestamp) as first_seen, latest(@timestamp) as last_seen by userIdentity.arn, sourceIPAddress, eventSource, eventName
          | sort attempts desc
        EOT
        } : name => {
        log_group_names = [var.trail_log_group_name]
        query           = query
      } if var.trail_log_group_name != null
    },
  )
}

resource "aws_cloudwatch_query_definition" "this" {
  for_each = local.queries

  name            = "query-${each.key}-${var.suffix}"
  log_group_names = each.value.log_group_names
  query_string    = each.value.query
}
