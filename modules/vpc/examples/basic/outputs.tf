output "private_subnet_ids" {
  description = "The private subnets, one per zone."
  value       = module.vpc.private_subnet_ids
}

output "security_group_ids" {
  description = "The security groups by concern."
  value       = module.vpc.security_group_ids
}

output "vpc_id" {
  description = "The VPC."
  value       = module.vpc.vpc_id
}
