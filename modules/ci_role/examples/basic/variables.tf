variable "account_id" {
  description = "The AWS account to deploy to."
  type        = string
  default     = "123456789012"
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
