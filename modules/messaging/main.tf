# Queues between the steps of the pipeline, the dead-letter queues behind them, and topics for people.

data "aws_partition" "this" {}

locals {
  arn_prefix = "arn:${data.aws_partition.this.partition}"
  regional   = "${var.region}:${var.account_id}"

  # Written out instead of read from the resources: the policy of a queue names the queue itself.
  queue_arns = { for name in keys(var.queues) : name => "${local.arn_prefix}:sqs:${local.regional}:queue-${name}-${var.suffix}" }

  dead_letter_queue_arns = {
    for name in setunion(keys(var.queues), var.dead_letter_queues) : name => "${local.arn_prefix}:sqs:${local.regional}:queue-${name}-dead-letter-${var.suffix}"
  }

  topic_arns = { for name in keys(var.topics) : name => "${local.arn_prefix}:sns:${local.regional}:topic-${name}-${var.suffix}" }
}
