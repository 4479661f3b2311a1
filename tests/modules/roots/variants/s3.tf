module "s3" {
  source = "../../../../modules/s3"

  access_log_retention_in_days = 180
  access_log_source_buckets    = ["config", "cloudtrail"]
  account_id                   = local.account_id
  kms_key_arn                  = local.kms_key_arn
  suffix                       = local.suffix
  tags                         = local.tags

  buckets = {
    the-longest-purpose-there-is1 = {
      abort_incomplete_multipart_upload_days = 1
      deep_archive_after_days                = 120
      expiring_prefixes                      = { "exports/daily/" = 2 }
      glacier_after_days                     = 30
      noncurrent_version_retention_in_days   = 1
    }
  }
}
