variable "account_id" {
  description = "The AWS account that the policies and roles are for: 12 digits."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be 12 digits."
  }
}

variable "database_access" {
  description = "Roles for people and tools that log in to the Aurora cluster with `cluster_resource_id`; null for none. Each role is one `database_user`. `trusted_principal_arns`, IAM roles and users, may take it. `require_mfa` refuses sessions without a second factor, but for roles of IAM Identity Center (aws-reserved/sso.amazonaws.com), which asks for the factor itself and does not tell."
  type = object({
    cluster_resource_id = string
    roles = map(object({
      database_user                = string
      description                  = string
      trusted_principal_arns       = set(string)
      require_mfa                  = optional(bool, true)
      max_session_duration_seconds = optional(number, 3600)
    }))
  })
  default = null

  validation {
    condition     = var.database_access == null ? true : can(regex("^cluster-[A-Za-z0-9]+$", var.database_access.cluster_resource_id))
    error_message = "cluster_resource_id must be the resource id of an Aurora cluster, cluster-<letters and digits>: neither its name nor its ARN."
  }

  validation {
    condition     = alltrue([for name in try(keys(var.database_access.roles), []) : can(regex("^[a-z]([a-z0-9-]{0,23}[a-z0-9])?$", name))])
    error_message = "Each role name must be 1 to 25 lower-case letters, digits and inner hyphens, beginning with a letter: with prefix and suffix the name of a role must stay within 64 characters."
  }

  validation {
    condition     = alltrue([for role in try(values(var.database_access.roles), []) : can(regex("^[a-z_][a-z0-9_]{0,62}$", role.database_user)) && role.database_user != "rdsadmin"])
    error_message = "database_user must be the name of one PostgreSQL user, up to 63 lower-case letters, digits and underscores, and not rdsadmin, which is AWS's own: a wildcard would open the others' users."
  }

  validation {
    condition     = alltrue([for role in try(values(var.database_access.roles), []) : can(regex("^[ -~]{1,1000}$", role.description))])
    error_message = "The description of a role must be 1 to 1000 printable ASCII characters: IAM accepts no others."
  }

  validation {
    condition     = alltrue([for role in try(values(var.database_access.roles), []) : length(role.trusted_principal_arns) > 0])
    error_message = "trusted_principal_arns must name at least one IAM role or user who may take the role."
  }

  validation {
    condition = alltrue(flatten([
      for role in try(values(var.database_access.roles), []) : [
        for arn in role.trusted_principal_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]+$", arn))
      ]
    ]))
    error_message = "Each of trusted_principal_arns must be the ARN of an IAM role or user, without wildcards: an account as principal (root) would let in everybody whom its policies do not stop."
  }

  validation {
    condition = alltrue([
      for role in try(values(var.database_access.roles), []) :
      role.max_session_duration_seconds >= 3600 && role.max_session_duration_seconds <= 43200 && floor(role.max_session_duration_seconds) == role.max_session_duration_seconds
    ])
    error_message = "max_session_duration_seconds must be a whole number from 3600 to 43200: IAM accepts nothing else."
  }
}

variable "guardrail" {
  description = "What confines every role of the deployment: a policy that denies each region but `allowed_regions`, and a permissions boundary. null makes neither, for a second use of the module beside one that has them."
  type = object({
    allowed_regions = optional(set(string), ["us-east-1"])
  })
  default  = {}
  nullable = true

  validation {
    condition     = var.guardrail == null ? true : length(var.guardrail.allowed_regions) > 0
    error_message = "allowed_regions must name at least one region."
  }

  validation {
    condition     = alltrue([for region in try(var.guardrail.allowed_regions, []) : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", region))])
    error_message = "Each of allowed_regions must be the name of an AWS region, for example us-east-1."
  }

  validation {
    condition     = try(length(var.guardrail.allowed_regions) == 0 || contains(var.guardrail.allowed_regions, var.region), var.guardrail == null)
    error_message = "allowed_regions must hold the region of the deployment, ${var.region}: its own roles could do nothing otherwise."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the managed policy that bounds the deployment's roles; null for one that this module makes, or none without guardrail. An account-wide boundary that the deployer cannot change keeps a deployer from becoming more than that."
  type        = string
  default     = null
}

variable "region" {
  description = "The AWS region of the deployment, for example us-east-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, for example us-east-1."
  }
}

variable "role_policy_arns" {
  description = "Further managed policies for the database roles by a name of your choice, such as the deny of unused regions that another use of this module made."
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
