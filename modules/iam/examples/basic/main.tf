# The guardrail with the defaults, and two roles for users of a database: an analyst, and a tool of another account.

module "iam" {
  source = "../.."

  account_id = "123456789012"
  region     = "us-east-1"
  suffix     = "example"

  database_access = {
    cluster_resource_id = "cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ"

    roles = {
      analyst = {
        database_user          = "analyst"
        description            = "Reads bars and analytics"
        trusted_principal_arns = ["arn:aws:iam::123456789012:role/analysts"]
      }
      reporting = {
        database_user          = "reporting"
        description            = "Nightly reports"
        trusted_principal_arns = ["arn:aws:iam::111122223333:role/reporting"]
        require_mfa            = false
      }
    }
  }
}
