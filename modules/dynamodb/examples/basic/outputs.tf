output "table_names" {
  description = "The tables' names."
  value       = module.dynamodb.table_names
}
