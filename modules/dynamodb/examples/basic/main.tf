# The tables for sessions and API keys with the module's defaults.

module "dynamodb" {
  source = "../.."

  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  suffix      = "example"
}
