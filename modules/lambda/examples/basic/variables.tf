variable "account_id" {
  description = "The AWS account to deploy to."
  type        = string
  default     = "123456789012"
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

variable "package_hash" {
  description = "SHA-256 of the package in base64. The default is that of an empty file."
  type        = string
  default     = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
}

variable "package_path" {
  description = "The package, as `platformctl build` makes it. A plan does not read it."
  type        = string
  default     = "/packages/function.zip"
}

variable "region" {
  description = "The AWS region to deploy to."
  type        = string
  default     = "us-east-1"
}

variable "security_group_ids" {
  description = "The functions' security groups: entries of security_group_ids of the vpc module."
  type        = list(string)
  default     = ["sg-0123456789abcdef0"]
}

variable "subnet_ids" {
  description = "The private subnets: private_subnet_ids of the vpc module."
  type        = list(string)
  default     = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1", "subnet-0123456789abcdef2"]
}

variable "suffix" {
  description = "The environment suffix."
  type        = string
  default     = "example"
}
