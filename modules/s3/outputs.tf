output "access_log_bucket_arn" {
  description = "ARN of the bucket that receives the access logs."
  value       = aws_s3_bucket.access_logs.arn
}

output "access_log_bucket_name" {
  description = "Name of the bucket that receives the access logs."
  value       = aws_s3_bucket.access_logs.bucket
}

output "bucket_arns" {
  description = "The data buckets' ARNs by purpose."
  value       = { for purpose, bucket in aws_s3_bucket.this : purpose => bucket.arn }
}

output "bucket_names" {
  description = "The data buckets' names by purpose."
  value       = { for purpose, bucket in aws_s3_bucket.this : purpose => bucket.bucket }
}
