# In an account that has GitHub's identity provider already.
module "ci_role" {
  source = "../../../../modules/ci_role"

  account_id                   = local.account_id
  boundary_document            = jsonencode({ Version = "2012-10-17", Statement = [] })
  budget                       = { monthly_usd = 250.5, emails = ["ops@example.com"] }
  create_provider              = false
  deployer_policy_documents    = { all = jsonencode({ Version = "2012-10-17", Statement = [] }) }
  deployer_subjects            = ["repo:acme/platform:ref:refs/tags/v1"]
  max_session_duration_seconds = 3600
  reader_policy_documents      = { all = jsonencode({ Version = "2012-10-17", Statement = [] }) }
  reader_subjects              = ["repo:acme/platform:pull_request"]
  suffix                       = local.suffix
  tags                         = local.tags
}
