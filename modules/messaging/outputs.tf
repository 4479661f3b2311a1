output "dead_letter_queue_arns" {
  description = "The dead-letter queues' ARNs: by name of the queue that each stands behind, and by name from dead_letter_queues."
  value       = { for name, queue in aws_sqs_queue.dead_letter : name => queue.arn }
}

output "dead_letter_queue_names" {
  description = "The dead-letter queues' full names, by the same names as dead_letter_queue_arns."
  value       = { for name, queue in aws_sqs_queue.dead_letter : name => queue.name }
}

output "log_group_names" {
  description = "The log groups of deliveries: successes by topic name without prefix and suffix, failures by the same with -failure behind."
  value = merge(
    { for name, group in aws_cloudwatch_log_group.delivery : name => group.name },
    { for name, group in aws_cloudwatch_log_group.delivery_failures : "${name}-failure" => group.name },
  )
}

output "queue_arns" {
  description = "The queues' ARNs by name without prefix and suffix."
  value       = { for name, queue in aws_sqs_queue.this : name => queue.arn }
}

output "queue_names" {
  description = "The queues' full names by name without prefix and suffix."
  value       = { for name, queue in aws_sqs_queue.this : name => queue.name }
}

output "queue_urls" {
  description = "The queues' URLs by name without prefix and suffix."
  value       = { for name, queue in aws_sqs_queue.this : name => queue.url }
}

output "topic_arns" {
  description = "The topics' ARNs by name without prefix and suffix."
  value       = { for name, topic in aws_sns_topic.this : name => topic.arn }
}

output "topic_names" {
  description = "The topics' full names by name without prefix and suffix."
  value       = { for name, topic in aws_sns_topic.this : name => topic.name }
}
