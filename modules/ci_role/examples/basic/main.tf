# The roles of CI with the documented policies, for this account and this suffix: main deploys, pull requests plan.

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

locals {
  folder = "${path.module}/../../../../docs/deployer"

  documents = {
    for name in ["boundary", "compute", "data", "foundation", "identity", "network", "observability", "reader"] :
    name => replace(replace(file("${local.folder}/${name}.json"), "123456789012", var.account_id), "platform-boundary-ci", "platform-boundary-${var.suffix}")
  }
}

module "ci_role" {
  source = "../.."

  account_id = var.account_id
  suffix     = var.suffix

  boundary_document         = local.documents["boundary"]
  deployer_policy_documents = { for name, document in local.documents : name => document if !contains(["boundary", "reader"], name) }
  deployer_subjects         = ["repo:acme/platform:environment:prod", "repo:acme/platform:ref:refs/heads/main"]
  reader_policy_documents   = { reader = local.documents["reader"] }
  reader_subjects           = ["repo:acme/platform:pull_request"]
}
