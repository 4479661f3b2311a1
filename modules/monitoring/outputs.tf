output "alarm_arns" {
  description = "The alarms' ARNs by name without prefix and suffix."
  value       = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.arn }
}

output "alarm_names" {
  description = "The alarms' full names by name without prefix and suffix."
  value       = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.alarm_name }
}

output "dashboard_name" {
  description = "Name of the dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "dashboard_url" {
  description = "Address of the dashboard in the AWS console."
  value       = "https://${var.region}.console.aws.amazon.com/cloudwatch/home?region=${var.region}#dashboards/dashboard/${aws_cloudwatch_dashboard.this.dashboard_name}"
}

output "log_archive_stream_name" {
  description = "Name of the Firehose stream that archives the logs; null without an archive."
  value       = one([for stream in aws_kinesis_firehose_delivery_stream.log_archive : stream.name])
}

output "metric_namespace" {
  description = "CloudWatch namespace of the metrics that are made from logs."
  value       = local.metric_namespace
}
