output "access_log_bucket_name" {
  description = "Name of the bucket that receives the access logs."
  value       = local.access_log_bucket_name
}

output "bucket_arns" {
  description = "The buckets' ARNs by purpose, but for that of the access logs."
  value       = { for purpose in keys(var.buckets) : purpose => aws_s3_bucket.this[purpose].arn }
}

output "bucket_names" {
  description = "The buckets' names by purpose, but for that of the access logs."
  value       = { for purpose in keys(var.buckets) : purpose => aws_s3_bucket.this[purpose].bucket }
}

output "bucket_policies" {
  description = "The buckets whose policy is in place, by purpose: for depends_on of what delivers there, which need not wait for the rest."
  value       = { for purpose, policy in aws_s3_bucket_policy.this : purpose => policy.bucket }
}
