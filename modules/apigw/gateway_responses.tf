# The responses of API Gateway itself: always JSON, with the request id for a search in the logs.

locals {
  # DEFAULT_4XX and DEFAULT_5XX stand for every type that has no entry; they keep each type's own status.
  gateway_responses = {
    ACCESS_DENIED           = "403"
    API_CONFIGURATION_ERROR = "500"
    BAD_REQUEST_BODY        = "400"
    BAD_REQUEST_PARAMETERS  = "400"
    DEFAULT_4XX             = null
    DEFAULT_5XX             = null
    INTEGRATION_FAILURE     = "504"
    INTEGRATION_TIMEOUT     = "504"
    INVALID_API_KEY         = "403"
    QUOTA_EXCEEDED          = "429"
    REQUEST_TOO_LARGE       = "413"
    RESOURCE_NOT_FOUND      = "404"
    THROTTLED               = "429"
    UNAUTHORIZED            = "401"
    UNSUPPORTED_MEDIA_TYPE  = "415"
    WAF_FILTERED            = "403"

    # An unknown path; the name refers to signatures, which no route requires.
    MISSING_AUTHENTICATION_TOKEN = "404"
  }

  gateway_response_messages = {
    MISSING_AUTHENTICATION_TOKEN = "\"Not Found\""
  }

  gateway_response_headers = {
    "gatewayresponse.header.Cache-Control"             = "'no-store'"
    "gatewayresponse.header.Strict-Transport-Security" = "'max-age=63072000; includeSubDomains'"
    "gatewayresponse.header.X-Content-Type-Options"    = "'nosniff'"
  }

  gateway_response_header_additions = {
    THROTTLED = { "gatewayresponse.header.Retry-After" = "'1'" }
  }
}

# messageString is quoted by API Gateway. What the validator found is left to the execution log: it may hold quotes, and a
# gateway response has no way to escape them.
resource "aws_api_gateway_gateway_response" "this" {
  for_each = local.gateway_responses

  rest_api_id         = aws_api_gateway_rest_api.this.id
  response_type       = each.key
  status_code         = each.value
  response_parameters = merge(local.gateway_response_headers, local.cors_gateway_response_headers, lookup(local.gateway_response_header_additions, each.key, {}))

  response_templates = {
    "application/json" = "{\"message\":${lookup(local.gateway_response_messages, each.key, "$context.error.messageString")},\"requestId\":\"$context.requestId\"}"
  }
}
