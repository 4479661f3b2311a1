# The deployment is a snapshot of the API; the stage serves it under its name.

resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  description = "Deployed for ${var.suffix}"

  # Which parts the snapshot has, and what they were made from. Attributes that may be null are left out: they may read back as
  # something empty and cause a needless deployment.
  triggers = {
    redeployment = sha256(jsonencode({
      integrations = { for route, integration in aws_api_gateway_integration.this : route => [integration.id, integration.type, integration.uri] }
      methods      = { for route, method in aws_api_gateway_method.this : route => [method.id, method.api_key_required, method.authorization] }
      models       = { for name, model in aws_api_gateway_model.this : name => model.id }
      preflights   = { for path, response in aws_api_gateway_integration_response.preflight : path => response.id }
      resources    = local.resource_ids
      responses    = { for type, response in aws_api_gateway_gateway_response.this : type => [response.id, response.response_templates] }
      validator = [
        aws_api_gateway_request_validator.this.id,
        aws_api_gateway_request_validator.this.validate_request_body,
        aws_api_gateway_request_validator.this.validate_request_parameters,
      ]

      # None of these settings changes the hash while it is off. AWS closes the default endpoint with the next deployment only.
      made_from = concat(
        [
          local.gateway_response_header_additions,
          local.gateway_response_headers,
          local.gateway_responses,
          local.routes,
          var.minimum_compression_size,
          var.models,
        ],
        [for authorizer in var.authorizer[*] : authorizer],
        [for cors in var.cors[*] : cors],
        [for domain in var.custom_domain[*] : "no default endpoint"],
      )
    }))
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "this" {
  #checkov:skip=CKV_AWS_120:answers differ per client and minute, and a cache would keep financial data in clear for its life
  #checkov:skip=CKV2_AWS_51:API Gateway calls functions through IAM, and no server behind it could check a client certificate
  rest_api_id           = aws_api_gateway_rest_api.this.id
  deployment_id         = aws_api_gateway_deployment.this.id
  stage_name            = var.stage_name
  description           = "Version ${var.stage_name} of ${local.api_name}"
  cache_cluster_enabled = false
  xray_tracing_enabled  = var.tracing

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = jsonencode(merge(local.access_log_fields, local.caller_log_fields))
  }

  tags = merge(var.tags, { Name = "api-stage-${var.stage_name}-${var.suffix}" })

  # The stage's first request would otherwise make API Gateway create the execution log group, without key and retention. And
  # AWS refuses a stage that logs while the account has no role to log with.
  depends_on = [aws_api_gateway_account.this, aws_cloudwatch_log_group.execution]
}

# No throttling here: all keys would share it. The usage plan throttles each key by itself.
resource "aws_api_gateway_method_settings" "this" {
  #checkov:skip=CKV_AWS_225:as CKV_AWS_120 of the stage
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled      = true
    logging_level        = var.log_level
    caching_enabled      = false
    cache_data_encrypted = true

    # Bodies and headers have no place in logs: they hold sessions, and may hold card data (PCI DSS 3.3, 10.3).
    data_trace_enabled = false
  }
}
