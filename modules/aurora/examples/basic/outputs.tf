output "cluster_endpoint" {
  description = "Host name of the instance that writes."
  value       = module.aurora.cluster_endpoint
}

output "instance_identifiers" {
  description = "Names of the instances."
  value       = module.aurora.instance_identifiers
}

output "log_group_names" {
  description = "Names of the log groups by kind."
  value       = module.aurora.log_group_names
}

output "reader_endpoint" {
  description = "Host name that spreads connections over the readers."
  value       = module.aurora.reader_endpoint
}
