# A network over three zones with the module's defaults.

module "vpc" {
  source = "../.."

  account_id         = "123456789012"
  availability_zones = ["us-east-1a", "us-east-1b", "us-east-1c"]
  kms_key_arn        = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  region             = "us-east-1"
  suffix             = "example"
}
