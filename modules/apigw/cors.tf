# Cross-origin requests of browsers (CORS). The preflight is answered by API Gateway itself: it carries no key, so it must not reach a function.

locals {
  # One header can name one origin only. With several, what API Gateway answers itself may be read by any page: it holds no data. The functions name the
  # caller's origin where it is an allowed one.
  cors_origin = var.cors == null ? null : length(var.cors.allowed_origins) == 1 ? one(var.cors.allowed_origins) : "*"

  preflights = var.cors == null ? {} : {
    for path in distinct([for route in keys(local.routes) : split(" ", route)[1]]) : path => sort([
      for route, settings in local.routes : settings.method if split(" ", route)[1] == path
    ])
  }

  # Beside those that every page may read (Fetch standard, "CORS-safelisted response-header name").
  cors_exposed_headers = ["ETag", "Retry-After", "x-correlation-id"]

  cors_gateway_response_headers = var.cors == null ? {} : {
    "gatewayresponse.header.Access-Control-Allow-Origin"   = "'${local.cors_origin}'"
    "gatewayresponse.header.Access-Control-Expose-Headers" = "'${join(",", local.cors_exposed_headers)}'"
  }
}

resource "aws_api_gateway_method" "preflight" {
  for_each = local.preflights

  rest_api_id          = aws_api_gateway_rest_api.this.id
  resource_id          = local.resource_ids[each.key]
  http_method          = "OPTIONS"
  authorization        = "NONE"
  api_key_required     = false
  request_validator_id = aws_api_gateway_request_validator.this.id
}

resource "aws_api_gateway_integration" "preflight" {
  for_each = local.preflights

  rest_api_id = aws_api_gateway_rest_api.this.id
  resource_id = aws_api_gateway_method.preflight[each.key].resource_id
  http_method = aws_api_gateway_method.preflight[each.key].http_method
  type        = "MOCK"

  request_templates = { "application/json" = jsonencode({ statusCode = 204 }) }
}

resource "aws_api_gateway_method_response" "preflight" {
  for_each = local.preflights

  rest_api_id = aws_api_gateway_rest_api.this.id
  resource_id = aws_api_gateway_method.preflight[each.key].resource_id
  http_method = aws_api_gateway_method.preflight[each.key].http_method
  status_code = "204"

  response_parameters = {
    "method.response.header.Access-Control-Allow-Headers" = true
    "method.response.header.Access-Control-Allow-Methods" = true
    "method.response.header.Access-Control-Allow-Origin"  = true
    "method.response.header.Access-Control-Max-Age"       = true
  }
}

resource "aws_api_gateway_integration_response" "preflight" {
  for_each = local.preflights

  rest_api_id = aws_api_gateway_rest_api.this.id
  resource_id = aws_api_gateway_integration.preflight[each.key].resource_id
  http_method = aws_api_gateway_integration.preflight[each.key].http_method
  status_code = aws_api_gateway_method_response.preflight[each.key].status_code

  response_parameters = {
    "method.response.header.Access-Control-Allow-Headers" = "'authorization,content-type,if-none-match,x-api-key,x-correlation-id'"
    "method.response.header.Access-Control-Allow-Methods" = "'${join(",", each.value)}'"
    "method.response.header.Access-Control-Allow-Origin"  = "'${local.cors_origin}'"
    "method.response.header.Access-Control-Max-Age"       = "'${var.cors.max_age_seconds}'"
  }
}
