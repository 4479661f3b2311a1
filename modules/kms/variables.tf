variable "account_id" {
  description = "The AWS account that owns the keys: 12 digits."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be 12 digits."
  }
}

variable "administrator_arns" {
  description = "IAM roles and users, by ARN, who alone may change and delete the keys, while everybody else's IAM policies can allow no more than their use; empty leaves both to IAM. The deployer has to be one of them: KMS refuses a policy that locks its author out."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.administrator_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]+$", arn))])
    error_message = "Each of administrator_arns must be the ARN of an IAM role or user, without wildcards."
  }
}

variable "deletion_window_in_days" {
  description = "Days between the destruction of a key and its deletion by KMS. The service's minimum lets an environment vanish soonest."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.deletion_window_in_days >= 7 && var.deletion_window_in_days <= 30 && floor(var.deletion_window_in_days) == var.deletion_window_in_days
    error_message = "deletion_window_in_days must be a whole number from 7 to 30: KMS accepts nothing else."
  }
}

variable "keys" {
  description = "The keys by purpose. `grants` names the AWS services that use the key on their own behalf and so need a statement in its policy: cloudtrail, cloudwatch_alarms, cloudwatch_logs, config, eventbridge, s3_notifications. Services that act for a caller (Aurora, DynamoDB, Lambda, S3) need none: the caller's IAM policy decides."
  type = map(object({
    description = string
    grants      = optional(set(string), [])
  }))
  default = {
    database  = { description = "Aurora: storage, backups, Performance Insights and the secret of the master user" }
    dynamodb  = { description = "DynamoDB tables" }
    lambda    = { description = "Environment variables of the Lambda functions" }
    logs      = { description = "CloudWatch log groups", grants = ["cloudwatch_logs"] }
    messaging = { description = "SQS queues and SNS topics", grants = ["cloudwatch_alarms", "eventbridge", "s3_notifications"] }
    s3        = { description = "S3 objects, AWS Config and CloudTrail deliveries among them", grants = ["cloudtrail", "config"] }
  }
  nullable = false

  validation {
    condition     = length(var.keys) > 0
    error_message = "keys must hold at least one purpose."
  }

  validation {
    condition     = alltrue([for purpose in keys(var.keys) : can(regex("^[a-z][a-z0-9-]{0,29}$", purpose))])
    error_message = "Each purpose in keys must begin with a lower-case letter and hold only lower-case letters, digits and hyphens, 30 at most: it becomes the alias."
  }

  validation {
    condition     = alltrue([for key in values(var.keys) : length(setsubtract(key.grants, ["cloudtrail", "cloudwatch_alarms", "cloudwatch_logs", "config", "eventbridge", "s3_notifications"])) == 0])
    error_message = "grants may name only cloudtrail, cloudwatch_alarms, cloudwatch_logs, config, eventbridge and s3_notifications."
  }
}

variable "region" {
  description = "The AWS region of the keys, for example us-east-1. It is part of the services' principals and encryption contexts."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, for example us-east-1."
  }
}

variable "rotation_period_in_days" {
  description = "Days between two automatic rotations of each key. PCI DSS 3.7.4 asks for a defined cryptoperiod; a year is AWS's default."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.rotation_period_in_days >= 90 && var.rotation_period_in_days <= 365 && floor(var.rotation_period_in_days) == var.rotation_period_in_days
    error_message = "rotation_period_in_days must be a whole number from 90 (KMS's minimum) to 365 (once a year at least)."
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
