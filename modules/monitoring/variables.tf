variable "account_id" {
  description = "The AWS account that owns what is watched: 12 digits."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be 12 digits."
  }
}

variable "alert_function" {
  description = "The function that receives the log events which match a subscription's pattern, and turns them into alerts: with an `alias`, what that points to."
  type = object({
    alias = optional(string)
    arn   = string
    name  = string
  })
  nullable = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9_-]+)?$", var.alert_function.arn)) && endswith(var.alert_function.arn, ":function:${join(":", compact([var.alert_function.name, var.alert_function.alias]))}")
    error_message = "alert_function must give a function's name, and the ARN of the same function, with the alias if one is given and without a version."
  }
}

variable "api" {
  description = "The REST API by name and stage, as its metrics know it. `access_log_group_name` is where its access log goes, one JSON object per call with the field `status`; null counts no refused calls."
  type = object({
    name                  = string
    stage                 = string
    access_log_group_name = optional(string)
  })
  nullable = false
}

variable "cluster_identifier" {
  description = "Identifier of the Aurora cluster."
  type        = string
  nullable    = false
}

variable "database_max_capacity" {
  description = "Largest capacity that the Aurora cluster may scale to, in ACU: how many connections and how much memory it can have follow from it."
  type        = number
  nullable    = false

  validation {
    condition     = var.database_max_capacity >= 1 && var.database_max_capacity <= 256 && floor(var.database_max_capacity * 2) == var.database_max_capacity * 2
    error_message = "database_max_capacity must be from 1 to 256 ACU in steps of 0.5."
  }
}

variable "dead_letter_queue_names" {
  description = "Full names of the dead-letter queues by a short name. One message in any of them raises an alarm."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.dead_letter_queue_names) : can(regex("^[a-z][a-z0-9-]{0,59}$", name))])
    error_message = "Each key of dead_letter_queue_names must begin with a lower-case letter and hold 60 lower-case letters, digits and hyphens at most: it becomes part of names."
  }
}

variable "functions" {
  description = "The Lambda functions by a short name: the full name, and the timeout that an alarm compares durations with."
  type = map(object({
    function_name   = string
    timeout_seconds = number
  }))
  nullable = false

  validation {
    condition     = length(var.functions) >= 1 && length(var.functions) <= 10
    error_message = "functions must hold 1 to 10 functions: one alarm watches all of them, and CloudWatch lets it read 10 metrics."
  }

  validation {
    condition     = alltrue([for name in keys(var.functions) : can(regex("^[a-z][a-z0-9-]{0,59}$", name))])
    error_message = "Each key of functions must begin with a lower-case letter and hold 60 lower-case letters, digits and hyphens at most: it becomes part of names."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : function.timeout_seconds >= 1 && function.timeout_seconds <= 900])
    error_message = "timeout_seconds must be from 1 to 900, as Lambda has it."
  }
}

variable "log_archive" {
  description = "Where every group of `log_subscriptions` is archived to, beyond CloudWatch's retention (PCI DSS 10.5.1 asks for 12 months): the bucket, the key that its objects are encrypted with, and the folder in it; null archives nothing."
  type = object({
    bucket_arn  = string
    kms_key_arn = string
    prefix      = optional(string, "logs/")
  })
  default = null

  validation {
    condition     = var.log_archive == null ? true : can(regex("^arn:[a-z-]+:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.log_archive.bucket_arn))
    error_message = "bucket_arn of log_archive must be the ARN of a bucket, arn:aws:s3:::<name>."
  }

  validation {
    condition     = var.log_archive == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.log_archive.kms_key_arn))
    error_message = "kms_key_arn of log_archive must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>."
  }

  validation {
    condition     = var.log_archive == null ? true : can(regex("^([A-Za-z0-9_-]+/)+$", var.log_archive.prefix))
    error_message = "prefix of log_archive must be one or more folders of letters, digits, hyphens and underscores, each with its slash, for example logs/."
  }
}

variable "log_retention_in_days" {
  description = "Days that CloudWatch keeps the log of the archive's delivery errors."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_in_days)
    error_message = "log_retention_in_days must be 30 or a longer period that CloudWatch Logs offers (60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)."
  }
}

variable "log_subscriptions" {
  description = "The log groups by a short name. `filter_pattern` says which events reach the alert function (\"\" for all, null for none); with `log_archive` every event of every group is archived, whatever the pattern."
  type = map(object({
    log_group_name = string
    filter_pattern = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.log_subscriptions) : can(regex("^[a-z][a-z0-9-]{0,59}$", name))])
    error_message = "Each key of log_subscriptions must begin with a lower-case letter and hold 60 lower-case letters, digits and hyphens at most: it becomes part of names."
  }

  validation {
    condition     = alltrue([for subscription in values(var.log_subscriptions) : subscription.filter_pattern == null || subscription.log_group_name != "/aws/lambda/${var.alert_function.name}"])
    error_message = "log_subscriptions must not send the alert function its own log: each alert would write a line that raises the next. Leave filter_pattern out to archive that group only."
  }

  # One place is taken by the archive where there is one, and a group without a pattern leaves the other free.
  validation {
    condition = alltrue([
      for group in distinct(values(var.log_subscriptions)[*].log_group_name) :
      length([for subscription in values(var.log_subscriptions) : subscription if subscription.log_group_name == group]) <= (var.log_archive == null ? 2 : 1)
    ])
    error_message = "log_subscriptions may name a log group twice, and with log_archive once: CloudWatch Logs allows 2 subscription filters per group, and the archive is one of them."
  }

  validation {
    condition     = alltrue([for subscription in values(var.log_subscriptions) : length(coalesce(subscription.filter_pattern, " ")) <= 1024])
    error_message = "A filter_pattern can have 1024 characters at most."
  }

  validation {
    condition     = length([for subscription in values(var.log_subscriptions) : subscription if subscription.filter_pattern != null]) <= 40
    error_message = "log_subscriptions can have 40 patterns at most: each takes a statement in the alert function's policy, which Lambda limits to 20 KB."
  }
}

variable "logs_kms_key_arn" {
  description = "ARN of the customer-managed key that encrypts the log of the archive's delivery errors. Its policy must admit CloudWatch Logs."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.logs_kms_key_arn))
    error_message = "logs_kms_key_arn must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>: CloudWatch Logs takes no alias."
  }
}

variable "nat_gateway_id" {
  description = "The NAT gateway that functions call the internet through."
  type        = string
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "ARN of the managed policy that bounds the archive's roles, such as the region guardrail; null for none."
  type        = string
  default     = null
}

variable "queues" {
  description = "The queues by a short name: the full name, and the age in seconds that no message should reach before it is taken."
  type = map(object({
    queue_name          = string
    maximum_age_seconds = number
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.queues) : can(regex("^[a-z][a-z0-9-]{0,59}$", name))])
    error_message = "Each key of queues must begin with a lower-case letter and hold 60 lower-case letters, digits and hyphens at most: it becomes part of names."
  }

  validation {
    condition     = alltrue([for queue in values(var.queues) : queue.maximum_age_seconds >= 60 && queue.maximum_age_seconds <= 1209600])
    error_message = "maximum_age_seconds must be from 60 to 1209600, the 14 days that SQS keeps a message at most."
  }
}

variable "region" {
  description = "The AWS region of what is watched, for example us-east-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, for example us-east-1."
  }
}

variable "role_policy_arns" {
  description = "Further managed policies for the archive's roles by a name of your choice, such as the deny of unused regions."
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

variable "table_names" {
  description = "Full names of the DynamoDB tables by a short name."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.table_names) : can(regex("^[a-z][a-z0-9-]{0,99}$", name))])
    error_message = "Each key of table_names must begin with a lower-case letter and hold 100 lower-case letters, digits and hyphens at most: it becomes part of names."
  }
}

variable "tags" {
  description = "Tags for every resource, beside the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "thresholds" {
  description = "Where alarms begin. Counts are per five minutes; percentages are of the timeout, of the calls, or of what the cluster can have at its largest capacity."
  type = object({
    api_client_error_percent          = optional(number, 20)
    api_latency_p95_milliseconds      = optional(number, 3000)
    api_refused_calls                 = optional(number, 50)
    api_server_errors                 = optional(number, 5)
    application_errors                = optional(number, 5)
    archive_delay_seconds             = optional(number, 1800)
    database_capacity_percent         = optional(number, 90)
    database_connections_percent      = optional(number, 80)
    database_cpu_percent              = optional(number, 90)
    database_free_memory_percent      = optional(number, 10)
    database_replica_lag_milliseconds = optional(number, 1000)
    denied_calls                      = optional(number, 1)
    function_duration_percent         = optional(number, 80)
    function_errors                   = optional(number, 1)
    trail_refused_calls               = optional(number, 5)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name, value in var.thresholds : value >= 1])
    error_message = "Each of the thresholds must be 1 at least: 0 would raise an alarm that nothing can clear."
  }

  validation {
    condition     = alltrue([for name, value in var.thresholds : value <= 100 if endswith(name, "_percent")])
    error_message = "Each of the thresholds in percent must be 100 at most."
  }
}

variable "topic_arn" {
  description = "ARN of the SNS topic that alarms and compliance news go to. Its policy, and that of the key that encrypts it, must admit CloudWatch and EventBridge."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", var.topic_arn))
    error_message = "topic_arn must be the ARN of an SNS topic, arn:aws:sns:<region>:<account>:<name>; CloudWatch takes no FIFO topic."
  }
}

variable "trail_log_group_name" {
  description = "Log group that CloudTrail writes to, for the account's security events; null where there is no trail, or where another deployment watches it."
  type        = string
  default     = null
}
