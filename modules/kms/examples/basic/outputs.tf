output "alias_names" {
  description = "The keys' aliases by purpose."
  value       = module.kms.alias_names
}

output "key_arns" {
  description = "The keys' ARNs by purpose."
  value       = module.kms.key_arns
}
