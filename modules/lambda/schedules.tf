# Calls on a schedule, by EventBridge.

locals {
  schedule_names = { for name in keys(var.schedules) : name => "event-rule-schedule-${name}-${var.suffix}" }
}

resource "aws_cloudwatch_event_rule" "schedule" {
  for_each = var.schedules

  name                = local.schedule_names[each.key]
  description         = "Calls the function ${each.value.function} on a schedule"
  schedule_expression = each.value.expression

  tags = merge(var.tags, { Name = local.schedule_names[each.key] })
}

resource "aws_cloudwatch_event_target" "schedule" {
  for_each = var.schedules

  rule      = aws_cloudwatch_event_rule.schedule[each.key].name
  target_id = "lambda-${each.value.function}-${var.suffix}"
  arn       = aws_lambda_alias.this[each.value.function].arn
  input     = each.value.input

  depends_on = [aws_lambda_permission.schedule]
}

resource "aws_lambda_permission" "schedule" {
  for_each = var.schedules

  statement_id   = local.schedule_names[each.key]
  function_name  = aws_lambda_function.this[each.value.function].function_name
  qualifier      = aws_lambda_alias.this[each.value.function].name
  action         = "lambda:InvokeFunction"
  principal      = "events.amazonaws.com"
  source_arn     = aws_cloudwatch_event_rule.schedule[each.key].arn
  source_account = var.account_id
}
