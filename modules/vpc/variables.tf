variable "account_id" {
  description = "The AWS account that owns the network: 12 digits."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be 12 digits."
  }
}

variable "availability_zones" {
  description = "The three availability zones, for example us-east-1a, us-east-1b, us-east-1c. Their order gives the subnets their address ranges, so do not reorder them later; the first carries the NAT gateway."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.availability_zones) == 3
    error_message = "availability_zones must name exactly 3 zones."
  }

  validation {
    condition     = length(distinct(var.availability_zones)) == length(var.availability_zones)
    error_message = "availability_zones must name each zone once."
  }

  validation {
    condition     = alltrue([for zone in var.availability_zones : startswith(zone, var.region) && can(regex("[0-9][a-z]$", zone))])
    error_message = "availability_zones must be zones of the region ${var.region}, for example ${var.region}a."
  }
}

variable "database_port" {
  description = "TCP port that the database listens on."
  type        = number
  default     = 5432
  nullable    = false

  validation {
    condition     = var.database_port >= 1024 && var.database_port <= 65535 && floor(var.database_port) == var.database_port
    error_message = "database_port must be a whole number from 1024 to 65535."
  }
}

variable "flow_log_aggregation_interval" {
  description = "Longest time in seconds over which packets are gathered into one flow log record: 60, or 600 for about a tenth of the records."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = contains([60, 600], var.flow_log_aggregation_interval)
    error_message = "flow_log_aggregation_interval must be 60 or 600."
  }
}

variable "kms_key_arn" {
  description = "ARN of the customer-managed key that encrypts the flow logs. Its policy must admit CloudWatch Logs."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>: CloudWatch Logs takes no alias."
  }
}

variable "log_retention_in_days" {
  description = "Days that CloudWatch keeps the flow logs."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_in_days)
    error_message = "log_retention_in_days must be 30 or a longer period that CloudWatch Logs offers (60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the managed policy that bounds the flow log role, such as the region guardrail; null for none."
  type        = string
  default     = null
}

variable "region" {
  description = "The AWS region of the network, for example us-east-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, for example us-east-1."
  }
}

variable "role_policy_arns" {
  description = "Further managed policies for the flow log role by a name of your choice, such as the deny of unused regions."
  type        = map(string)
  default     = {}
  nullable    = false
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

variable "vpc_cidr" {
  description = "IPv4 range of the network, /16 to /20. The first three sixteenths are the private subnets; the public and database subnets are 1/256 each."
  type        = string
  default     = "10.0.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && try(cidrsubnet(var.vpc_cidr, 0, 0) == var.vpc_cidr, false)
    error_message = "vpc_cidr must be an IPv4 range in CIDR notation without host bits, for example 10.0.0.0/16."
  }

  validation {
    condition     = try(tonumber(split("/", var.vpc_cidr)[1]) >= 16 && tonumber(split("/", var.vpc_cidr)[1]) <= 20, false)
    error_message = "vpc_cidr must be from /16, the largest VPC, to /20, the smallest whose subnets keep the 16 addresses that AWS asks for."
  }

  validation {
    condition     = can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", var.vpc_cidr))
    error_message = "vpc_cidr must lie in a private range of RFC 1918: 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16."
  }
}
