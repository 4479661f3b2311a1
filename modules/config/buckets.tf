# The buckets of the audit records, as closed as those of the data. No Object Lock: AWS Config cannot deliver to a bucket with a
# default retention, and a locked bucket could not be destroyed. A bucket that this deployment does not own (`audit_bucket`) takes
# their place, and outlives it.

locals {
  # What proves that a service acts for us. AWS Config sends the account only; CloudTrail names its trail.
  deliveries = {
    cloudtrail = {
      service       = "cloudtrail.amazonaws.com"
      check_actions = ["s3:GetBucketAcl"]
      prefix        = "AWSLogs/${var.account_id}/"
      conditions    = [local.canned_acl, { test = "StringEquals", variable = "aws:SourceArn", values = [local.trail_arn] }]
    }
    config = {
      service       = "config.amazonaws.com"
      check_actions = ["s3:GetBucketAcl", "s3:ListBucket"]
      prefix        = "AWSLogs/${var.account_id}/Config/"
      conditions    = [local.canned_acl, { test = "StringEquals", variable = "aws:SourceAccount", values = [var.account_id] }]
    }
  }
  canned_acl = { test = "StringEquals", variable = "s3:x-amz-acl", values = ["bucket-owner-full-control"] }

  buckets = [
    for purpose, wanted in { cloudtrail = var.trail.enabled, config = var.create_delivery_channel } : purpose
    if wanted && var.audit_bucket == null
  ]

  # Where the services deliver, and with which key: records under a key of the deployment would be lost with it.
  bucket_names  = { for purpose in ["cloudtrail", "config"] : purpose => var.audit_bucket == null ? "${purpose}-${var.account_id}-${var.suffix}" : var.audit_bucket.name }
  bucket_arns   = { for purpose, name in local.bucket_names : purpose => "${local.arn_prefix}:s3:::${name}" }
  audit_key_arn = var.audit_bucket == null ? var.kms_key_arn : var.audit_bucket.kms_key_arn
}

module "buckets" {
  source = "../s3"

  access_log_bucket_name   = var.access_log_bucket_name
  account_id               = var.account_id
  create_access_log_bucket = false
  kms_key_arn              = var.kms_key_arn
  suffix                   = var.suffix
  tags                     = var.tags

  # Records are never written twice: an old version is what somebody overwrote or deleted, and can be had back for so long.
  buckets = {
    for purpose in local.buckets : purpose => {
      delivery                             = local.deliveries[purpose]
      eventbridge                          = true
      expire_after_days                    = var.delivery_retention_in_days
      noncurrent_version_retention_in_days = 90
    }
  }
}
