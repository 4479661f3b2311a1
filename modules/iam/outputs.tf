output "database_role_arns" {
  description = "The database roles' ARNs by role name without prefix and suffix; empty without database_access."
  value       = { for name, role in aws_iam_role.database : name => role.arn }
}

output "database_role_names" {
  description = "The database roles' full names by role name without prefix and suffix; empty without database_access."
  value       = { for name, role in aws_iam_role.database : name => role.name }
}

output "permissions_boundary_arn" {
  description = "The managed policy that bounds what the deployment's roles can do (permissions_boundary_arn of the other modules); null without one."
  value       = local.boundary_arn
}

output "region_guardrail_policy_arn" {
  description = "The managed policy that denies the regions not in use; null without guardrail."
  value       = one(aws_iam_policy.region_guardrail[*].arn)
}

output "role_policy_arns" {
  description = "What to attach to every role (role_policy_arns of the other modules): region-guardrail, or nothing without guardrail."
  value       = local.guardrail
}
