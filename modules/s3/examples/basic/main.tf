# The three data buckets with the module's defaults, and the bucket that takes their access logs.

module "s3" {
  source = "../.."

  account_id  = "123456789012"
  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  suffix      = "example"
}
