# The requirements of each route, and the function that handles it.

# A model's name may hold letters and digits only, so it carries no suffix; it lives inside the API, which does.
resource "aws_api_gateway_model" "this" {
  for_each = var.models

  rest_api_id  = aws_api_gateway_rest_api.this.id
  name         = each.key
  description  = "Body of a request (${var.suffix})"
  content_type = "application/json"
  schema       = each.value
}

# One for all routes: without a model or a required parameter it validates nothing.
resource "aws_api_gateway_request_validator" "this" {
  rest_api_id                 = aws_api_gateway_rest_api.this.id
  name                        = "request-validator-${var.suffix}"
  validate_request_body       = true
  validate_request_parameters = true
}

resource "aws_api_gateway_method" "this" {
  for_each = local.routes

  rest_api_id          = aws_api_gateway_rest_api.this.id
  resource_id          = local.resource_ids[split(" ", each.key)[1]]
  http_method          = each.value.method
  authorization        = each.value.authorized ? local.authorization : "NONE"
  authorization_scopes = each.value.authorized ? local.authorization_scopes : null
  authorizer_id        = each.value.authorized ? one(aws_api_gateway_authorizer.this[*].id) : null
  api_key_required     = true
  request_validator_id = aws_api_gateway_request_validator.this.id

  request_parameters = merge(
    { for part in each.value.parts : "method.request.path.${trim(part, "{}")}" => true if startswith(part, "{") },
    each.value.request_parameters,
  )

  # Under a content type such as application/json the model would check only requests that declare that type, and any other
  # type would be a way past it.
  request_models = each.value.request_model == null ? {} : { "$default" = aws_api_gateway_model.this[each.value.request_model].name }
}

resource "aws_api_gateway_integration" "this" {
  for_each = local.routes

  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = aws_api_gateway_method.this[each.key].resource_id
  http_method             = aws_api_gateway_method.this[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = each.value.invoke_arn
  timeout_milliseconds    = each.value.timeout_milliseconds
}

# One permission per route: a function answers on the routes that were given to it and on nothing else of this API. The ARN
# names the account already, so aws:SourceAccount would add nothing. API Gateway writes a path parameter as *.
resource "aws_lambda_permission" "this" {
  for_each = local.routes

  statement_id  = "AllowApi-${each.value.method}-${substr(replace(trim(each.value.path, "/{}"), "/[^a-zA-Z0-9]+/", "-"), 0, 60)}-${substr(sha256(each.key), 0, 8)}"
  action        = "lambda:InvokeFunction"
  function_name = each.value.function_name
  qualifier     = each.value.function_alias
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/${var.stage_name}/${each.value.method}${replace(each.value.path, "/\\{[^}]*\\}/", "*")}"
}
