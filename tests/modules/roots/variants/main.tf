# Every module with settings other than its defaults, and the longest suffix that is allowed: names must still fit.

locals {
  account_id  = "210987654321"
  kms_key_arn = "arn:aws:kms:us-east-1:210987654321:key/99999999-8888-7777-6666-555555555555"
  suffix      = "a2345678901234567-90"
  tags        = { Team = "analytics" }
}
