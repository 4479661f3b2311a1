output "deployer_role_arn" {
  description = "The role that deploys."
  value       = module.ci_role.deployer_role_arn
}

output "permissions_boundary_arn" {
  description = "For PLATFORM_PERMISSIONS_BOUNDARY."
  value       = module.ci_role.permissions_boundary_arn
}

output "reader_role_arn" {
  description = "The role that plans."
  value       = module.ci_role.reader_role_arn
}
