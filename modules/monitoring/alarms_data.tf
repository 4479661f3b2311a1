# Alarms of the queues, the database and the tables.

locals {
  # SQS stops reporting a queue that was empty and untouched for six hours: missing data is not breaching.
  queue_alarms = merge(
    {
      for name, queue in var.queues : "queue-${name}-age" => {
        description = "A message has waited in ${queue.queue_name} for more than ${queue.maximum_age_seconds} s: its consumer fails, is throttled, or is too slow."
        metric      = { namespace = "AWS/SQS", name = "ApproximateAgeOfOldestMessage", statistic = "Maximum", dimensions = { QueueName = queue.queue_name } }
        threshold   = queue.maximum_age_seconds
        missing     = "notBreaching"
      }
    },
    {
      for name, queue_name in var.dead_letter_queue_names : "dead-letters-${name}" => {
        description = "Messages lie in ${queue_name}: every attempt to process them failed. Mend the cause, then redrive the queue."
        metric      = { namespace = "AWS/SQS", name = "ApproximateNumberOfMessagesVisible", statistic = "Maximum", dimensions = { QueueName = queue_name } }
        threshold   = 1
        missing     = "notBreaching"
      }
    },
  )

  # Aurora PostgreSQL derives max_connections from the largest capacity: 189 at 1 ACU, a little more per ACU above. With a
  # smallest capacity of 0 or 0.5 ACU it is 2000 at most, so 2000 is safe for all.
  database_max_connections = min(189 * var.database_max_capacity, 2000)
  database_dimensions      = { DBClusterIdentifier = var.cluster_identifier }

  # A cluster that pauses or fails over reports nothing for a while. Silence neither raises an alarm nor ends one: "ignore".
  # CPU and memory are relative to the largest capacity, so they mean the same at every size.
  database_alarms = {
    for name, alarm in {
      capacity = {
        description = "Aurora is close to the largest capacity it may scale to. If the load is meant, raise the maximum; if not, look for the query in Performance Insights."
        metric      = { name = "ACUUtilization", statistic = "Maximum" }
        threshold   = var.thresholds.database_capacity_percent
      }
      connections = {
        description = "Aurora's connections come close to what its largest capacity allows: functions open more than they close, or run in larger numbers than planned."
        metric      = { name = "DatabaseConnections", statistic = "Maximum" }
        threshold   = floor(local.database_max_connections * var.thresholds.database_connections_percent / 100)
      }
      cpu = {
        description = "Aurora's processors are busy at its largest capacity: it cannot scale any further. Look for the query in Performance Insights."
        metric      = { name = "CPUUtilization", statistic = "Maximum" }
        threshold   = var.thresholds.database_cpu_percent
      }
      memory = {
        description = "Aurora has little memory left at its largest capacity: queries will spill to disk, or the instance will restart."
        metric      = { name = "FreeableMemory", statistic = "Minimum" }
        threshold   = floor(2147483648 * var.database_max_capacity * var.thresholds.database_free_memory_percent / 100)
        comparison  = "LessThanOrEqualToThreshold"
      }
      replica-lag = {
        description = "Aurora's readers show data that is older than ${var.thresholds.database_replica_lag_milliseconds} ms: analytics read the past, and a failover takes longer."
        metric      = { name = "AuroraReplicaLagMaximum", statistic = "Maximum" }
        threshold   = var.thresholds.database_replica_lag_milliseconds
      }
      } : "database-${name}" => merge(alarm, {
        metric     = merge(alarm.metric, { namespace = "AWS/RDS", dimensions = local.database_dimensions })
        periods    = 3
        datapoints = 3
        missing    = "ignore"
    })
  }

  # DynamoDB reports throttles and errors only where there were any: missing data is not breaching.
  table_alarms = merge(
    {
      for name, table_name in var.table_names : "table-${name}-throttled" => {
        description = "DynamoDB turned requests to ${table_name} away: one key takes most of the traffic, or traffic more than doubled within half an hour."
        metrics = {
          for id, metric in { reads = "ReadThrottleEvents", writes = "WriteThrottleEvents" } : id => {
            namespace               = "AWS/DynamoDB", name = metric, statistic = "Sum", dimensions = { TableName = table_name }
          }
        }
        expression = {
          label   = "Throttled reads and writes"
          formula = "FILL(reads, 0) + FILL(writes, 0)"
        }
        threshold  = 1
        periods    = 3
        datapoints = 1
        missing    = "notBreaching"
      }
    },
    {
      # DynamoDB counts these per operation only. The query reads what exists of them, where one metric for each would cost ten
      # times as much.
      for name, table_name in var.table_names : "table-${name}-errors" => {
        description = "DynamoDB failed to answer requests to ${table_name} (HTTP 500). AWS's health dashboard knows more; SDKs repeat such requests by themselves."
        expression = {
          label   = "Requests that failed inside DynamoDB"
          formula = "SELECT SUM(SystemErrors) FROM SCHEMA(\"AWS/DynamoDB\", Operation, TableName) WHERE TableName = '${table_name}'"
          period  = 300
        }
        threshold = 1
        missing   = "notBreaching"
      }
    },
  )
}
