# Who calls: an optional authorizer beside the API keys, which say which client it is but authenticate nobody.

locals {
  authorization        = var.authorizer == null ? "NONE" : { cognito = "COGNITO_USER_POOLS", iam = "AWS_IAM", lambda = "CUSTOM" }[var.authorizer.type]
  authorization_scopes = try(length(var.authorizer.scopes) > 0, false) ? var.authorizer.scopes : null

  # IAM checks signatures by itself: there is nothing to set up.
  authorizers = [for authorizer in var.authorizer[*] : authorizer if authorizer.type != "iam"]

  # The caller, for the access log: $context has it at another place for each kind of authorizer.
  caller_log_fields = {
    for authorizer in var.authorizer[*] : "caller" => {
      cognito = "$context.authorizer.claims.sub"
      iam     = "$context.identity.userArn"
      lambda  = "$context.authorizer.principalId"
    }[authorizer.type]
  }
}

resource "aws_api_gateway_authorizer" "this" {
  count = length(local.authorizers)

  rest_api_id                      = aws_api_gateway_rest_api.this.id
  name                             = "authorizer-${var.suffix}"
  type                             = var.authorizer.type == "cognito" ? "COGNITO_USER_POOLS" : "REQUEST"
  identity_source                  = "method.request.header.Authorization"
  provider_arns                    = var.authorizer.type == "cognito" ? var.authorizer.user_pool_arns : null
  authorizer_uri                   = try(var.authorizer.function.invoke_arn, null)
  authorizer_result_ttl_in_seconds = var.authorizer.cache_seconds
}

resource "aws_lambda_permission" "authorizer" {
  for_each = { for authorizer in local.authorizers : "authorizer" => authorizer.function.name if authorizer.type == "lambda" }

  statement_id  = "AllowApiAuthorizer"
  action        = "lambda:InvokeFunction"
  function_name = each.value
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/authorizers/${aws_api_gateway_authorizer.this[0].id}"
}
