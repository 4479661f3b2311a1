# Log groups exist before anything writes to them: with the key and the retention, and known to Terraform, so that destroy leaves none.

locals {
  # The service fixes this name, so it ends in the API's id and the stage instead of the suffix.
  execution_log_group_name = "API-Gateway-Execution-Logs_${aws_api_gateway_rest_api.this.id}/${var.stage_name}"
  access_log_group_name    = "/aws/apigateway/access-logs-${local.api_name}"

  # Who, what, when, from where and how it ended (PCI DSS 10.2.2). The key's id, never the key. No user agent and no validation
  # error: their text comes from the caller, and API Gateway does not promise to escape quotes in it.
  access_log_fields = {
    accountId          = "$context.accountId"
    apiId              = "$context.apiId"
    apiKeyId           = "$context.identity.apiKeyId"
    domainName         = "$context.domainName"
    errorMessage       = "$context.error.message"
    errorResponseType  = "$context.error.responseType"
    extendedRequestId  = "$context.extendedRequestId"
    httpMethod         = "$context.httpMethod"
    integrationError   = "$context.integrationErrorMessage"
    integrationLatency = "$context.integration.latency"
    integrationStatus  = "$context.integration.status"
    ip                 = "$context.identity.sourceIp"
    path               = "$context.path"
    protocol           = "$context.protocol"
    requestId          = "$context.requestId"
    requestTime        = "$context.requestTime"
    requestTimeEpoch   = "$context.requestTimeEpoch"
    resourcePath       = "$context.resourcePath"
    responseLatency    = "$context.responseLatency"
    responseLength     = "$context.responseLength"
    stage              = "$context.stage"
    status             = "$context.status"
    wafError           = "$context.waf.error"
    wafResponseCode    = "$context.wafResponseCode"
    wafStatus          = "$context.waf.status"
    xrayTraceId        = "$context.xrayTraceId"
  }
}

resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_338:30 days are required here; what must be kept for a year is archived to S3
  name              = local.access_log_group_name
  kms_key_id        = var.kms_key_arn
  retention_in_days = var.log_retention_in_days
  skip_destroy      = false

  # The tags end in the suffix where the names cannot.
  tags = merge(var.tags, { Name = "api-access-logs-${var.suffix}" })
}

resource "aws_cloudwatch_log_group" "execution" {
  #checkov:skip=CKV_AWS_338:as the access log
  name              = local.execution_log_group_name
  kms_key_id        = var.kms_key_arn
  retention_in_days = var.log_retention_in_days
  skip_destroy      = false

  tags = merge(var.tags, { Name = "api-execution-logs-${var.suffix}" })
}
