# Compliance events: an email when one of this deployment's Config rules finds a noncompliant resource.

locals {
  compliance_rule_name = "event-rule-config-compliance-${var.suffix}"
}

resource "aws_cloudwatch_event_rule" "compliance" {
  name        = local.compliance_rule_name
  description = "A Config rule of this deployment became non-compliant"

  # The suffix distinguishes the rules of other deployments in the account.
  event_pattern = jsonencode({
    source      = ["aws.config"]
    detail-type = ["Config Rules Compliance Change"]
    detail = {
      messageType         = ["ComplianceChangeNotification"]
      configRuleName      = [{ suffix = "-${var.suffix}" }]
      newEvaluationResult = { complianceType = ["NON_COMPLIANT"] }
    }
  })

  tags = merge(var.tags, { Name = local.compliance_rule_name })
}

resource "aws_cloudwatch_event_target" "compliance" {
  rule      = aws_cloudwatch_event_rule.compliance.name
  target_id = "topic-${var.suffix}"
  arn       = var.topic_arn

  # Sentences instead of the event's JSON. Each line of the template is one line of the mail, in quotation marks.
  input_transformer {
    input_paths = {
      account  = "$.account"
      note     = "$.detail.newEvaluationResult.annotation"
      region   = "$.region"
      resource = "$.detail.resourceId"
      rule     = "$.detail.configRuleName"
      time     = "$.detail.newEvaluationResult.resultRecordedTime"
      type     = "$.detail.resourceType"
    }

    input_template = <<-EOT
      "AWS Config: <rule> is NON_COMPLIANT in account <account>, <region>."
      "Resource: <type> <resource>, since <time>. <note>"
      "Details: https://<region>.console.aws.amazon.com/config/home?region=<region>#/rules/details?configRuleName=<rule>"
    EOT
  }
}
