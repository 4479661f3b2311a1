variable "account_id" {
  description = "The AWS account to deploy to."
  type        = string
  default     = "123456789012"
}

variable "availability_zones" {
  description = "Zones of the region, in the order in which instances take them."
  type        = list(string)
  default     = ["us-east-1a", "us-east-1b", "us-east-1c"]
}

variable "kms_key_arn" {
  description = "The key to encrypt with: an entry of key_arns of the kms module."
  type        = string
  default     = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

variable "logs_kms_key_arn" {
  description = "The key of the log groups: another entry of key_arns of the kms module."
  type        = string
  default     = "arn:aws:kms:us-east-1:123456789012:key/66666666-7777-8888-9999-000000000000"
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

variable "security_group_ids" {
  description = "The security groups of the database: an entry of security_group_ids of the vpc module."
  type        = list(string)
  default     = ["sg-0123456789abcdef0"]
}

variable "subnet_ids" {
  description = "The subnets of the database: database_subnet_ids of the vpc module."
  type        = list(string)
  default     = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1", "subnet-0123456789abcdef2"]
}

variable "suffix" {
  description = "The environment suffix."
  type        = string
  default     = "example"
}
