# Event sources: messages of queues, and new objects through queues.

locals {
  # Event sources by "<function>/<queue>".
  event_sources = merge([
    for name, function in var.functions : {
      for queue, source in function.queues : "${name}/${queue}" => merge(source, { function = name, queue = queue })
    }
  ]...)
}

resource "aws_lambda_event_source_mapping" "this" {
  for_each = local.event_sources

  event_source_arn                   = each.value.queue_arn
  function_name                      = aws_lambda_alias.this[each.value.function].arn
  batch_size                         = each.value.batch_size
  maximum_batching_window_in_seconds = each.value.maximum_batching_window_seconds
  enabled                            = true

  # A function names the messages that failed; without it one bad message repeats its whole batch.
  function_response_types = ["ReportBatchItemFailures"]

  # Messages wait in the queue instead of being throttled, which would use up their receives.
  scaling_config {
    maximum_concurrency = each.value.maximum_concurrency
  }

  tags = merge(var.tags, { Name = "event-source-mapping-${each.value.function}-${each.value.queue}-${var.suffix}" })
}

resource "aws_lambda_function_event_invoke_config" "this" {
  for_each = var.functions

  function_name                = aws_lambda_function.this[each.key].function_name
  qualifier                    = aws_lambda_alias.this[each.key].name
  maximum_event_age_in_seconds = each.value.maximum_event_age_seconds
  maximum_retry_attempts       = each.value.maximum_retry_attempts
}

# A bucket has one notification configuration: a second resource for the same bucket would undo this one.
resource "aws_s3_bucket_notification" "this" {
  for_each = var.bucket_notifications

  bucket = each.key

  dynamic "queue" {
    for_each = each.value

    content {
      id            = queue.key
      queue_arn     = queue.value.queue_arn
      events        = queue.value.events
      filter_prefix = queue.value.filter_prefix == "" ? null : queue.value.filter_prefix
      filter_suffix = queue.value.filter_suffix == "" ? null : queue.value.filter_suffix
    }
  }
}
