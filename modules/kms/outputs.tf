output "alias_names" {
  description = "The keys' alias names, with the prefix alias/, by purpose."
  value       = { for purpose, alias in aws_kms_alias.this : purpose => alias.name }
}

output "key_arns" {
  description = "The keys' ARNs by purpose."
  value       = { for purpose, key in aws_kms_key.this : purpose => key.arn }
}

output "key_ids" {
  description = "The keys' ids by purpose."
  value       = { for purpose, key in aws_kms_key.this : purpose => key.key_id }
}
