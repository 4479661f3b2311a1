# The bucket of the access logs used to have resources of its own. States from then are read as they are meant now.

moved {
  from = aws_s3_bucket.access_logs
  to   = aws_s3_bucket.this["access-logs"]
}

moved {
  from = aws_s3_bucket_lifecycle_configuration.access_logs
  to   = aws_s3_bucket_lifecycle_configuration.this["access-logs"]
}

moved {
  from = aws_s3_bucket_notification.access_logs
  to   = aws_s3_bucket_notification.this["access-logs"]
}

moved {
  from = aws_s3_bucket_ownership_controls.access_logs
  to   = aws_s3_bucket_ownership_controls.this["access-logs"]
}

moved {
  from = aws_s3_bucket_policy.access_logs
  to   = aws_s3_bucket_policy.this["access-logs"]
}

moved {
  from = aws_s3_bucket_public_access_block.access_logs
  to   = aws_s3_bucket_public_access_block.this["access-logs"]
}

moved {
  from = aws_s3_bucket_server_side_encryption_configuration.access_logs
  to   = aws_s3_bucket_server_side_encryption_configuration.this["access-logs"]
}

moved {
  from = aws_s3_bucket_versioning.access_logs
  to   = aws_s3_bucket_versioning.this["access-logs"]
}
