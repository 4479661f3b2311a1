output "database_role_names" {
  description = "The roles of the database's users."
  value       = module.iam.database_role_names
}
