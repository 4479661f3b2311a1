variable "account_id" {
  description = "The AWS account that the policies and roles are for: 12 digits."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be 12 digits."
  }
}

variable "boundary_document" {
  description = "The permissions boundary of every role of every deployment, in JSON: docs/deployer/boundary.json."
  type        = string
  nullable    = false

  validation {
    condition     = can(jsondecode(var.boundary_document).Statement)
    error_message = "boundary_document must be a policy in JSON with a Statement."
  }
}

variable "budget" {
  description = "What the account may cost in a month, and who gets mail at 80 % of it and when AWS forecasts more; null for no budget."
  type = object({
    monthly_usd = number
    emails      = set(string)
  })
  default = null

  validation {
    condition     = var.budget == null ? true : var.budget.monthly_usd > 0
    error_message = "budget.monthly_usd must be more than 0."
  }

  validation {
    condition     = var.budget == null ? true : length(var.budget.emails) >= 1 && length(var.budget.emails) <= 10 && alltrue([for email in var.budget.emails : can(regex("^[^@ ]+@[^@ ]+[.][^@ ]+$", email))])
    error_message = "budget.emails must be 1 to 10 email addresses: AWS Budgets sends to no more."
  }
}

variable "create_provider" {
  description = "Whether to make GitHub's identity provider, of which an account has one; false if it is there already."
  type        = bool
  default     = true
  nullable    = false
}

variable "deployer_policy_documents" {
  description = "The deployer's policies in JSON, by a name of your choice: the files of docs/deployer."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.deployer_policy_documents) > 0 && alltrue([for document in values(var.deployer_policy_documents) : can(jsondecode(document).Statement)])
    error_message = "deployer_policy_documents must be at least one policy in JSON, each with a Statement."
  }

  validation {
    condition     = alltrue([for document in values(var.deployer_policy_documents) : can(jsondecode(document)) ? length(jsonencode(jsondecode(document))) <= 6144 : true])
    error_message = "Each of deployer_policy_documents must have at most 6144 characters without white space: IAM stores no longer managed policy."
  }

  validation {
    condition     = alltrue([for name in keys(var.deployer_policy_documents) : can(regex("^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$", name))])
    error_message = "The names of deployer_policy_documents must be 1 to 32 lower-case letters, digits and inner hyphens, beginning with a letter."
  }
}

variable "deployer_subjects" {
  description = "Which workflows may deploy: the subjects of GitHub's tokens, such as repo:acme/platform:environment:prod."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.deployer_subjects) > 0
    error_message = "deployer_subjects must name at least one subject: without one nobody could take the role."
  }

  validation {
    condition     = alltrue([for subject in var.deployer_subjects : can(regex("^repo:[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+:(ref:refs/(heads|tags)/[^*?]+|environment:[^*?]+|pull_request)$", subject))])
    error_message = "Each of deployer_subjects must name one repository with a branch, a tag, an environment or pull_request, without wildcards, for example repo:acme/platform:environment:prod."
  }
}

variable "max_session_duration_seconds" {
  description = "How long a session of either role may last; a first up takes about half an hour."
  type        = number
  default     = 7200
  nullable    = false

  validation {
    condition     = var.max_session_duration_seconds >= 3600 && var.max_session_duration_seconds <= 43200 && floor(var.max_session_duration_seconds) == var.max_session_duration_seconds
    error_message = "max_session_duration_seconds must be a whole number from 3600 to 43200: IAM accepts nothing else."
  }
}

variable "reader_policy_documents" {
  description = "The reader's policies in JSON, by a name of your choice: docs/deployer/reader.json."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.reader_policy_documents) > 0 && alltrue([for document in values(var.reader_policy_documents) : can(jsondecode(document).Statement)])
    error_message = "reader_policy_documents must be at least one policy in JSON, each with a Statement."
  }

  validation {
    condition     = alltrue([for document in values(var.reader_policy_documents) : can(jsondecode(document)) ? length(jsonencode(jsondecode(document))) <= 6144 : true])
    error_message = "Each of reader_policy_documents must have at most 6144 characters without white space: IAM stores no longer managed policy."
  }

  validation {
    condition     = alltrue([for name in keys(var.reader_policy_documents) : can(regex("^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$", name))])
    error_message = "The names of reader_policy_documents must be 1 to 32 lower-case letters, digits and inner hyphens, beginning with a letter."
  }
}

variable "reader_subjects" {
  description = "Which workflows may plan and look for drift, such as repo:acme/platform:pull_request."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.reader_subjects) > 0
    error_message = "reader_subjects must name at least one subject: without one nobody could take the role."
  }

  validation {
    condition     = alltrue([for subject in var.reader_subjects : can(regex("^repo:[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+:(ref:refs/(heads|tags)/[^*?]+|environment:[^*?]+|pull_request)$", subject))])
    error_message = "Each of reader_subjects must name one repository with a branch, a tag, an environment or pull_request, without wildcards, for example repo:acme/platform:environment:prod."
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
}

variable "tags" {
  description = "Tags for every resource, beside the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
