output "index_arns" {
  description = "ARN patterns of the tables' indexes, for IAM policies, by table name without suffix."
  value       = { for name, table in aws_dynamodb_table.this : name => "${table.arn}/index/*" }
}

output "table_arns" {
  description = "The tables' ARNs by table name without suffix."
  value       = { for name, table in aws_dynamodb_table.this : name => table.arn }
}

output "table_names" {
  description = "The tables' full names by table name without suffix."
  value       = { for name, table in aws_dynamodb_table.this : name => table.name }
}
