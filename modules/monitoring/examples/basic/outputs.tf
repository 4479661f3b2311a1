output "alarm_names" {
  description = "The alarms by name."
  value       = module.monitoring.alarm_names
}

output "dashboard_url" {
  description = "Address of the dashboard."
  value       = module.monitoring.dashboard_url
}

output "log_archive_stream_name" {
  description = "The stream that archives the logs."
  value       = module.monitoring.log_archive_stream_name
}

output "metric_namespace" {
  description = "Namespace of the metrics made from logs."
  value       = module.monitoring.metric_namespace
}
