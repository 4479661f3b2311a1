# An API of seven routes that one function answers, with a key for one client and a web ACL in front.

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
  function = { function_name = var.function_name, invoke_arn = var.invoke_arn }
}

module "apigw" {
  source = "../.."

  account_id  = var.account_id
  clients     = { desk = { description = "The trading desk" } }
  kms_key_arn = var.kms_key_arn
  region      = var.region
  suffix      = var.suffix
  waf         = { enabled = true }

  models = {
    MarketData = jsonencode({
      "$schema"  = "http://json-schema.org/draft-04/schema#"
      type       = "object"
      required   = ["symbol", "bars"]
      properties = { symbol = { type = "string", minLength = 1 }, bars = { type = "array", minItems = 1 } }
    })
  }

  routes = {
    "POST /market-data"             = merge(local.function, { request_model = "MarketData" })
    "GET /analytics/{symbol}"       = local.function
    "GET /bars/{symbol}"            = merge(local.function, { request_parameters = { "method.request.querystring.from" = true } })
    "POST /sessions"                = local.function
    "GET /sessions/{session_id}"    = local.function
    "DELETE /sessions/{session_id}" = local.function
    "GET /health"                   = local.function
  }
}
