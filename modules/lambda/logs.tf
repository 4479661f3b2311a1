# One log group per function. It exists before the function and goes after it, and no role may create one: a late log line
# cannot bring a group back, without key and retention, after destroy.

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:30 days are required here; what must be kept for a year is archived to S3
  for_each = var.functions

  name              = "/aws/lambda/${local.names[each.key]}"
  kms_key_id        = var.logs_kms_key_arn
  retention_in_days = var.log_retention_in_days
  skip_destroy      = false

  tags = merge(var.tags, { Name = "/aws/lambda/${local.names[each.key]}" })
}
