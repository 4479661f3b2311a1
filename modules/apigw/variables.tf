variable "account_id" {
  description = "The AWS account that owns the API: 12 digits."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be 12 digits."
  }
}

variable "authorizer" {
  description = "What authenticates callers, beside the API key that every request needs: `cognito` checks the tokens of the pools in `user_pool_arns` (and the access token's `scopes`, where given), `lambda` asks `function`, `iam` checks the request's signature and the caller's permission execute-api:Invoke; null for API keys alone. An answer is kept for `cache_seconds` per token."
  type = object({
    type           = string
    cache_seconds  = optional(number, 300)
    function       = optional(object({ name = string, invoke_arn = string }))
    scopes         = optional(set(string), [])
    user_pool_arns = optional(set(string), [])
  })
  default = null

  validation {
    condition     = var.authorizer == null ? true : contains(["cognito", "iam", "lambda"], var.authorizer.type)
    error_message = "authorizer.type must be cognito, iam or lambda."
  }

  validation {
    condition     = var.authorizer == null ? true : (var.authorizer.type == "cognito") == (length(var.authorizer.user_pool_arns) > 0)
    error_message = "authorizer.user_pool_arns goes with the type cognito, which needs at least one, and with no other."
  }

  validation {
    condition     = var.authorizer == null ? true : (var.authorizer.type == "lambda") == (var.authorizer.function != null)
    error_message = "authorizer.function goes with the type lambda, which needs it, and with no other."
  }

  validation {
    condition     = var.authorizer == null ? true : var.authorizer.type == "cognito" || length(var.authorizer.scopes) == 0
    error_message = "authorizer.scopes goes with the type cognito only: they are of its access tokens."
  }

  validation {
    condition     = var.authorizer == null ? true : alltrue([for arn in var.authorizer.user_pool_arns : can(regex("^arn:[a-z-]+:cognito-idp:[a-z0-9-]+:[0-9]{12}:userpool/[a-z0-9-]+_[A-Za-z0-9]+$", arn))])
    error_message = "Each of authorizer.user_pool_arns must be the ARN of a user pool, arn:aws:cognito-idp:<region>:<account>:userpool/<id>."
  }

  validation {
    condition     = var.authorizer == null ? true : var.authorizer.cache_seconds >= 0 && var.authorizer.cache_seconds <= 3600 && floor(var.authorizer.cache_seconds) == var.authorizer.cache_seconds
    error_message = "authorizer.cache_seconds must be a whole number from 0 to 3600."
  }
}

variable "clients" {
  description = "Who gets an API key, by a name of your choice. A key that is not enabled is refused, and keeps its value."
  type = map(object({
    description = string
    enabled     = optional(bool, true)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.clients) : can(regex("^[a-z][a-z0-9-]{0,62}$", name))])
    error_message = "Each client's name must begin with a lower-case letter and hold only lower-case letters, digits and hyphens, 63 at most: it becomes part of the key's name."
  }

  validation {
    condition     = alltrue([for client in values(var.clients) : length(client.description) > 0])
    error_message = "Each client needs a description: an auditor asks what a key is for."
  }
}

variable "cors" {
  description = "Web pages that may call the API: origins such as https://desk.example.com, and how long a browser may remember that. null for none. The functions must name the origin in their answers."
  type = object({
    allowed_origins = list(string)
    max_age_seconds = optional(number, 600)
  })
  default = null

  validation {
    condition     = var.cors == null ? true : length(var.cors.allowed_origins) > 0 && alltrue([for origin in var.cors.allowed_origins : can(regex("^https?://[a-z0-9.-]+(:[0-9]{1,5})?$", origin))])
    error_message = "allowed_origins must hold at least one origin, each a scheme and a host in small letters, and a port where it has one: https://desk.example.com. An origin has no path and no slash at its end."
  }

  validation {
    condition     = var.cors == null ? true : var.cors.max_age_seconds >= 0 && var.cors.max_age_seconds <= 86400 && floor(var.cors.max_age_seconds) == var.cors.max_age_seconds
    error_message = "max_age_seconds must be a whole number from 0 to 86400: no browser remembers it for longer."
  }
}

variable "custom_domain" {
  description = "A domain for the API, such as api.example.com, with its certificate in ACM in the same region. It speaks TLS 1.2 and newer, and closes the default endpoint, which also speaks TLS 1.0 and 1.1 (PCI DSS 4.2.1). Its DNS record is yours to make: see the output custom_domain_target. null for the default endpoint."
  type = object({
    name            = string
    certificate_arn = string
  })
  default = null

  validation {
    condition     = var.custom_domain == null ? true : can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+[a-z]{2,63}$", var.custom_domain.name)) && length(var.custom_domain.name) <= 253
    error_message = "custom_domain.name must be a full domain name in lower case, for example api.example.com."
  }

  validation {
    condition     = var.custom_domain == null ? true : can(regex("^arn:[a-z-]+:acm:${var.region}:[0-9]{12}:certificate/[0-9a-f-]+$", var.custom_domain.certificate_arn))
    error_message = "custom_domain.certificate_arn must be the ARN of an ACM certificate in ${var.region}: a regional domain takes no other."
  }
}

variable "description" {
  description = "What the API is for."
  type        = string
  default     = "Market data, analytics and sessions"
  nullable    = false

  validation {
    condition     = length(var.description) > 0 && length(var.description) <= 1024
    error_message = "description must hold 1 to 1024 characters."
  }
}

variable "kms_key_arn" {
  description = "ARN of the customer-managed key that encrypts the log groups. Its policy must admit CloudWatch Logs."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>: CloudWatch Logs takes no alias."
  }
}

variable "log_level" {
  description = "What the execution log holds: ERROR for failed requests, INFO for every step of every request, a few KB each. The access log records every request either way."
  type        = string
  default     = "ERROR"
  nullable    = false

  validation {
    condition     = contains(["ERROR", "INFO"], var.log_level)
    error_message = "log_level must be ERROR or INFO: execution logs are required."
  }
}

variable "log_retention_in_days" {
  description = "Days that CloudWatch keeps the logs."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_in_days)
    error_message = "log_retention_in_days must be 30 or a longer period that CloudWatch Logs offers (60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)."
  }
}

variable "manage_account_settings" {
  description = "Whether this deployment owns the role that API Gateway logs with, of which an account and region have one. Off for every deployment but one; that one must be there first."
  type        = bool
  default     = true
  nullable    = false
}

variable "minimum_compression_size" {
  description = "Bytes from which an answer is compressed for clients that accept gzip or deflate; null for never. Compressed requests are taken in any case."
  type        = number
  default     = 1024
  nullable    = true

  validation {
    condition     = var.minimum_compression_size == null ? true : var.minimum_compression_size >= 0 && var.minimum_compression_size <= 10485760 && floor(var.minimum_compression_size) == var.minimum_compression_size
    error_message = "minimum_compression_size must be a whole number of bytes from 0 to 10485760, the largest answer that API Gateway gives."
  }
}

variable "models" {
  description = "JSON schemas (draft 4) of request bodies by name, for `request_model` of a route."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.models) : can(regex("^[a-zA-Z0-9]{1,128}$", name))])
    error_message = "Each model's name must hold only letters and digits: API Gateway accepts nothing else."
  }

  validation {
    condition     = alltrue([for schema in values(var.models) : can(keys(jsondecode(schema)))])
    error_message = "Each model must be a JSON schema: one JSON object."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the managed policy that bounds the logging role, such as the region guardrail; null for none."
  type        = string
  default     = null
}

variable "quota" {
  description = "Requests that each key has per DAY, WEEK or MONTH; null for no such limit."
  type = object({
    limit  = number
    period = string
  })
  default = null

  validation {
    condition     = var.quota == null ? true : contains(["DAY", "WEEK", "MONTH"], var.quota.period)
    error_message = "The period of quota must be DAY, WEEK or MONTH."
  }

  validation {
    condition     = var.quota == null ? true : var.quota.limit >= 1 && floor(var.quota.limit) == var.quota.limit
    error_message = "The limit of quota must be a whole number from 1."
  }
}

variable "region" {
  description = "The AWS region of the API, for example us-east-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, for example us-east-1."
  }
}

variable "role_policy_arns" {
  description = "Further managed policies for the logging role by a name of your choice, such as the deny of unused regions."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "routes" {
  description = "The routes by method and path, for example GET /bars/{symbol}: the function that answers, or an alias of it, the required (true) and optional (false) query strings and headers, the model that the body must follow, and whether the authorizer, if there is one, has to let the caller in. Path parameters need no mention."
  type = map(object({
    authorized           = optional(bool, true)
    function_alias       = optional(string)
    function_name        = string
    invoke_arn           = string
    request_model        = optional(string)
    request_parameters   = optional(map(bool), {})
    timeout_milliseconds = optional(number, 29000)
  }))
  nullable = false

  validation {
    condition     = length(var.routes) > 0
    error_message = "routes must hold at least one route: API Gateway deploys no API without a method."
  }

  validation {
    condition     = alltrue([for route in keys(var.routes) : can(regex("^(DELETE|GET|HEAD|PATCH|POST|PUT) (/([a-zA-Z0-9._-]+|\\{[a-zA-Z0-9._-]+\\})){1,4}$", route))])
    error_message = "Each route must be a method (DELETE, GET, HEAD, PATCH, POST, PUT), a space and a path of 1 to 4 parts, each a name or a {parameter} of letters, digits, dots, hyphens and underscores."
  }

  validation {
    condition = alltrue([
      for route in keys(var.routes) : length(regexall("\\{[^}]*\\}", route)) == length(distinct(regexall("\\{[^}]*\\}", route)))
    ])
    error_message = "A path must name each of its parameters once."
  }

  validation {
    condition = length(distinct(flatten([
      for route in keys(var.routes) : [for depth in range(2, length(split("/", route)) + 1) : join("/", slice(split("/", route), 1, depth))]
      ]))) == length(distinct(flatten([
      for route in keys(var.routes) : [for depth in range(2, length(split("/", route)) + 1) : replace(join("/", slice(split("/", route), 1, depth)), "/\\{[^}]*\\}/", "{}")]
    ])))
    error_message = "Routes must give a parameter at the same place in the tree of paths the same name: API Gateway takes only one there."
  }

  validation {
    condition     = alltrue([for route in values(var.routes) : can(regex("^[a-zA-Z0-9_-]{1,64}$", route.function_name))])
    error_message = "function_name must be the name of a function, 1 to 64 letters, digits, hyphens and underscores."
  }

  validation {
    condition     = alltrue([for route in values(var.routes) : route.function_alias == null || can(regex("^[a-zA-Z0-9_-]*[a-zA-Z_-][a-zA-Z0-9_-]*$", route.function_alias))])
    error_message = "function_alias must be the name of an alias, letters, digits, hyphens and underscores and not only digits, or null."
  }

  validation {
    condition     = alltrue([for route in values(var.routes) : can(regex("^arn:[a-z-]+:apigateway:[a-z0-9-]+:lambda:path/.+/invocations$", route.invoke_arn))])
    error_message = "invoke_arn must be a function's invoke ARN, arn:aws:apigateway:<region>:lambda:path/.../invocations: API Gateway takes no other."
  }

  validation {
    condition = alltrue(flatten([
      for route in values(var.routes) : [for name in keys(route.request_parameters) : can(regex("^method\\.request\\.(header|querystring)\\.[a-zA-Z0-9._-]+$", name))]
    ]))
    error_message = "Each name in request_parameters must be method.request.querystring.<name> or method.request.header.<name>: path parameters come from the path."
  }

  validation {
    condition     = alltrue([for route in values(var.routes) : route.request_model == null ? true : contains(keys(var.models), route.request_model)])
    error_message = "request_model must be one of models."
  }

  validation {
    condition     = alltrue([for route in values(var.routes) : route.timeout_milliseconds >= 50 && route.timeout_milliseconds <= 29000 && floor(route.timeout_milliseconds) == route.timeout_milliseconds])
    error_message = "timeout_milliseconds must be a whole number from 50 to 29000: a longer one needs a raised quota of the account."
  }
}

variable "stage_name" {
  description = "Name of the stage, the first part of every path."
  type        = string
  default     = "v1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,128}$", var.stage_name))
    error_message = "stage_name must hold 1 to 128 letters, digits, hyphens and underscores."
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

variable "throttle" {
  description = "Limits of each API key: requests per second, and the requests above that which are let through at once."
  type = object({
    burst_limit = optional(number, 2000)
    rate_limit  = optional(number, 1000)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.throttle.rate_limit >= 1 && var.throttle.rate_limit <= 10000 && floor(var.throttle.rate_limit) == var.throttle.rate_limit
    error_message = "rate_limit must be a whole number from 1 to 10000, what an account has for all its APIs."
  }

  validation {
    condition     = var.throttle.burst_limit >= 1 && var.throttle.burst_limit <= 5000 && floor(var.throttle.burst_limit) == var.throttle.burst_limit
    error_message = "burst_limit must be a whole number from 1 to 5000, what an account has for all its APIs."
  }
}

variable "tracing" {
  description = "Whether X-Ray traces requests."
  type        = bool
  default     = true
  nullable    = false
}

variable "waf" {
  description = "The web ACL in front of the API. `rate_limit_per_ip` is the requests of one address in five minutes; null stands for 300 times the rate_limit of throttle. `counted_rules` names, by AWS rule group, rules that only count: by default those that would refuse batches over 8 KB and clients that run in a cloud."
  type = object({
    enabled           = optional(bool, false)
    rate_limit_per_ip = optional(number)
    counted_rules = optional(map(set(string)), {
      AWSManagedRulesAnonymousIpList = ["HostingProviderIPList"]
      AWSManagedRulesCommonRuleSet   = ["SizeRestrictions_BODY"]
    })
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.waf.rate_limit_per_ip == null ? true : var.waf.rate_limit_per_ip >= 10 && var.waf.rate_limit_per_ip <= 2000000000 && floor(var.waf.rate_limit_per_ip) == var.waf.rate_limit_per_ip
    error_message = "rate_limit_per_ip must be a whole number from 10 to 2000000000: WAF accepts nothing else."
  }

  validation {
    condition = length(setsubtract(keys(var.waf.counted_rules), [
      "AWSManagedRulesAmazonIpReputationList",
      "AWSManagedRulesAnonymousIpList",
      "AWSManagedRulesCommonRuleSet",
      "AWSManagedRulesKnownBadInputsRuleSet",
      "AWSManagedRulesSQLiRuleSet",
    ])) == 0
    error_message = "counted_rules may name only AWSManagedRulesAmazonIpReputationList, AWSManagedRulesAnonymousIpList, AWSManagedRulesCommonRuleSet, AWSManagedRulesKnownBadInputsRuleSet and AWSManagedRulesSQLiRuleSet."
  }
}
