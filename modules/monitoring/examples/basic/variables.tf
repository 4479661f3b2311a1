variable "account_id" {
  description = "The AWS account to deploy to."
  type        = string
  default     = "123456789012"
}

variable "logs_kms_key_arn" {
  description = "The key to encrypt log groups with: an entry of key_arns of the kms module."
  type        = string
  default     = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
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

variable "s3_kms_key_arn" {
  description = "The key to encrypt the log archive with: that of the bucket."
  type        = string
  default     = "arn:aws:kms:us-east-1:123456789012:key/66666666-7777-8888-9999-000000000000"
}

variable "suffix" {
  description = "The environment suffix."
  type        = string
  default     = "example"
}
