resource "aws_sns_topic" "this" {
  for_each = var.topics

  name              = "topic-${each.key}-${var.suffix}"
  display_name      = each.value.display_name
  kms_master_key_id = var.kms_key_arn
  policy            = data.aws_iam_policy_document.topic[each.key].json

  # Messages to HTTPS endpoints are signed with SHA-256 instead of SHA-1.
  signature_version = 2

  # Every delivery is logged, not a sample. SNS logs none to email addresses.
  application_failure_feedback_role_arn    = aws_iam_role.delivery_status[0].arn
  application_success_feedback_role_arn    = aws_iam_role.delivery_status[0].arn
  application_success_feedback_sample_rate = 100
  firehose_failure_feedback_role_arn       = aws_iam_role.delivery_status[0].arn
  firehose_success_feedback_role_arn       = aws_iam_role.delivery_status[0].arn
  firehose_success_feedback_sample_rate    = 100
  http_failure_feedback_role_arn           = aws_iam_role.delivery_status[0].arn
  http_success_feedback_role_arn           = aws_iam_role.delivery_status[0].arn
  http_success_feedback_sample_rate        = 100
  lambda_failure_feedback_role_arn         = aws_iam_role.delivery_status[0].arn
  lambda_success_feedback_role_arn         = aws_iam_role.delivery_status[0].arn
  lambda_success_feedback_sample_rate      = 100
  sqs_failure_feedback_role_arn            = aws_iam_role.delivery_status[0].arn
  sqs_success_feedback_role_arn            = aws_iam_role.delivery_status[0].arn
  sqs_success_feedback_sample_rate         = 100

  tags = merge(var.tags, { Name = "topic-${each.key}-${var.suffix}" })

  # The groups outlive the topic, so that no late delivery misses them.
  depends_on = [
    aws_cloudwatch_log_group.delivery,
    aws_cloudwatch_log_group.delivery_failures,
    aws_iam_role_policy_attachment.delivery_status,
  ]
}

# Each address gets an email and has to confirm. An unconfirmed subscription cannot be deleted; the provider leaves it, and SNS
# drops it with the topic.
resource "aws_sns_topic_subscription" "email" {
  for_each = merge([
    for name, topic in var.topics : {
      for address in topic.email_subscriptions : "${name}/${address}" => { topic = name, address = address }
    }
  ]...)

  topic_arn = aws_sns_topic.this[each.value.topic].arn
  protocol  = "email"
  endpoint  = each.value.address
}
