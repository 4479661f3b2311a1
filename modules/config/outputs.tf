output "delivery_bucket_name" {
  description = "Name of the bucket that receives snapshots and history of AWS Config; null where this deployment does not own the delivery channel."
  value       = var.create_delivery_channel ? local.bucket_names["config"] : null
}

output "disabled_rules" {
  description = "The rules that are left out, and why, by identifier."
  value       = var.disabled_rules
}

output "recorder_name" {
  description = "Name of the configuration recorder; null where this deployment does not own it."
  value       = one(aws_config_configuration_recorder.this[*].name)
}

output "rule_arns" {
  description = "The rules' ARNs by identifier."
  value       = { for identifier, rule in aws_config_config_rule.this : identifier => rule.arn }
}

output "rule_names" {
  description = "The rules' names by identifier."
  value       = { for identifier, rule in aws_config_config_rule.this : identifier => rule.name }
}

output "trail_arn" {
  description = "ARN of the trail; null without one."
  value       = one(aws_cloudtrail.this[*].arn)
}

output "trail_bucket_name" {
  description = "Name of the bucket that receives the trail's files; null without a trail."
  value       = var.trail.enabled ? local.bucket_names["cloudtrail"] : null
}

output "trail_log_group_name" {
  description = "Name of the trail's log group; null without a trail."
  value       = one(aws_cloudwatch_log_group.trail[*].name)
}
