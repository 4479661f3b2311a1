variable "account_id" {
  description = "The AWS account to deploy to."
  type        = string
  default     = "123456789012"
}

variable "function_name" {
  description = "The function that answers: an entry of function_names of the lambda module."
  type        = string
  default     = "lambda-api-example"
}

variable "invoke_arn" {
  description = "How API Gateway calls it: the entry of invoke_arns of the lambda module."
  type        = string
  default     = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:lambda-api-example/invocations"
}

variable "kms_key_arn" {
  description = "The key to encrypt with: an entry of key_arns of the kms module."
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

variable "suffix" {
  description = "The environment suffix."
  type        = string
  default     = "example"
}
