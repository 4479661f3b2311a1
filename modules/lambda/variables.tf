variable "account_concurrency_limit" {
  description = "How many executions the account may run at once in the region: the Lambda quota \"Concurrent executions\". New accounts begin below 1000."
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.account_concurrency_limit >= 10 && floor(var.account_concurrency_limit) == var.account_concurrency_limit
    error_message = "account_concurrency_limit must be a whole number, 10 at least."
  }
}

variable "account_id" {
  description = "The AWS account that owns the functions: 12 digits."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be 12 digits."
  }
}

variable "bucket_notifications" {
  description = "Queues that hear of new objects: by bucket name, then by an id of your choice. A bucket has one notification configuration in all, so nothing else may set one. The queue's policy and its key must admit S3."
  type = map(map(object({
    queue_arn     = string
    events        = optional(set(string), ["s3:ObjectCreated:*"])
    filter_prefix = optional(string, "")
    filter_suffix = optional(string, "")
  })))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for bucket in keys(var.bucket_notifications) : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", bucket))])
    error_message = "Each key of bucket_notifications must be the name of a bucket."
  }

  validation {
    condition     = alltrue([for notifications in values(var.bucket_notifications) : length(notifications) > 0])
    error_message = "Each bucket in bucket_notifications must have at least one notification."
  }

  validation {
    condition     = alltrue(flatten([for notifications in values(var.bucket_notifications) : [for notification in values(notifications) : can(regex("^arn:[a-z-]+:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", notification.queue_arn))]]))
    error_message = "queue_arn in bucket_notifications must be the ARN of a standard queue: S3 sends to no FIFO queue."
  }

  validation {
    condition = alltrue(flatten([
      for notifications in values(var.bucket_notifications) : [
        for notification in values(notifications) : length(notification.events) > 0 && alltrue([
          for event in notification.events :
          can(regex("^s3:(ObjectCreated:(\\*|Put|Post|Copy|CompleteMultipartUpload)|ObjectRemoved:(\\*|Delete|DeleteMarkerCreated)|ObjectRestore:(\\*|Post|Completed|Delete)|ObjectTagging:(\\*|Put|Delete)|LifecycleExpiration:(\\*|Delete|DeleteMarkerCreated)|LifecycleTransition)$", event))
        ])
      ]
    ]))
    error_message = "events must name events of S3: s3:ObjectCreated:*, s3:ObjectRemoved:*, s3:ObjectRestore:*, s3:ObjectTagging:*, s3:LifecycleExpiration:*, one of their kinds such as s3:ObjectCreated:Put, or s3:LifecycleTransition."
  }

  # Two notifications overlap when one object can match both: an event, a prefix and a suffix in common.
  validation {
    condition = alltrue(flatten([
      for notifications in values(var.bucket_notifications) : [
        for one, a in notifications : [
          for other, b in notifications : one == other || !(
            anytrue(flatten([for event in a.events : [for second in b.events : event == second || startswith(second, trimsuffix(event, "*")) && endswith(event, "*")]])) &&
            (startswith(a.filter_prefix, b.filter_prefix) || startswith(b.filter_prefix, a.filter_prefix)) &&
            (endswith(a.filter_suffix, b.filter_suffix) || endswith(b.filter_suffix, a.filter_suffix))
          )
        ]
      ]
    ]))
    error_message = "Two notifications of one bucket must not overlap: S3 refuses the same event for a prefix and suffix that one object can have."
  }
}

variable "dead_letter_queue_arn" {
  description = "ARN of the queue that takes asynchronous events which failed for good."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.dead_letter_queue_arn))
    error_message = "dead_letter_queue_arn must be the ARN of a standard queue: Lambda sends to no FIFO queue."
  }
}

variable "functions" {
  description = "The functions by name without prefix and suffix. `package_path` is the absolute path of the zip, `package_hash` its SHA-256 in base64: a new hash is a new version of the code. `reserved_concurrency` is both the function's share of the account's concurrency and its ceiling; -1 reserves nothing: a new account has 10 in all and takes no reservation. `policy_statements`, by statement id, is what this function alone may do. `queues` are polled for it; their `maximum_concurrency` together stays within a reserved one. `maximum_retry_attempts` and `maximum_event_age_seconds` are for asynchronous invocations; after them the event goes to the dead-letter queue."
  type = map(object({
    description               = string
    package_path              = string
    package_hash              = string
    handler                   = optional(string, "handler.handler")
    timeout_seconds           = optional(number, 30)
    memory_size_mb            = optional(number, 512)
    ephemeral_storage_mb      = optional(number, 512)
    reserved_concurrency      = optional(number, 20)
    environment               = optional(map(string), {})
    security_group_ids        = list(string)
    maximum_retry_attempts    = optional(number, 2)
    maximum_event_age_seconds = optional(number, 21600)
    policy_statements = optional(map(object({
      actions   = list(string)
      resources = list(string)
      conditions = optional(list(object({
        test     = string
        variable = string
        values   = list(string)
      })), [])
    })), {})
    queues = optional(map(object({
      queue_arn                       = string
      batch_size                      = optional(number, 10)
      maximum_batching_window_seconds = optional(number, 0)
      maximum_concurrency             = optional(number, 5)
    })), {})
  }))
  nullable = false

  validation {
    condition     = length(var.functions) > 0
    error_message = "functions must hold at least one function."
  }

  validation {
    condition     = alltrue([for name in keys(var.functions) : can(regex("^[a-z]([a-z0-9-]{0,25}[a-z0-9])?$", name))])
    error_message = "Each name in functions must be 1 to 27 lower-case letters, digits and inner hyphens, beginning with a letter: the name of its role must stay within 64 characters."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : length(function.description) >= 1 && length(function.description) <= 256])
    error_message = "description must be 1 to 256 characters."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : can(regex("^(/|[A-Za-z]:[/\\\\]).*\\.zip$", function.package_path))])
    error_message = "package_path must be the absolute path of a zip file: a relative one is looked up in the provider's folder."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : can(regex("^[A-Za-z0-9+/]{43}=$", function.package_hash))])
    error_message = "package_hash must be the SHA-256 of the package in base64: 43 characters and an equals sign."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : can(regex("^[A-Za-z_][A-Za-z0-9_./]{0,110}\\.[A-Za-z_][A-Za-z0-9_]{0,15}$", function.handler))])
    error_message = "handler must be a module and a function in it, for example handler.handler."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : function.timeout_seconds >= 1 && function.timeout_seconds <= 900 && floor(function.timeout_seconds) == function.timeout_seconds])
    error_message = "timeout_seconds must be a whole number from 1 to 900."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : function.memory_size_mb >= 128 && function.memory_size_mb <= 10240 && floor(function.memory_size_mb) == function.memory_size_mb])
    error_message = "memory_size_mb must be a whole number from 128 to 10240."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : function.ephemeral_storage_mb >= 512 && function.ephemeral_storage_mb <= 10240 && floor(function.ephemeral_storage_mb) == function.ephemeral_storage_mb])
    error_message = "ephemeral_storage_mb must be a whole number from 512 to 10240."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : function.reserved_concurrency == -1 || function.reserved_concurrency >= 1 && floor(function.reserved_concurrency) == function.reserved_concurrency])
    error_message = "reserved_concurrency must be a whole number, 1 at least, or -1 for no reservation: 0 would stop the function."
  }

  validation {
    condition     = sum(concat([0], [for function in values(var.functions) : max(0, function.reserved_concurrency)])) <= max(0, var.account_concurrency_limit - 100)
    error_message = "The reserved_concurrency of all functions together must leave 100 of the account's limit free, or Lambda refuses it: reserve less, raise the quota and account_concurrency_limit with it, or set -1."
  }

  validation {
    condition     = alltrue(flatten([for function in values(var.functions) : [for name in keys(function.environment) : can(regex("^[A-Za-z][A-Za-z0-9_]+$", name))]]))
    error_message = "Each name in environment must begin with a letter and hold 2 or more letters, digits and underscores."
  }

  validation {
    condition = alltrue([
      for function in values(var.functions) : length(setintersection(keys(function.environment), [
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
      ])) == 0
    ])
    error_message = "environment must not hold a name that Lambda reserves, such as AWS_REGION or AWS_LAMBDA_FUNCTION_NAME."
  }

  validation {
    condition = alltrue([
      for function in values(var.functions) : length(setintersection(keys(function.environment), [
        "LOG_LEVEL",
        "PLATFORM_SUFFIX",
        "POWERTOOLS_LOG_LEVEL",
        "POWERTOOLS_METRICS_NAMESPACE",
        "POWERTOOLS_SERVICE_NAME",
      ])) == 0
    ])
    error_message = "environment must not hold LOG_LEVEL, PLATFORM_SUFFIX, POWERTOOLS_LOG_LEVEL, POWERTOOLS_METRICS_NAMESPACE or POWERTOOLS_SERVICE_NAME: the module sets them."
  }

  # In base64 three bytes are four characters, which counts bytes where length() would count letters.
  validation {
    condition     = alltrue([for function in values(var.functions) : length(base64encode(jsonencode(function.environment))) <= 3840 / 3 * 4])
    error_message = "environment must take 3840 bytes at most as JSON: Lambda's limit is 4 KB, and the module's own variables need the rest."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : length(function.security_group_ids) >= 1 && length(function.security_group_ids) <= 5 && alltrue([for id in function.security_group_ids : can(regex("^sg-[0-9a-z]+$", id))])])
    error_message = "security_group_ids must be 1 to 5 ids of security groups."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : contains([0, 1, 2], function.maximum_retry_attempts)])
    error_message = "maximum_retry_attempts must be 0, 1 or 2."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : function.maximum_event_age_seconds >= 60 && function.maximum_event_age_seconds <= 21600])
    error_message = "maximum_event_age_seconds must be from 60 to 21600, six hours."
  }

  validation {
    condition     = alltrue(flatten([for function in values(var.functions) : [for sid in keys(function.policy_statements) : can(regex("^[A-Za-z0-9]+$", sid))]]))
    error_message = "Each key of policy_statements must be a statement id of letters and digits."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : length(setintersection(keys(function.policy_statements), local.own_statements)) == 0])
    error_message = "policy_statements must not take the id of a statement that the module writes itself, such as AllowLogs."
  }

  validation {
    condition = alltrue(flatten([
      for function in values(var.functions) : [
        for statement in values(function.policy_statements) : length(statement.actions) > 0 && alltrue([for action in statement.actions : can(regex("^[a-z0-9-]+:[A-Za-z0-9]+$", action))])
      ]
    ]))
    error_message = "actions in policy_statements must name single actions, for example s3:GetObject, without wildcards."
  }

  validation {
    condition = alltrue(flatten([
      for function in values(var.functions) : [
        for statement in values(function.policy_statements) : length(statement.resources) > 0 && alltrue([for arn in statement.resources : can(regex("^arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12})?:.*[^*/:].*$", arn))])
      ]
    ]))
    error_message = "resources in policy_statements must be ARNs that name something: neither \"*\" nor all resources of a service."
  }

  validation {
    condition     = alltrue(flatten([for function in values(var.functions) : [for name in keys(function.queues) : can(regex("^[a-z][a-z0-9-]*$", name))]]))
    error_message = "Each key of queues must be lower-case letters, digits and hyphens, beginning with a letter."
  }

  validation {
    condition     = alltrue(flatten([for function in values(var.functions) : [for queue in values(function.queues) : can(regex("^arn:[a-z-]+:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", queue.queue_arn))]]))
    error_message = "queue_arn in queues must be the ARN of a standard queue: the settings here are not for FIFO queues."
  }

  validation {
    condition     = length(distinct(flatten([for function in values(var.functions) : [for queue in values(function.queues) : queue.queue_arn]]))) == length(flatten([for function in values(var.functions) : values(function.queues)]))
    error_message = "A queue must have one reader: two would each get a part of the messages."
  }

  validation {
    condition     = alltrue(flatten([for function in values(var.functions) : [for queue in values(function.queues) : queue.batch_size >= 1 && queue.batch_size <= 10000 && queue.maximum_batching_window_seconds >= 0 && queue.maximum_batching_window_seconds <= 300]]))
    error_message = "batch_size must be from 1 to 10000, and maximum_batching_window_seconds from 0 to 300."
  }

  validation {
    condition     = alltrue(flatten([for function in values(var.functions) : [for queue in values(function.queues) : queue.batch_size <= 10 || queue.maximum_batching_window_seconds >= 1]]))
    error_message = "A batch_size above 10 needs a maximum_batching_window_seconds of 1 at least."
  }

  validation {
    condition     = alltrue(flatten([for function in values(var.functions) : [for queue in values(function.queues) : queue.maximum_concurrency >= 2 && queue.maximum_concurrency <= 1000]]))
    error_message = "maximum_concurrency must be from 2 to 1000."
  }

  validation {
    condition     = alltrue([for function in values(var.functions) : function.reserved_concurrency == -1 || sum(concat([0], [for queue in values(function.queues) : queue.maximum_concurrency])) <= function.reserved_concurrency])
    error_message = "The maximum_concurrency of a function's queues together must stay within its reserved_concurrency: throttled messages would end in the dead-letter queue."
  }
}

variable "invocations" {
  description = "Calls to make when the functions are deployed, by a name of your choice: `function` is called once with `input`, a JSON object, and again whenever its package or the input changes. A call that fails fails the apply."
  type = map(object({
    function = string
    input    = optional(string, "{}")
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for invocation in values(var.invocations) : contains(keys(var.functions), invocation.function)])
    error_message = "Each function in invocations must be one of functions."
  }

  validation {
    condition     = alltrue([for invocation in values(var.invocations) : can(keys(jsondecode(invocation.input)))])
    error_message = "Each input in invocations must be a JSON object."
  }
}

variable "kms_key_arn" {
  description = "ARN of the customer-managed key that encrypts the environment variables."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>: the roles' policies name it."
  }
}

variable "log_level" {
  description = "The least severe log lines that are kept: DEBUG, INFO, WARN, ERROR or FATAL."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["DEBUG", "INFO", "WARN", "ERROR", "FATAL"], var.log_level)
    error_message = "log_level must be DEBUG, INFO, WARN, ERROR or FATAL."
  }
}

variable "log_retention_in_days" {
  description = "Days that CloudWatch keeps the functions' logs."
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
  description = "ARN of the managed policy that bounds the execution roles, such as the region guardrail; null for none."
  type        = string
  default     = null
}

variable "pinned_versions" {
  description = "Published versions that serve instead of the newest, by function: what a rollback keeps until it is taken back."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.pinned_versions), keys(var.functions))) == 0
    error_message = "Each key of pinned_versions must be one of functions."
  }

  validation {
    condition     = alltrue([for version in values(var.pinned_versions) : can(regex("^[1-9][0-9]*$", version))])
    error_message = "pinned_versions must hold numbers of published versions, such as \"3\"."
  }
}

variable "queues_kms_key_arn" {
  description = "ARN of the customer-managed key that encrypts the functions' queues and the dead-letter queue."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.queues_kms_key_arn))
    error_message = "queues_kms_key_arn must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>: the roles' policies name it."
  }
}

variable "region" {
  description = "The AWS region of the functions, for example us-east-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, for example us-east-1."
  }
}

variable "replacement_security_group_ids" {
  description = "Security groups that the functions are moved to when they are destroyed, so that their own can go at once: the VPC's default group, which has no rules."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.replacement_security_group_ids) >= 1 && length(var.replacement_security_group_ids) <= 5 && alltrue([for id in var.replacement_security_group_ids : can(regex("^sg-[0-9a-z]+$", id))])
    error_message = "replacement_security_group_ids must be 1 to 5 ids of security groups."
  }
}

variable "role_policy_arns" {
  description = "Further managed policies for every execution role by a name of your choice, such as the deny of unused regions."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = !contains(keys(var.role_policy_arns), "execution")
    error_message = "The name execution in role_policy_arns is taken by the role's own policy."
  }
}

variable "runtime" {
  description = "The Python runtime of the functions: python3.11, python3.12 or python3.13."
  type        = string
  default     = "python3.12"
  nullable    = false

  validation {
    condition     = contains(["python3.11", "python3.12", "python3.13"], var.runtime)
    error_message = "runtime must be python3.11, python3.12 or python3.13."
  }
}

variable "schedules" {
  description = "Calls on a schedule, by a name of your choice: `expression` is EventBridge's, `rate(1 day)` or `cron(5 0 * * ? *)` in UTC, and `input` a JSON object."
  type = map(object({
    expression = string
    function   = string
    input      = optional(string, "{}")
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.schedules) : can(regex("^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$", name))])
    error_message = "Each name in schedules must be 1 to 20 lower-case letters, digits and inner hyphens, beginning with a letter: the name of the rule must stay within 64 characters."
  }

  validation {
    condition     = alltrue([for schedule in values(var.schedules) : contains(keys(var.functions), schedule.function)])
    error_message = "Each function in schedules must be one of functions."
  }

  validation {
    condition     = alltrue([for schedule in values(var.schedules) : can(regex("^(rate\\([1-9][0-9]* (minutes?|hours?|days?)\\)|cron\\([^()]+\\))$", schedule.expression))])
    error_message = "expression in schedules must be rate(...) or cron(...), for example rate(1 day)."
  }

  validation {
    condition     = alltrue([for schedule in values(var.schedules) : can(keys(jsondecode(schedule.input)))])
    error_message = "Each input in schedules must be a JSON object."
  }
}

variable "subnet_ids" {
  description = "The private subnets that the functions run in, one per zone."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2 && length(var.subnet_ids) <= 16 && alltrue([for id in var.subnet_ids : can(regex("^subnet-[0-9a-z]+$", id))])
    error_message = "subnet_ids must be 2 to 16 ids of subnets: one subnet alone is lost with its zone."
  }
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
