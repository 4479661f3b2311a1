# Policies and redrive settings are attributes of the queue: as resources of their own they would come after it, so that a queue
# were open to plain HTTP for a while, and each takes the provider half a minute.

resource "aws_sqs_queue" "this" {
  for_each = var.queues

  name                       = "queue-${each.key}-${var.suffix}"
  visibility_timeout_seconds = each.value.visibility_timeout_seconds
  message_retention_seconds  = each.value.message_retention_seconds
  kms_master_key_id          = var.kms_key_arn
  policy                     = data.aws_iam_policy_document.queue[each.key].json

  # Waiting for a message costs less than asking again and again.
  receive_wait_time_seconds = 20

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letter[each.key].arn
    maxReceiveCount     = each.value.max_receive_count
  })

  tags = merge(
    var.tags,
    { Name = "queue-${each.key}-${var.suffix}" },
    each.value.description == null ? {} : { Description = each.value.description },
  )
}

# One behind each queue, and those that functions send what they could not handle to. Messages stay as long as SQS allows: their
# age counts from when they were first sent, so a shorter stay here would lose them on arrival.
resource "aws_sqs_queue" "dead_letter" {
  for_each = local.dead_letter_queue_arns

  name                      = "queue-${each.key}-dead-letter-${var.suffix}"
  message_retention_seconds = 1209600
  kms_master_key_id         = var.kms_key_arn
  policy                    = data.aws_iam_policy_document.dead_letter_queue[each.key].json
  receive_wait_time_seconds = 20

  # Only its own queue may use it. What functions send is no redrive, so that no queue at all may use theirs.
  redrive_allow_policy = (
    contains(keys(var.queues), each.key)
    ? jsonencode({ redrivePermission = "byQueue", sourceQueueArns = [local.queue_arns[each.key]] })
    : jsonencode({ redrivePermission = "denyAll" })
  )

  tags = merge(var.tags, { Name = "queue-${each.key}-dead-letter-${var.suffix}" })
}
