# The audit buckets used to be resources of this module. States from then are read as they are meant now.

moved {
  from = aws_s3_bucket.this
  to   = module.buckets.aws_s3_bucket.this
}

moved {
  from = aws_s3_bucket_lifecycle_configuration.this
  to   = module.buckets.aws_s3_bucket_lifecycle_configuration.this
}

moved {
  from = aws_s3_bucket_logging.this
  to   = module.buckets.aws_s3_bucket_logging.this
}

moved {
  from = aws_s3_bucket_notification.this
  to   = module.buckets.aws_s3_bucket_notification.this
}

moved {
  from = aws_s3_bucket_ownership_controls.this
  to   = module.buckets.aws_s3_bucket_ownership_controls.this
}

moved {
  from = aws_s3_bucket_policy.this
  to   = module.buckets.aws_s3_bucket_policy.this
}

moved {
  from = aws_s3_bucket_public_access_block.this
  to   = module.buckets.aws_s3_bucket_public_access_block.this
}

moved {
  from = aws_s3_bucket_server_side_encryption_configuration.this
  to   = module.buckets.aws_s3_bucket_server_side_encryption_configuration.this
}

moved {
  from = aws_s3_bucket_versioning.this
  to   = module.buckets.aws_s3_bucket_versioning.this
}
