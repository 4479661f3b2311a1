output "delivery_bucket_name" {
  description = "The bucket of AWS Config's snapshots and history."
  value       = module.config.delivery_bucket_name
}

output "disabled_rules" {
  description = "The rules that are left out, and why."
  value       = module.config.disabled_rules
}

output "recorder_name" {
  description = "The configuration recorder."
  value       = module.config.recorder_name
}

output "rule_names" {
  description = "The rules' names by identifier."
  value       = module.config.rule_names
}

output "trail_bucket_name" {
  description = "The bucket of the trail's files."
  value       = module.config.trail_bucket_name
}

output "trail_log_group_name" {
  description = "The log group of the trail."
  value       = module.config.trail_log_group_name
}
