# The web ACL (PCI DSS 6.4.2): a switch, because it costs a fixed sum per deployment and month.

locals {
  waf_count    = var.waf.enabled ? 1 : 0
  web_acl_name = "web-acl-${local.api_name}"

  # AWS accepts log groups of web ACLs only with this prefix.
  waf_log_group_name = "aws-waf-logs-${local.api_name}"
  waf_log_group_arn  = "${local.arn_prefix}:logs:${var.region}:${var.account_id}:log-group:${local.waf_log_group_name}"

  # In the order in which they are asked: the cheap address lists first. 1177 of the 1500 capacity units that are free of charge.
  waf_rule_groups = {
    AWSManagedRulesAmazonIpReputationList = 10
    AWSManagedRulesAnonymousIpList        = 20
    AWSManagedRulesKnownBadInputsRuleSet  = 30
    AWSManagedRulesCommonRuleSet          = 40
    AWSManagedRulesSQLiRuleSet            = 50
  }

  # By default what one key may send in the five minutes that the rule looks at, so that the usage plan decides first.
  waf_rate_limit_per_ip = coalesce(var.waf.rate_limit_per_ip, 300 * var.throttle.rate_limit)
}

resource "aws_wafv2_web_acl" "this" {
  count = local.waf_count

  name        = local.web_acl_name
  description = "Guards ${local.api_name}"
  scope       = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "rate-limit-per-ip"
    priority = 0

    action {
      block {}
    }

    statement {
      rate_based_statement {
        aggregate_key_type    = "IP"
        evaluation_window_sec = 300
        limit                 = local.waf_rate_limit_per_ip
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate-limit-per-ip"
      sampled_requests_enabled   = false
    }
  }

  dynamic "rule" {
    for_each = local.waf_rule_groups

    content {
      name     = rule.key
      priority = rule.value

      override_action {
        none {}
      }

      statement {
        managed_rule_group_statement {
          name        = rule.key
          vendor_name = "AWS"

          dynamic "rule_action_override" {
            for_each = lookup(var.waf.counted_rules, rule.key, [])

            content {
              name = rule_action_override.value

              action_to_use {
                count {}
              }
            }
          }
        }
      }

      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = rule.key
        sampled_requests_enabled   = false
      }
    }
  }

  # Samples contain requests in clear text, including the x-api-key header. The logs have the same information without it.
  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = local.web_acl_name
    sampled_requests_enabled   = false
  }

  tags = merge(var.tags, { Name = local.web_acl_name })
}

resource "aws_wafv2_web_acl_association" "this" {
  count = local.waf_count

  resource_arn = aws_api_gateway_stage.this.arn
  web_acl_arn  = aws_wafv2_web_acl.this[0].arn
}

resource "aws_cloudwatch_log_group" "waf" {
  #checkov:skip=CKV_AWS_338:as the access log
  count = local.waf_count

  name              = local.waf_log_group_name
  kms_key_id        = var.kms_key_arn
  retention_in_days = var.log_retention_in_days
  skip_destroy      = false

  tags = merge(var.tags, { Name = local.waf_log_group_name })
}

data "aws_iam_policy_document" "waf_logs" {
  statement {
    sid       = "AllowWebAclLogDelivery"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.waf_log_group_arn}:log-stream:*"]

    principals {
      type        = "Service"
      identifiers = ["delivery.logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["${local.arn_prefix}:logs:${var.region}:${var.account_id}:*"]
    }
  }
}

# Without it AWS adds the permission to a policy that it creates itself, which is left behind after destroy and reaches its size
# limit after many deployments.
resource "aws_cloudwatch_log_resource_policy" "waf" {
  count = local.waf_count

  policy_name     = "log-resource-policy-${local.web_acl_name}"
  policy_document = data.aws_iam_policy_document.waf_logs.json
}

resource "aws_wafv2_web_acl_logging_configuration" "this" {
  count = local.waf_count

  resource_arn            = aws_wafv2_web_acl.this[0].arn
  log_destination_configs = [aws_cloudwatch_log_group.waf[0].arn]

  redacted_fields {
    single_header {
      name = "x-api-key"
    }
  }

  depends_on = [aws_cloudwatch_log_resource_policy.waf]
}
