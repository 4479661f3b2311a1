locals {
  invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:210987654321:function:lambda-api-${local.suffix}/invocations"
}

module "apigw" {
  source = "../../../../modules/apigw"

  account_id               = local.account_id
  authorizer               = { type = "cognito", cache_seconds = 60, scopes = ["trades/write"], user_pool_arns = ["arn:aws:cognito-idp:us-east-1:210987654321:userpool/us-east-1_Abc123"] }
  clients                  = { risk-desk = { description = "Risk", enabled = false } }
  cors                     = { allowed_origins = ["https://desk.example.com", "http://127.0.0.1:3000"] }
  custom_domain            = { name = "api.example.com", certificate_arn = "arn:aws:acm:us-east-1:210987654321:certificate/12345678-1234-1234-1234-123456789012" }
  description              = "Trades"
  kms_key_arn              = local.kms_key_arn
  log_level                = "INFO"
  log_retention_in_days    = 365
  minimum_compression_size = null
  models                   = { Trade = jsonencode({ type = "object" }) }
  permissions_boundary_arn = "arn:aws:iam::210987654321:policy/iam-policy-boundary"
  quota                    = { limit = 5000000, period = "MONTH" }
  region                   = "us-east-1"
  role_policy_arns         = { region-guardrail = "arn:aws:iam::210987654321:policy/iam-policy-region-guardrail" }
  stage_name               = "beta"
  suffix                   = local.suffix
  tags                     = local.tags
  throttle                 = { burst_limit = 400, rate_limit = 200 }
  tracing                  = false

  routes = {
    "PUT /books/{book}/trades/{trade}" = {
      function_name        = "lambda-api-${local.suffix}"
      invoke_arn           = local.invoke_arn
      request_model        = "Trade"
      request_parameters   = { "method.request.header.If-Match" = false }
      timeout_milliseconds = 5000
    }
  }

  waf = {
    enabled           = true
    rate_limit_per_ip = 500
    counted_rules     = { AWSManagedRulesSQLiRuleSet = ["SQLi_BODY"] }
  }
}

# As the second deployment of an account makes it, without a web ACL, for callers whom a function knows.
module "apigw_beside" {
  source = "../../../../modules/apigw"

  account_id              = local.account_id
  authorizer              = { type = "lambda", function = { name = "lambda-authorizer-${local.suffix}", invoke_arn = local.invoke_arn } }
  kms_key_arn             = local.kms_key_arn
  manage_account_settings = false
  region                  = "us-east-1"
  suffix                  = local.suffix

  routes = {
    "GET /health"   = { authorized = false, function_name = "lambda-api-${local.suffix}", invoke_arn = local.invoke_arn }
    "GET /sessions" = { function_name = "lambda-api-${local.suffix}", invoke_arn = local.invoke_arn }
  }
}

# For callers who sign their requests.
module "apigw_signed" {
  source = "../../../../modules/apigw"

  account_id              = local.account_id
  authorizer              = { type = "iam" }
  kms_key_arn             = local.kms_key_arn
  manage_account_settings = false
  region                  = "us-east-1"
  suffix                  = local.suffix

  routes = {
    "GET /health" = { function_name = "lambda-api-${local.suffix}", invoke_arn = local.invoke_arn }
  }
}
