variable "access_log_bucket_name" {
  description = "Name of the bucket that receives the access logs of the audit buckets. Its policy must admit them."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.access_log_bucket_name))
    error_message = "access_log_bucket_name must be the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens."
  }
}

variable "account_id" {
  description = "The AWS account that is recorded: 12 digits. It makes the buckets' names globally unique."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be 12 digits."
  }
}

variable "audit_bucket" {
  description = "A bucket that this deployment does not own, for the records of AWS Config and CloudTrail, and the KMS key that encrypts them there; null for buckets of its own, which go with it. The policies of bucket and key must admit both services: see the README."
  type = object({
    name        = string
    kms_key_arn = string
  })
  default = null

  validation {
    condition     = var.audit_bucket == null ? true : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.audit_bucket.name))
    error_message = "audit_bucket.name must be the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens."
  }

  validation {
    condition     = var.audit_bucket == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.audit_bucket.kms_key_arn))
    error_message = "audit_bucket.kms_key_arn must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>."
  }

  validation {
    condition     = var.audit_bucket == null ? true : !endswith(var.audit_bucket.name, "-${var.account_id}-${var.suffix}")
    error_message = "audit_bucket.name must not end in the account and suffix of this deployment: destroy would count the bucket as its own."
  }
}

variable "create_delivery_channel" {
  description = "Whether this deployment owns the delivery channel, of which AWS has one per account and region, and the bucket behind it."
  type        = bool
  default     = true
  nullable    = false
}

variable "create_recorder" {
  description = "Whether this deployment owns the configuration recorder, of which AWS has one per account and region. Without one, here or elsewhere, AWS refuses the rules. The rules of its owner judge the whole account, those of others what carries their suffix as the tag `Suffix`."
  type        = bool
  default     = true
  nullable    = false
}

variable "delivery_frequency" {
  description = "How often AWS Config delivers a snapshot of everything: One_Hour, Three_Hours, Six_Hours, Twelve_Hours or TwentyFour_Hours. Changes are delivered as they come."
  type        = string
  default     = "TwentyFour_Hours"
  nullable    = false

  validation {
    condition     = contains(["One_Hour", "Three_Hours", "Six_Hours", "Twelve_Hours", "TwentyFour_Hours"], var.delivery_frequency)
    error_message = "delivery_frequency must be One_Hour, Three_Hours, Six_Hours, Twelve_Hours or TwentyFour_Hours."
  }
}

variable "delivery_retention_in_days" {
  description = "Days that the buckets keep the records of AWS Config and CloudTrail."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.delivery_retention_in_days >= 365 && floor(var.delivery_retention_in_days) == var.delivery_retention_in_days
    error_message = "delivery_retention_in_days must be a whole number of days, 365 at least: PCI DSS 10.5.1 has audit records kept for 12 months."
  }
}

variable "disabled_rules" {
  description = "Rules of rules.yaml that are left out, by identifier, each with the reason."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.disabled_rules), keys(local.known_rules))) == 0
    error_message = "disabled_rules must name rules of rules.yaml by identifier, for example API_GW_SSL_ENABLED."
  }

  validation {
    condition     = alltrue([for reason in values(var.disabled_rules) : length(trimspace(reason)) >= 10])
    error_message = "disabled_rules must give each rule's reason, 10 characters at least: an auditor will ask."
  }
}

variable "kms_key_arn" {
  description = "ARN of the customer-managed key that encrypts the audit records. Its policy must admit AWS Config and CloudTrail."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>; S3 would look an alias up in the caller's account."
  }
}

variable "log_retention_in_days" {
  description = "Days that CloudWatch keeps the trail's log group, and every other group of the deployment: the rule about retention asks for as much."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_in_days)
    error_message = "log_retention_in_days must be 30 or a longer period that CloudWatch Logs offers (60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)."
  }
}

variable "logs_kms_key_arn" {
  description = "ARN of the customer-managed key that encrypts the trail's log group. Its policy must admit CloudWatch Logs."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.logs_kms_key_arn))
    error_message = "logs_kms_key_arn must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>: CloudWatch Logs takes no alias."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the managed policy that bounds the trail's role; null for none. The recorder's role has none: it carries a policy of AWS that reads hundreds of services."
  type        = string
  default     = null
}

variable "recorder_permissions_boundary_arn" {
  description = "ARN of the managed policy that bounds the recorder's role, which must allow what AWS Config reads; null for none."
  type        = string
  default     = null
}

variable "recording_frequency" {
  description = "CONTINUOUS records every change at $0.003; DAILY the state of each changed resource once a day at $0.012, which is cheaper from five changes a day."
  type        = string
  default     = "CONTINUOUS"
  nullable    = false

  validation {
    condition     = contains(["CONTINUOUS", "DAILY"], var.recording_frequency)
    error_message = "recording_frequency must be CONTINUOUS or DAILY."
  }
}

variable "region" {
  description = "The AWS region that is recorded, for example us-east-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, for example us-east-1."
  }
}

variable "role_policy_arns" {
  description = "Further managed policies for the roles of the recorder and of the trail by a name of your choice, such as the deny of unused regions."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "rule_parameters" {
  description = "Parameters of rules by identifier, over those of rules.yaml: what only the deployment knows, such as { INTERNET_GATEWAY_AUTHORIZED_VPC_ONLY = { AuthorizedVpcIds = \"vpc-1\" } }. Several values are separated by commas."
  type        = map(map(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.rule_parameters), keys(local.known_rules))) == 0
    error_message = "rule_parameters must name rules of rules.yaml by identifier, for example INTERNET_GATEWAY_AUTHORIZED_VPC_ONLY."
  }

  validation {
    condition     = alltrue([for identifier, parameters in var.rule_parameters : length(setsubtract(keys(parameters), try(local.known_rules[identifier].accepts, []))) == 0 || !contains(keys(local.known_rules), identifier)])
    error_message = "rule_parameters must name parameters that the rule accepts, as rules.yaml lists them: AWS Config refuses others."
  }

  validation {
    condition     = alltrue(flatten([for parameters in values(var.rule_parameters) : [for value in values(parameters) : try(length(trimspace(value)) > 0, false)]]))
    error_message = "rule_parameters must give each parameter a value: AWS Config refuses empty ones."
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

  validation {
    condition     = !can(regex("(^|-)(s3alias|-ol-s3|-x-s3|-table-s3)$", var.suffix))
    error_message = "suffix must not end in s3alias, --ol-s3, --x-s3 or --table-s3: S3 reserves bucket names with these endings."
  }
}

variable "tags" {
  description = "Tags for every resource, beside the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "topic_arn" {
  description = "ARN of the topic that AWS Config notifies of deliveries and changes; null for none. Every change of every resource is a message: not for a topic that people read."
  type        = string
  default     = null

  validation {
    condition     = var.topic_arn == null || can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.topic_arn))
    error_message = "topic_arn must be the ARN of a standard SNS topic, arn:aws:sns:<region>:<account>:<name>."
  }
}

variable "topic_kms_key_arn" {
  description = "ARN of the customer-managed key that encrypts the topic, which the recorder's role must be able to use; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.topic_kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.topic_kms_key_arn))
    error_message = "topic_kms_key_arn must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>."
  }

  validation {
    condition     = var.topic_kms_key_arn == null || var.topic_arn != null
    error_message = "topic_kms_key_arn must come with topic_arn: it is the key of that topic."
  }
}

variable "trail" {
  description = "The CloudTrail trail, where `enabled`. It records reads and writes of the objects in the buckets of `data_event_bucket_arns` ($0.10 per 100,000), and looks for unusual rates of calls or errors where `insights` names ApiCallRateInsight or ApiErrorRateInsight ($0.35 per 100,000 events)."
  type = object({
    enabled                = optional(bool, true)
    data_event_bucket_arns = optional(list(string), [])
    insights               = optional(set(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for arn in var.trail.data_event_bucket_arns : can(regex("^arn:[a-z-]+:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", arn))])
    error_message = "data_event_bucket_arns must be ARNs of buckets, arn:aws:s3:::<name>, without a path."
  }

  validation {
    condition     = !contains([for arn in var.trail.data_event_bucket_arns : element(split(":", arn), 5)], try(var.audit_bucket.name, "cloudtrail-${var.account_id}-${var.suffix}"))
    error_message = "data_event_bucket_arns must not name the trail's own bucket: every delivery would be an event to deliver."
  }

  validation {
    condition     = length(setsubtract(var.trail.insights, ["ApiCallRateInsight", "ApiErrorRateInsight"])) == 0
    error_message = "insights may name only ApiCallRateInsight and ApiErrorRateInsight."
  }
}
