module "apigw" {
  source = "../../../../modules/apigw"

  account_id               = local.account_id
  clients                  = { risk-desk = { description = "Risk", enabled = false } }
  description              = "Trades"
  kms_key_arn              = local.kms_key_arn
  log_level                = "ERROR"
  log_retention_in_days    = 365
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
      invoke_arn           = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:210987654321:function:lambda-api-${local.suffix}/invocations"
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

# As the second deployment of an account makes it, and without a web ACL.
module "apigw_beside" {
  source = "../../../../modules/apigw"

  account_id              = local.account_id
  kms_key_arn             = local.kms_key_arn
  manage_account_settings = false
  region                  = "us-east-1"
  suffix                  = local.suffix

  routes = {
    "GET /health" = {
      function_name = "lambda-api-${local.suffix}"
      invoke_arn    = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:210987654321:function:lambda-api-${local.suffix}/invocations"
    }
  }
}
