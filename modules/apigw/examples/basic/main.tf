# An API of seven routes that one function answers, with a key for one client, one web page that may call it, and a web ACL in front.

locals {
  function = { function_name = "lambda-api-example", invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:lambda-api-example/invocations" }
}

module "apigw" {
  source = "../.."

  account_id  = "123456789012"
  clients     = { desk = { description = "The trading desk" } }
  cors        = { allowed_origins = ["https://desk.example.com"] }
  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  region      = "us-east-1"
  suffix      = "example"
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
