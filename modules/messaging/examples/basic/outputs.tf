output "queue_urls" {
  description = "The queues' URLs by name."
  value       = module.messaging.queue_urls
}

output "topic_names" {
  description = "The topics by name."
  value       = module.messaging.topic_names
}
