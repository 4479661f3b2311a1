# Buckets: private, versioned, encrypted, reachable over modern TLS only, in Glacier after 90 days, logged. The bucket of the access
# logs is one of them where the module makes it; elsewhere the logs go to another one.

data "aws_partition" "this" {}

locals {
  access_log_bucket = {
    access-logs = {
      abort_incomplete_multipart_upload_days = 7
      deep_archive_after_days                = null
      eventbridge                            = true
      expire_after_days                      = var.access_log_retention_in_days
      expiring_prefixes                      = {}
      glacier_after_days                     = 90
      noncurrent_version_retention_in_days   = 1

      delivery = {
        service       = "logging.s3.amazonaws.com"
        check_actions = []
        prefix        = ""
        conditions = [
          { test = "StringEquals", variable = "aws:SourceAccount", values = [var.account_id] },
          { test = "ArnEquals", variable = "aws:SourceArn", values = local.logged_arns },
        ]
      }
    }
  }

  buckets = merge(var.buckets, { for purpose, bucket in local.access_log_bucket : purpose => bucket if var.create_access_log_bucket })

  # Built from the names rather than read from the buckets, so that a plan shows the policies in full.
  bucket_names = { for purpose in concat(keys(var.buckets), ["access-logs"]) : purpose => "${purpose}-${var.account_id}-${var.suffix}" }
  bucket_arns  = { for purpose, name in local.bucket_names : purpose => "${local.arn_prefix}:s3:::${name}" }

  arn_prefix  = "arn:${data.aws_partition.this.partition}"
  logged_arns = concat([for purpose in keys(var.buckets) : local.bucket_arns[purpose]], [for purpose in sort(var.access_log_source_buckets) : "${local.arn_prefix}:s3:::${purpose}-${var.account_id}-${var.suffix}"])
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_144:replication doubles storage for data that can be ingested again, and would leave the one region in use
  #checkov:skip=CKV_AWS_18:all but access-logs are logged: the bucket of the logs cannot log into itself
  #checkov:skip=CKV_AWS_145:all but access-logs have SSE-KMS: S3 delivers access logs to no bucket with another default than SSE-S3
  for_each = local.buckets

  bucket = local.bucket_names[each.key]

  # Environments come and go: a bucket goes with every version in it.
  force_destroy = true

  tags = merge(var.tags, { Name = local.bucket_names[each.key] })
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

# SSE-S3 for the access logs on purpose: a destination of server access logs supports no other default encryption.
resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    # One data key per bucket and while instead of one per object: a hundredth of the KMS requests.
    bucket_key_enabled = each.key == "access-logs" ? null : true

    apply_server_side_encryption_by_default {
      sse_algorithm     = each.key == "access-logs" ? "AES256" : "aws:kms"
      kms_master_key_id = each.key == "access-logs" ? null : var.kms_key_arn
    }
  }
}

# Events of buckets that no queue listens to go to EventBridge, free of charge, where a rule can pick them up. A bucket has one
# notification configuration: where a queue listens, it belongs to the unit that owns the queue's reader.
resource "aws_s3_bucket_notification" "this" {
  for_each = { for purpose, bucket in local.buckets : purpose => bucket if bucket.eventbridge }

  bucket      = aws_s3_bucket.this[each.key].id
  eventbridge = true
}

# Server access logs: S3 checks at this call that it may deliver.
resource "aws_s3_bucket_logging" "this" {
  for_each = var.buckets

  bucket        = aws_s3_bucket.this[each.key].id
  target_bucket = local.access_log_bucket_name
  target_prefix = "${each.key}/"

  # Athena can prune by date, where the flat default is one folder with every log of the year.
  target_object_key_format {
    partitioned_prefix {
      partition_date_source = "EventTime"
    }
  }

  depends_on = [aws_s3_bucket_policy.this]
}

locals {
  access_log_bucket_name = var.create_access_log_bucket ? aws_s3_bucket.this["access-logs"].bucket : var.access_log_bucket_name
}
