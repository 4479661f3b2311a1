# The dashboard: what is wrong first, then the way of a request through the platform. CloudWatch lays the widgets out by itself
# in rows of 24 columns. AWS's first three dashboards per account are free.

locals {
  dashboard_name = "dashboard-${var.suffix}"

  # A chart: title, width in columns, metrics. Each metric is a list of namespace, name, dimensions and how to draw it.
  charts = concat(
    [
      {
        title = "API: calls and answers", width = 8
        metrics = [
          for metric, label in { Count = "calls", "4XXError" = "4xx", "5XXError" = "5xx" } :
          ["AWS/ApiGateway", metric, "ApiName", var.api.name, "Stage", var.api.stage, { stat = "Sum", label = label }]
        ]
      },
      {
        title = "API: latency (ms)", width = 8
        metrics = [
          for stat in ["p50", "p95", "p99"] :
          ["AWS/ApiGateway", "Latency", "ApiName", var.api.name, "Stage", var.api.stage, { stat = stat, label = stat }]
        ]
      },
      {
        title = "Out of the logs", width = 8
        metrics = [
          for metric, label in { ApplicationErrors = "errors logged", DeniedCalls = "denied by IAM", RefusedCalls = "calls refused by the API" } :
          [local.metric_namespace, metric, { stat = "Sum", label = label }]
        ]
      },
      {
        title   = "Functions: invocations", width = 8
        metrics = [for name, function in var.functions : ["AWS/Lambda", "Invocations", "FunctionName", function.function_name, { stat = "Sum", label = name }]]
      },
      {
        title = "Functions: errors and throttles", width = 8
        metrics = flatten([
          for metric, label in { Errors = "errors", Throttles = "throttled" } : [
            for name, function in var.functions : { row = ["AWS/Lambda", metric, "FunctionName", function.function_name, { stat = "Sum", label = "${name}: ${label}" }] }
          ]
        ])[*].row
      },
      {
        title   = "Functions: longest duration (ms)", width = 8
        metrics = [for name, function in var.functions : ["AWS/Lambda", "Duration", "FunctionName", function.function_name, { stat = "Maximum", label = name }]]
      },
    ],
    [
      for chart in [
        {
          title   = "Queues: oldest message (s)", width = 12
          metrics = [for name, queue in var.queues : ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue.queue_name, { stat = "Maximum", label = name }]]
        },
        {
          title   = "Dead letters", width = 12
          metrics = [for name, queue_name in var.dead_letter_queue_names : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue_name, { stat = "Maximum", label = name }]]
        },
      ] : chart if length(chart.metrics) > 0
    ],
    [
      {
        title = "Aurora: load at largest capacity (%)", width = 8
        metrics = [
          for metric, label in { ACUUtilization = "capacity", CPUUtilization = "CPU" } :
          ["AWS/RDS", metric, "DBClusterIdentifier", var.cluster_identifier, { stat = "Maximum", label = label }]
        ]
      },
      {
        title   = "Aurora: connections", width = 8
        metrics = [["AWS/RDS", "DatabaseConnections", "DBClusterIdentifier", var.cluster_identifier, { stat = "Maximum", label = "connections" }]]
      },
      {
        title   = "Aurora: age of what readers show (ms)", width = 8
        metrics = [["AWS/RDS", "AuroraReplicaLagMaximum", "DBClusterIdentifier", var.cluster_identifier, { stat = "Maximum", label = "replica lag" }]]
      },
    ],
    [
      for chart in [
        {
          title = "Tables: capacity units used", width = 12
          metrics = flatten([
            for metric, label in { ConsumedReadCapacityUnits = "read", ConsumedWriteCapacityUnits = "written" } : [
              for name, table_name in var.table_names : { row = ["AWS/DynamoDB", metric, "TableName", table_name, { stat = "Sum", label = "${name}: ${label}" }] }
            ]
          ])[*].row
        },
      ] : chart if length(chart.metrics) > 0
    ],
    [
      {
        title = "NAT gateway: bytes", width = 12
        metrics = [
          for metric, label in { BytesOutToDestination = "out", BytesInFromDestination = "in" } :
          ["AWS/NATGateway", metric, "NatGatewayId", var.nat_gateway_id, { stat = "Sum", label = label }]
        ]
      },
    ],
    [
      for chart in [
        {
          title = "Security events of the account", width = 12
          metrics = [
            for metric in sort(distinct(values(local.trail_events)[*].metric)) : [local.metric_namespace, metric, { stat = "Sum" }]
          ]
        },
      ] : chart if var.trail_log_group_name != null
    ],
    [
      for name in keys(local.log_archive) : {
        title = "Log archive: age of the oldest event not stored (s)", width = 12
        metrics = [
          ["AWS/Firehose", "DeliveryToS3.DataFreshness", "DeliveryStreamName", local.log_archive_name, { stat = "Maximum", label = "age" }],
        ]
      }
    ],
  )

  dashboard = {
    widgets = concat(
      [
        {
          type       = "text", width = 24, height = 2
          properties = { markdown = "# Deployment ${var.suffix}\nAlarms go to `${element(split(":", var.topic_arn), 5)}`. The saved queries whose names end in `-${var.suffix}` answer the first questions." }
        },
        {
          type       = "alarm", width = 24, height = 6
          properties = { title = "Alarms", alarms = [for name in sort(keys(local.alarm_arns)) : local.alarm_arns[name]] }
        },
      ],
      [
        for chart in local.charts : {
          type = "metric", width = chart.width, height = 6
          properties = {
            title   = chart.title
            region  = var.region
            view    = "timeSeries"
            stacked = false
            period  = 300
            metrics = chart.metrics
          }
        }
      ],
      [
        {
          type = "log", width = 24, height = 8
          properties = {
            title  = "Latest errors of the functions"
            region = var.region
            view   = "table"
            query  = "${join(" | ", [for group in values(local.function_log_group_names) : "SOURCE '${group}'"])} | ${chomp(local.queries["function-errors"].query)}"
          }
        },
      ],
    )
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = local.dashboard_name
  dashboard_body = jsonencode(local.dashboard)
}
