# The REST API: routes to the functions, keys and limits for its clients, logs, and the firewall where the environment wants it.

locals {
  environment = read_terragrunt_config(find_in_parent_folders("env.hcl"))

  # Routes with the parameters of their query strings, and whether they are required. The function refuses others.
  span = { "method.request.querystring.from" = false, "method.request.querystring.to" = false }
  page = { "method.request.querystring.cursor" = false, "method.request.querystring.limit" = false }
  reads = {
    "GET /analytics/{symbol}"    = merge(local.span, local.page, { "method.request.querystring.annualise" = false })
    "GET /bars/{symbol}"         = merge(local.span, local.page, { "method.request.querystring.interval" = true })
    "GET /health"                = {}
    "GET /latest/{symbol}"       = {}
    "GET /sessions/{session_id}" = {}
    "GET /symbols"               = local.page
    "GET /trades/{symbol}"       = merge(local.span, local.page)
  }

  # What is read is served to HEAD as to GET: a client learns the ETag without the body.
  routes = merge(
    { for route, parameters in local.reads : route => { function = "api", model = null, parameters = parameters } },
    { for route, parameters in local.reads : replace(route, "GET ", "HEAD ") => { function = "api", model = null, parameters = parameters } },
    {
      "DELETE /sessions/{session_id}" = { function = "api", model = null, parameters = {} }
      "POST /exports"                 = { function = "api", model = "export", parameters = {} }
      "POST /market-data"             = { function = "ingest", model = "marketdata", parameters = {} }
      "POST /sessions"                = { function = "api", model = "session", parameters = {} }
    },
  )
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
  cors                     = length(local.environment.locals.api_allowed_origins) == 0 ? null : { allowed_origins = local.environment.locals.api_allowed_origins }
  custom_domain            = local.environment.locals.api_custom_domain
  description              = "Market data and analytics"
  kms_key_arn              = dependency.kms.outputs.key_arns["logs"]
  permissions_boundary_arn = dependency.iam.outputs.permissions_boundary_arn
  quota                    = local.environment.locals.api_quota
  role_policy_arns         = dependency.iam.outputs.role_policy_arns
  throttle                 = { rate_limit = 1000, burst_limit = 2000 }
  waf                      = { enabled = local.environment.locals.waf_enabled }

  models = {
    export = jsonencode({
      "$schema"            = "http://json-schema.org/draft-04/schema#"
      type                 = "object"
      required             = ["symbol", "from", "to"]
      additionalProperties = false

      properties = {
        symbol   = { type = "string", minLength = 1, maxLength = 32 }
        interval = { type = "string", enum = ["1m", "5m", "15m", "30m", "1h", "1d", "session"] }
        from     = { type = "string" }
        to       = { type = "string" }
        format   = { type = "string", enum = ["csv", "jsonl"] }
      }
    })

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
    for route, settings in local.routes : route => {
      function_alias     = dependency.lambda.outputs.alias_name
      function_name      = dependency.lambda.outputs.function_names[settings.function]
      invoke_arn         = dependency.lambda.outputs.invoke_arns[settings.function]
      request_model      = settings.model
      request_parameters = settings.parameters
    }
  }
}
