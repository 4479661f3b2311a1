# Recorder, channel, every rule, and a trail that watches the objects of one bucket.

module "config" {
  source = "../.."

  access_log_bucket_name = "access-logs-123456789012-example"
  account_id             = "123456789012"
  kms_key_arn            = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  logs_kms_key_arn       = "arn:aws:kms:us-east-1:123456789012:key/22222222-3333-4444-5555-666666666666"
  region                 = "us-east-1"
  suffix                 = "example"

  trail = {
    data_event_bucket_arns = ["arn:aws:s3:::raw-data-123456789012-example"]
  }
}
