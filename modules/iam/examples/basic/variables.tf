variable "account_id" {
  description = "The AWS account to deploy to."
  type        = string
  default     = "123456789012"
}

variable "analyst_role_arn" {
  description = "The role of those who read the database."
  type        = string
  default     = "arn:aws:iam::123456789012:role/analysts"
}

variable "cluster_resource_id" {
  description = "The database: cluster_resource_id of the aurora module."
  type        = string
  default     = "cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
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

variable "reporting_role_arn" {
  description = "The role of the reporting tool, which has no second factor."
  type        = string
  default     = "arn:aws:iam::111122223333:role/reporting"
}

variable "suffix" {
  description = "The environment suffix."
  type        = string
  default     = "example"
}
