# API keys and their limits. A key identifies a client but does not authenticate a user; routes that need that require a session.

resource "aws_api_gateway_usage_plan" "this" {
  name        = "usage-plan-${var.suffix}"
  description = "Limits of each API key of ${local.api_name}"

  api_stages {
    api_id = aws_api_gateway_rest_api.this.id
    stage  = aws_api_gateway_stage.this.stage_name
  }

  # Each key of the plan has a bucket of its own with these limits.
  throttle_settings {
    rate_limit  = var.throttle.rate_limit
    burst_limit = var.throttle.burst_limit
  }

  dynamic "quota_settings" {
    for_each = var.quota == null ? [] : [var.quota]

    content {
      limit  = quota_settings.value.limit
      period = quota_settings.value.period
    }
  }

  tags = merge(var.tags, { Name = "usage-plan-${var.suffix}" })
}

# AWS generates the values; they are in the state, never in the configuration.
resource "aws_api_gateway_api_key" "this" {
  for_each = var.clients

  name        = "api-key-${each.key}-${var.suffix}"
  description = each.value.description
  enabled     = each.value.enabled

  tags = merge(var.tags, { Name = "api-key-${each.key}-${var.suffix}", Client = each.key })
}

resource "aws_api_gateway_usage_plan_key" "this" {
  for_each = var.clients

  usage_plan_id = aws_api_gateway_usage_plan.this.id
  key_id        = aws_api_gateway_api_key.this[each.key].id
  key_type      = "API_KEY"
}
