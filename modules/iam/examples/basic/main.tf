# The guardrail with the defaults, and two roles for users of a database: an analyst, and a tool of another account.

# With `offline` nothing is asked of AWS, so the example plans without an account, credentials or a network.
provider "aws" {
  region                      = var.region
  access_key                  = var.offline ? "offline" : null
  secret_key                  = var.offline ? "offline" : null
  skip_credentials_validation = var.offline
  skip_metadata_api_check     = var.offline
  skip_region_validation      = var.offline
  skip_requesting_account_id  = var.offline
}

module "iam" {
  source = "../.."

  account_id = var.account_id
  region     = var.region
  suffix     = var.suffix

  database_access = {
    cluster_resource_id = var.cluster_resource_id

    roles = {
      analyst = {
        database_user          = "analyst"
        description            = "Reads bars and analytics"
        trusted_principal_arns = [var.analyst_role_arn]
      }
      reporting = {
        database_user          = "reporting"
        description            = "Nightly reports"
        trusted_principal_arns = [var.reporting_role_arn]
        require_mfa            = false
      }
    }
  }
}
