variable "access_log_bucket_name" {
  description = "Name of a bucket that receives the access logs, and whose policy admits them; null with create_access_log_bucket."
  type        = string
  default     = null

  validation {
    condition     = var.access_log_bucket_name == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.access_log_bucket_name))
    error_message = "access_log_bucket_name must be the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens."
  }

  validation {
    condition     = (var.access_log_bucket_name == null) == var.create_access_log_bucket
    error_message = "access_log_bucket_name goes with create_access_log_bucket = false, which needs it."
  }
}

variable "access_log_retention_in_days" {
  description = "Days that server access logs are kept; those of 128 KB and more move to Glacier after 90. PCI DSS 10.5.1 asks for 12 months where cardholder data is in scope."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.access_log_retention_in_days >= 180 && floor(var.access_log_retention_in_days) == var.access_log_retention_in_days
    error_message = "access_log_retention_in_days must be a whole number of days, 180 at least: objects are in Glacier after 90 days (requirement B4), and Glacier bills 90 days for every object."
  }
}

variable "access_log_source_buckets" {
  description = "Purposes of further buckets of this deployment, made by other units, that deliver their access logs here: `config` stands for the bucket config-<account_id>-<suffix>."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for purpose in var.access_log_source_buckets : can(regex("^[a-z][a-z0-9-]{1,27}[a-z0-9]$", purpose))])
    error_message = "Each purpose in access_log_source_buckets must be 3 to 29 lower-case letters, digits and inner hyphens, beginning with a letter."
  }
}

variable "account_id" {
  description = "The AWS account that owns the buckets: 12 digits. It makes their names globally unique."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be 12 digits."
  }
}

variable "buckets" {
  description = "The buckets by purpose. Objects move to Glacier Flexible Retrieval after `glacier_after_days`, on to Glacier Deep Archive after `deep_archive_after_days` and are deleted after `expire_after_days` where these are set. Superseded versions are deleted after `noncurrent_version_retention_in_days`; unfinished multipart uploads after `abort_incomplete_multipart_upload_days`. Objects below a prefix of `expiring_prefixes` are deleted after that many days. `eventbridge` sends the bucket's events to EventBridge; leave it off where another unit configures the bucket's notifications. `delivery` lets an AWS service write below `prefix` and call `check_actions` on the bucket, on `conditions` that prove that it acts for this account; such a bucket does not refuse other encryption, which is the service's to choose."
  type = map(object({
    abort_incomplete_multipart_upload_days = optional(number, 7)
    deep_archive_after_days                = optional(number)
    eventbridge                            = optional(bool, false)
    expire_after_days                      = optional(number)
    expiring_prefixes                      = optional(map(number), {})
    glacier_after_days                     = optional(number, 90)
    noncurrent_version_retention_in_days   = optional(number, 30)
    delivery = optional(object({
      service       = string
      check_actions = optional(set(string), [])
      prefix        = optional(string, "")
      conditions = list(object({
        test     = string
        variable = string
        values   = list(string)
      }))
    }))
  }))
  default = {
    archive             = { deep_archive_after_days = 365, eventbridge = true }
    processed-analytics = {}
    raw-data            = {}
  }
  nullable = false

  validation {
    condition     = alltrue([for purpose in keys(var.buckets) : can(regex("^[a-z][a-z0-9-]{1,27}[a-z0-9]$", purpose))])
    error_message = "Each purpose in buckets must be 3 to 29 lower-case letters, digits and inner hyphens, beginning with a letter: with account id and suffix a bucket name must stay within 63 characters."
  }

  validation {
    condition     = !contains(keys(var.buckets), "access-logs")
    error_message = "The purpose access-logs is taken by the bucket that receives the access logs of the others."
  }

  validation {
    condition     = alltrue([for bucket in values(var.buckets) : bucket.glacier_after_days >= 1 && bucket.glacier_after_days <= 90])
    error_message = "glacier_after_days must be from 1 to 90: requirement B4 has objects in Glacier after 90 days at the latest."
  }

  validation {
    condition     = alltrue([for bucket in values(var.buckets) : try(bucket.deep_archive_after_days >= bucket.glacier_after_days + 90, bucket.deep_archive_after_days == null)])
    error_message = "deep_archive_after_days must lie at least 90 days behind glacier_after_days: Glacier bills 90 days for every object."
  }

  validation {
    condition     = alltrue(flatten([for bucket in values(var.buckets) : [for prefix, days in bucket.expiring_prefixes : can(regex("^[A-Za-z0-9._/-]+/$", prefix)) && days >= 1 && floor(days) == days]]))
    error_message = "expiring_prefixes must name prefixes that end with a slash, each with a whole number of days, 1 at least."
  }

  validation {
    condition     = alltrue([for bucket in values(var.buckets) : try(bucket.expire_after_days >= coalesce(bucket.deep_archive_after_days, bucket.glacier_after_days) + 90, bucket.expire_after_days == null)])
    error_message = "expire_after_days must lie at least 90 days behind the last move to Glacier: Glacier bills 90 days for every object."
  }

  validation {
    condition     = alltrue([for bucket in values(var.buckets) : try(length(bucket.delivery.conditions) > 0, bucket.delivery == null)])
    error_message = "delivery must name at least one condition: a service would deliver for other accounts, too."
  }

  validation {
    condition     = alltrue([for bucket in values(var.buckets) : bucket.noncurrent_version_retention_in_days >= 1 && bucket.abort_incomplete_multipart_upload_days >= 1])
    error_message = "noncurrent_version_retention_in_days and abort_incomplete_multipart_upload_days must be 1 at least."
  }
}

variable "create_access_log_bucket" {
  description = "Whether to make the bucket that receives the access logs."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the customer-managed key that encrypts the objects of the data buckets."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>; S3 would look an alias up in the caller's account."
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
