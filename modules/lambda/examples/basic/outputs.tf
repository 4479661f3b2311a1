output "function_names" {
  description = "The functions' full names by name."
  value       = module.lambda.function_names
}

output "log_group_names" {
  description = "The log groups' names by function."
  value       = module.lambda.log_group_names
}
