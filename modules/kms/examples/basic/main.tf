# One key per purpose with the module's defaults, and the way to reach one of them.

module "kms" {
  source = "../.."

  account_id = "123456789012"
  region     = "us-east-1"
  suffix     = "example"
}
