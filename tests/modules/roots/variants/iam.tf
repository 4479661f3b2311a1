# The guardrail of a platform outside us-east-1, where most global services are.
module "iam" {
  source = "../../../../modules/iam"

  account_id = local.account_id
  guardrail  = { allowed_regions = ["eu-west-1", "eu-central-1"] }
  region     = "eu-west-1"
  suffix     = local.suffix
  tags       = local.tags
}

# The roles of a database, beside a guardrail that another use of the module made.
module "database_access" {
  source = "../../../../modules/iam"

  account_id               = local.account_id
  guardrail                = null
  permissions_boundary_arn = "arn:aws:iam::210987654321:policy/iam-policy-boundary"
  region                   = "us-east-1"
  role_policy_arns         = { region-guardrail = "arn:aws:iam::210987654321:policy/iam-policy-region-guardrail" }
  suffix                   = local.suffix
  tags                     = local.tags

  database_access = {
    cluster_resource_id = "cluster-ZYXWVUTSRQPONMLKJIHGFEDCBA"

    roles = {
      the-longest-role-name-is1 = {
        database_user                = "_a_longer_name_than_most_1"
        description                  = "Everything that a description may say: ~!@#"
        max_session_duration_seconds = 43200
        require_mfa                  = true
        trusted_principal_arns       = ["arn:aws:iam::210987654321:role/aws-reserved/sso.amazonaws.com/us-east-1/AWSReservedSSO_analysts_0123456789abcdef", "arn:aws:iam::210987654321:user/anna"]
      }
    }
  }
}
