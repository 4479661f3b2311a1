variable "account_id" {
  description = "The AWS account that owns the queues and topics: 12 digits."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be 12 digits."
  }
}

variable "dead_letter_queues" {
  description = "Names of further dead-letter queues, for what functions could not handle when they were invoked asynchronously. Each of `queues` has one of its own besides."
  type        = set(string)
  default     = ["functions"]
  nullable    = false

  validation {
    condition     = alltrue([for name in var.dead_letter_queues : can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", name))])
    error_message = "Each name in dead_letter_queues must be 1 to 40 lower-case letters, digits and inner hyphens, beginning with a letter: the name of a queue must stay within 80 characters."
  }

  validation {
    condition     = length(setintersection(var.dead_letter_queues, keys(var.queues))) == 0
    error_message = "dead_letter_queues must not repeat a name of queues: each of those has a dead-letter queue already."
  }
}

variable "kms_key_arn" {
  description = "ARN of the customer-managed key that encrypts messages. Its policy must admit the services that send: S3 for queues with `from_buckets`, and the `publishers` of topics."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>: IAM policies and key policies name keys so."
  }
}

variable "log_retention_in_days" {
  description = "Days that CloudWatch keeps the logs of deliveries."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_in_days)
    error_message = "log_retention_in_days must be 30 or a longer period that CloudWatch Logs offers (60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)."
  }
}

variable "logs_kms_key_arn" {
  description = "ARN of the customer-managed key that encrypts the log groups. Its policy must admit CloudWatch Logs."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.logs_kms_key_arn))
    error_message = "logs_kms_key_arn must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>: CloudWatch Logs takes no alias."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the managed policy that bounds the role of the delivery logs; null for none."
  type        = string
  default     = null
}

variable "queues" {
  description = "The queues by name. A message that was received `max_receive_count` times without being deleted goes to the queue's dead-letter queue, which keeps it for 14 days from when it was first sent. `visibility_timeout_seconds` must be six times the timeout of the function that reads the queue, or more. `from_buckets` lets the buckets of the deployment send their notifications. `description` becomes a tag."
  type = map(object({
    visibility_timeout_seconds = number
    description                = optional(string)
    from_buckets               = optional(bool, false)
    max_receive_count          = optional(number, 5)
    message_retention_seconds  = optional(number, 345600)
  }))
  default = {
    analytics = { visibility_timeout_seconds = 1800, from_buckets = true }
    ingest    = { visibility_timeout_seconds = 1800, from_buckets = true }
  }
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.queues) : can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", name))])
    error_message = "Each name in queues must be 1 to 40 lower-case letters, digits and inner hyphens, beginning with a letter: the name of a queue must stay within 80 characters, that of its dead-letter queue too."
  }

  validation {
    condition     = alltrue([for name in keys(var.queues) : !endswith(name, "-dead-letter")])
    error_message = "No name in queues may end in -dead-letter: that is how the queues behind them are called."
  }

  validation {
    condition = alltrue([
      for queue in values(var.queues) :
      queue.visibility_timeout_seconds >= 1 && queue.visibility_timeout_seconds <= 43200 && floor(queue.visibility_timeout_seconds) == queue.visibility_timeout_seconds
    ])
    error_message = "visibility_timeout_seconds must be a whole number from 1 to 43200."
  }

  validation {
    condition     = alltrue([for queue in values(var.queues) : queue.max_receive_count >= 1 && queue.max_receive_count <= 1000 && floor(queue.max_receive_count) == queue.max_receive_count])
    error_message = "max_receive_count must be a whole number from 1 to 1000."
  }

  validation {
    condition = alltrue([
      for queue in values(var.queues) :
      queue.message_retention_seconds >= 60 && queue.message_retention_seconds <= 1123200 && floor(queue.message_retention_seconds) == queue.message_retention_seconds
    ])
    error_message = "message_retention_seconds must be a whole number from 60 to 1123200, 13 days: the dead-letter queue keeps a message for 14 days from when it was first sent, and one day at least must be left to look at it."
  }

  validation {
    condition     = alltrue([for queue in values(var.queues) : queue.message_retention_seconds >= queue.visibility_timeout_seconds * queue.max_receive_count])
    error_message = "message_retention_seconds must cover max_receive_count times visibility_timeout_seconds: a message would expire before it reaches the dead-letter queue."
  }

  validation {
    condition     = alltrue([for queue in values(var.queues) : try(can(regex("^[\\p{L}\\p{N} _.:/=+@-]{1,256}$", queue.description)), false) || queue.description == null])
    error_message = "The description of a queue becomes a tag: 1 to 256 letters, digits, spaces and _ . : / = + - @."
  }
}

variable "region" {
  description = "The AWS region of the queues and topics, for example us-east-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, for example us-east-1."
  }
}

variable "role_policy_arns" {
  description = "Further managed policies for the role of the delivery logs by a name of your choice, such as the deny of unused regions."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "suffix" {
  description = "The environment suffix that ends every name, for example pr42."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$", var.suffix))
    error_message = "suffix must be 1 to 20 lower-case letters, digits and inner hyphens, beginning with a letter."
  }
}

variable "tags" {
  description = "Tags for every resource, beside the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "topics" {
  description = "The topics by name. `publishers` names the AWS services that may publish on their own behalf: cloudwatch_alarms, config, eventbridge. `email_subscriptions` are addresses; each gets a mail, and nothing else before it is confirmed. `display_name` is the sender's name in mails."
  type = map(object({
    display_name        = optional(string)
    email_subscriptions = optional(set(string), [])
    publishers          = optional(set(string), [])
  }))
  default = {
    alerts = { display_name = "Trading analytics alerts", publishers = ["cloudwatch_alarms", "config", "eventbridge"] }
  }
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.topics) : can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", name))])
    error_message = "Each name in topics must be 1 to 40 lower-case letters, digits and inner hyphens, beginning with a letter."
  }

  validation {
    condition     = alltrue([for name in keys(var.topics) : !endswith(name, "-failure")])
    error_message = "No name in topics may end in -failure: in log_group_names that is the log group of failed deliveries."
  }

  validation {
    condition     = alltrue([for topic in values(var.topics) : length(setsubtract(topic.publishers, ["cloudwatch_alarms", "config", "eventbridge"])) == 0])
    error_message = "publishers may name only cloudwatch_alarms, config and eventbridge."
  }

  validation {
    condition     = alltrue(flatten([for topic in values(var.topics) : [for address in topic.email_subscriptions : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))]]))
    error_message = "Each of email_subscriptions must be an email address."
  }

  validation {
    condition     = alltrue([for topic in values(var.topics) : try(can(regex("^[A-Za-z0-9 _-]{1,100}$", topic.display_name)), false) || topic.display_name == null])
    error_message = "display_name must be 1 to 100 letters, digits, spaces, hyphens and underscores."
  }
}
