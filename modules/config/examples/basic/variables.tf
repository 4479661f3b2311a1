variable "access_log_bucket_name" {
  description = "The bucket of the access logs: access_log_bucket_name of the s3 module."
  type        = string
  default     = "access-logs-123456789012-example"
}

variable "account_id" {
  description = "The AWS account to deploy to."
  type        = string
  default     = "123456789012"
}

variable "data_bucket_arns" {
  description = "The buckets whose objects are watched: bucket_arns of the s3 module."
  type        = list(string)
  default     = ["arn:aws:s3:::raw-data-123456789012-example"]
}

variable "kms_key_arn" {
  description = "The key to encrypt the records with: an entry of key_arns of the kms module."
  type        = string
  default     = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

variable "logs_kms_key_arn" {
  description = "The key to encrypt the log group with: an entry of key_arns of the kms module."
  type        = string
  default     = "arn:aws:kms:us-east-1:123456789012:key/22222222-3333-4444-5555-666666666666"
}

variable "offline" {
  description = "Whether to plan without any AWS account."
  type        = bool
  default     = true
}

variable "region" {
  description = "The AWS region to deploy to."
  type        = string
  default     = "us-east-1"
}

variable "suffix" {
  description = "The environment suffix."
  type        = string
  default     = "example"
}
