output "access_log_bucket_name" {
  description = "The bucket of the access logs."
  value       = module.s3.access_log_bucket_name
}

output "bucket_names" {
  description = "The data buckets' names by purpose."
  value       = module.s3.bucket_names
}
