# The REST API: routes to the functions, keys and limits for its clients, logs, and the firewall where the environment wants it.

locals {
  environment = read_terragrunt_config(find_in_parent_folders("env.hcl"))
}

terraform {
  source = "${dirname(find_in_parent_folders("root.hcl"))}/../modules//apigw"
}

dependency "iam" {
  config_path = "${get_terragrunt_dir()}/../iam"
}

dependency "kms" {
  config_path = "${get_terragrunt_dir()}/../kms"
}

dependency "lambda" {
  config_path = "${get_terragrunt_dir()}/../lambda"
}

inputs = {
  authorizer               = local.environment.locals.api_authorizer
  clients                  = local.environment.locals.api_clients
  custom_domain            = local.environment.locals.api_custom_domain
  description              = "Market data and analytics"
  kms_key_arn              = dependency.kms.outputs.key_arns["logs"]
  permissions_boundary_arn = dependency.iam.outputs.permissions_boundary_arn
  quota                    = local.environment.locals.api_quota
  role_policy_arns         = dependency.iam.outputs.role_policy_arns
  throttle                 = { rate_limit = 1000, burst_limit = 2000 }
  waf                      = { enabled = local.environment.locals.waf_enabled }

  models = {
    marketdata = jsonencode({
      "$schema" = "http://json-schema.org/draft-04/schema#"
      type      = "object"
      required  = ["trades"]

      properties = {
        trades = {
          type     = "array"
          minItems = 1
          maxItems = 1000

          items = {
            type     = "object"
            required = ["trade_id", "symbol", "timestamp", "price", "size"]

            properties = {
              trade_id  = { type = "string", minLength = 1, maxLength = 64 }
              symbol    = { type = "string", pattern = "^[A-Z][A-Z0-9.-]{0,14}$" }
              timestamp = { type = "string" }
              price     = { type = ["number", "string"] }
              size      = { type = ["number", "string"] }
            }
          }
        }
      }
    })

    session = jsonencode({
      "$schema"  = "http://json-schema.org/draft-04/schema#"
      type       = "object"
      required   = ["user_id"]
      properties = { user_id = { type = "string", minLength = 1, maxLength = 128 } }
    })
  }

  routes = {
    "DELETE /sessions/{session_id}" = {
      function_alias = dependency.lambda.outputs.alias_name
      function_name  = dependency.lambda.outputs.function_names["api"]
      invoke_arn     = dependency.lambda.outputs.invoke_arns["api"]
    }
    "GET /analytics/{symbol}" = {
      function_alias = dependency.lambda.outputs.alias_name
      function_name  = dependency.lambda.outputs.function_names["api"]
      invoke_arn     = dependency.lambda.outputs.invoke_arns["api"]

      request_parameters = {
        "method.request.querystring.from" = false
        "method.request.querystring.to"   = false
      }
    }
    "GET /bars/{symbol}" = {
      function_alias = dependency.lambda.outputs.alias_name
      function_name  = dependency.lambda.outputs.function_names["api"]
      invoke_arn     = dependency.lambda.outputs.invoke_arns["api"]

      request_parameters = {
        "method.request.querystring.cursor"   = false
        "method.request.querystring.from"     = false
        "method.request.querystring.interval" = true
        "method.request.querystring.limit"    = false
        "method.request.querystring.to"       = false
      }
    }
    "GET /health" = {
      function_alias = dependency.lambda.outputs.alias_name
      function_name  = dependency.lambda.outputs.function_names["api"]
      invoke_arn     = dependency.lambda.outputs.invoke_arns["api"]
    }
    "GET /sessions/{session_id}" = {
      function_alias = dependency.lambda.outputs.alias_name
      function_name  = dependency.lambda.outputs.function_names["api"]
      invoke_arn     = dependency.lambda.outputs.invoke_arns["api"]
    }
    "POST /market-data" = {
      function_alias = dependency.lambda.outputs.alias_name
      function_name  = dependency.lambda.outputs.function_names["ingest"]
      invoke_arn     = dependency.lambda.outputs.invoke_arns["ingest"]
      request_model  = "marketdata"
    }
    "POST /sessions" = {
      function_alias = dependency.lambda.outputs.alias_name
      function_name  = dependency.lambda.outputs.function_names["api"]
      invoke_arn     = dependency.lambda.outputs.invoke_arns["api"]
      request_model  = "session"
    }
  }
}
