output "alias_arns" {
  description = "The ARNs by name under which the functions are to be called: the version that serves."
  value       = { for name, alias in aws_lambda_alias.this : name => alias.arn }
}

output "alias_name" {
  description = "The alias that every function has: the qualifier of permissions to call it."
  value       = local.alias
}

output "event_source_mapping_ids" {
  description = "The event source mappings by function and queue: ingest/ingest."
  value       = { for source, mapping in aws_lambda_event_source_mapping.this : source => mapping.uuid }
}

output "function_arns" {
  description = "The functions' ARNs by name."
  value       = { for name, function in aws_lambda_function.this : name => function.arn }
}

output "function_names" {
  description = "The functions' full names, with the suffix, by name."
  value       = { for name, function in aws_lambda_function.this : name => function.function_name }
}

output "invoke_arns" {
  description = "What API Gateway calls the functions by, by name: their aliases."
  value       = { for name, alias in aws_lambda_alias.this : name => alias.invoke_arn }
}

output "live_versions" {
  description = "The versions that serve, by function."
  value       = { for name, alias in aws_lambda_alias.this : name => alias.function_version }
}

output "log_group_arns" {
  description = "The log groups' ARNs by function."
  value       = { for name, group in aws_cloudwatch_log_group.this : name => group.arn }
}

output "log_group_names" {
  description = "The log groups' names by function."
  value       = { for name, group in aws_cloudwatch_log_group.this : name => group.name }
}

output "metrics_namespace" {
  description = "The CloudWatch namespace of the metrics that the functions' code emits."
  value       = local.metrics_namespace
}

output "role_arns" {
  description = "The execution roles' ARNs by function."
  value       = { for name, role in aws_iam_role.this : name => role.arn }
}

output "role_names" {
  description = "The execution roles' names by function."
  value       = { for name, role in aws_iam_role.this : name => role.name }
}

output "timeouts" {
  description = "Seconds that each function may run, by function."
  value       = { for name, function in aws_lambda_function.this : name => function.timeout }
}
