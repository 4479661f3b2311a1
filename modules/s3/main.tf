# The data buckets: private, versioned, encrypted with a customer-managed key, reachable over modern TLS only, logged.

data "aws_partition" "this" {}

locals {
  bucket_names = { for purpose in keys(var.buckets) : purpose => "${purpose}-${var.account_id}-${var.suffix}" }

  # Built from the names rather than read from the buckets, so that a plan shows the policies in full.
  bucket_arns = { for purpose, name in local.bucket_names : purpose => "arn:${data.aws_partition.this.partition}:s3:::${name}" }
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_144:replication doubles storage for data that can be ingested again, and would leave the one region in use
  for_each = var.buckets

  bucket = local.bucket_names[each.key]

  # Environments come and go: a bucket goes with every version in it.
  force_destroy = true

  tags = merge(var.tags, { Name = local.bucket_names[each.key] })
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = var.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = var.buckets

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = var.buckets

  bucket = aws_s3_bucket.this[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = var.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    # One data key per bucket and while instead of one per object: a hundredth of the KMS requests.
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}
