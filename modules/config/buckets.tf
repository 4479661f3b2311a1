# The buckets of the audit records, as closed as those of the data. No Object Lock: AWS Config cannot deliver to a bucket with a
# default retention, and a locked bucket could not be destroyed.

locals {
  buckets = toset(concat(var.create_delivery_channel ? ["config"] : [], var.trail.enabled ? ["cloudtrail"] : []))

  # Built from the names rather than read from the buckets, so that a plan shows the policies in full.
  bucket_names = { for purpose in ["cloudtrail", "config"] : purpose => "${purpose}-${var.account_id}-${var.suffix}" }
  bucket_arns  = { for purpose, name in local.bucket_names : purpose => "${local.arn_prefix}:s3:::${name}" }
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_144:a copy elsewhere would leave the one region in use; log file validation shows a loss
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

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    id     = "expire-records"
    status = "Enabled"

    filter {}

    expiration {
      days = var.delivery_retention_in_days
    }

    # Records are never written twice: an old version is what somebody overwrote or deleted, and can be had back for so long.
    noncurrent_version_expiration {
      noncurrent_days = 90
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_logging" "this" {
  for_each = local.buckets

  bucket        = aws_s3_bucket.this[each.key].id
  target_bucket = var.access_log_bucket_name
  target_prefix = "${each.key}/"

  target_object_key_format {
    partitioned_prefix {
      partition_date_source = "EventTime"
    }
  }
}

# Events on the default bus cost nothing, and whoever wants to hear of a delivery only adds a rule there.
resource "aws_s3_bucket_notification" "this" {
  for_each = local.buckets

  bucket      = aws_s3_bucket.this[each.key].id
  eventbridge = true
}
