output "deployer_role_arn" {
  description = "The role as which a workflow runs up, smoke, recover and destroy."
  value       = aws_iam_role.this["deployer"].arn
}

output "permissions_boundary_arn" {
  description = "The permissions boundary for PLATFORM_PERMISSIONS_BOUNDARY."
  value       = aws_iam_policy.permissions_boundary.arn
}

output "provider_arn" {
  description = "GitHub's identity provider in the account."
  value       = local.provider_arn
}

output "reader_role_arn" {
  description = "The role as which a workflow runs plan and drift."
  value       = aws_iam_role.this["reader"].arn
}

output "role_names" {
  description = "The names of both roles by purpose."
  value       = { for name, role in aws_iam_role.this : name => role.name }
}
