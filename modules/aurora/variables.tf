variable "account_id" {
  description = "The AWS account that owns the database: 12 digits."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be 12 digits."
  }
}

variable "availability_zones" {
  description = "The availability zones of the instances, two at least. The instances take them in turns, in this order, so do not reorder them later."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.availability_zones) >= 2
    error_message = "availability_zones must name at least 2 zones: instances in one zone are lost together."
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

variable "backup_retention_period" {
  description = "Days that automated backups are kept, and over which any second can be restored."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.backup_retention_period >= 1 && var.backup_retention_period <= 35 && floor(var.backup_retention_period) == var.backup_retention_period
    error_message = "backup_retention_period must be a whole number from 1 to 35: Aurora cannot go without backups."
  }
}

variable "capacity" {
  description = "Aurora capacity units (ACU, about 2 GiB of memory each) that each instance scales between, in steps of 0.5. With a `min` of 0 an instance without connections pauses after `seconds_until_auto_pause`, 300 to 86400, and costs storage only; with any other `min` it must be null."
  type = object({
    max                      = number
    min                      = number
    seconds_until_auto_pause = optional(number)
  })
  default  = { min = 0.5, max = 4 }
  nullable = false

  validation {
    condition     = var.capacity.min >= 0 && floor(var.capacity.min * 2) == var.capacity.min * 2 && floor(var.capacity.max * 2) == var.capacity.max * 2
    error_message = "capacity.min and capacity.max must be multiples of 0.5, and min 0 at least."
  }

  validation {
    condition     = var.capacity.max >= 1 && var.capacity.max <= 256
    error_message = "capacity.max must be from 1 to 256."
  }

  validation {
    condition     = var.capacity.min <= var.capacity.max
    error_message = "capacity.min must not be larger than capacity.max."
  }

  validation {
    condition     = (var.capacity.min == 0) == (var.capacity.seconds_until_auto_pause != null)
    error_message = "capacity.seconds_until_auto_pause goes with a min of 0 and with no other: only such instances pause."
  }

  validation {
    condition     = try(var.capacity.seconds_until_auto_pause >= 300 && var.capacity.seconds_until_auto_pause <= 86400 && floor(var.capacity.seconds_until_auto_pause) == var.capacity.seconds_until_auto_pause, var.capacity.seconds_until_auto_pause == null)
    error_message = "capacity.seconds_until_auto_pause must be a whole number from 300 (5 minutes) to 86400 (a day)."
  }
}

variable "database_name" {
  description = "Name of the database that the cluster starts with."
  type        = string
  default     = "analytics"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.database_name))
    error_message = "database_name must be 1 to 63 lower-case letters, digits and underscores, beginning with a letter."
  }

  validation {
    condition     = !contains(["postgres", "rdsadmin", "template0", "template1"], var.database_name)
    error_message = "database_name must not be postgres, rdsadmin, template0 or template1: every cluster has these already."
  }
}

variable "engine_version" {
  description = "Version of Aurora PostgreSQL, 16.3 or later. A major version, such as 17, lets AWS choose the minor version and upgrade it in the maintenance window; the plan stays empty. An exact version, such as 17.7, has to follow every such upgrade: RDS refuses a lower version than the one that runs."
  type        = string
  default     = "17"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{2}([.][0-9]{1,2})?$", var.engine_version))
    error_message = "engine_version must be a version such as 17.7, or a major version such as 17."
  }

  validation {
    condition     = try(tonumber(split(".", var.engine_version)[0]) > 16 || tonumber(split(".", var.engine_version)[0]) == 16 && tonumber(try(split(".", var.engine_version)[1], 3)) >= 3, true)
    error_message = "engine_version must be 16.3 or later: earlier ones cannot pause at a capacity of 0."
  }
}

variable "enhanced_monitoring_interval" {
  description = "Seconds between two measurements of the operating system below each instance: 1, 5, 10, 15, 30 or 60; 0 for none."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = contains([0, 1, 5, 10, 15, 30, 60], var.enhanced_monitoring_interval)
    error_message = "enhanced_monitoring_interval must be 0, 1, 5, 10, 15, 30 or 60."
  }
}

variable "instance_count" {
  description = "Number of instances. The first writes, the others read and stand by."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.instance_count >= 1 && var.instance_count <= 15 && floor(var.instance_count) == var.instance_count
    error_message = "instance_count must be a whole number from 1 to 15."
  }
}

variable "kms_key_arn" {
  description = "ARN of the customer-managed key that encrypts storage, backups, Performance Insights and the secret of the master user."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>; RDS stores what an alias points to and would drift."
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

variable "logs_kms_key_arn" {
  description = "ARN of the customer-managed key that encrypts the log groups. Its policy must admit CloudWatch Logs."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.logs_kms_key_arn))
    error_message = "logs_kms_key_arn must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>: CloudWatch Logs takes no alias."
  }
}

variable "manage_account_settings" {
  description = "Whether to make the log group RDSOSMetrics, which an account has once per region: true in one deployment, false in every other one there."
  type        = bool
  default     = true
  nullable    = false
}

variable "master_username" {
  description = "Name of the master user, who sets the database up. Functions have users of their own."
  type        = string
  default     = "platform_admin"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.master_username))
    error_message = "master_username must be 1 to 63 lower-case letters, digits and underscores, beginning with a letter."
  }

  validation {
    condition     = !contains(["admin", "postgres"], var.master_username) && !can(regex("^(pg_|rds)", var.master_username))
    error_message = "master_username must not be admin or postgres, the names that are tried first, nor begin with pg_ or rds, which the engine reserves."
  }
}

variable "performance_insights_retention_in_days" {
  description = "Days that Performance Insights keeps its measurements: 7, which is free, or a number of months as AWS counts them (31, 62, ... 713), or 731."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = contains(concat([7, 731], range(31, 714, 31)), var.performance_insights_retention_in_days)
    error_message = "performance_insights_retention_in_days must be 7, a multiple of 31 up to 713, or 731."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the managed policy that bounds the monitoring role, such as the region guardrail; null for none."
  type        = string
  default     = null
}

variable "port" {
  description = "TCP port that the database listens on."
  type        = number
  default     = 5432
  nullable    = false

  validation {
    condition     = var.port >= 1150 && var.port <= 65535 && floor(var.port) == var.port
    error_message = "port must be a whole number from 1150, the lowest that RDS takes, to 65535."
  }
}

variable "region" {
  description = "The AWS region of the database, for example us-east-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, for example us-east-1."
  }
}

variable "restore" {
  description = "What the cluster is restored from, instead of beginning empty: a cluster snapshot, by name or ARN, or another cluster at a `time` (RFC 3339; null for the latest). `name` becomes part of its name, so that the other one can exist beside it. The setting stays for the life of the cluster: without it, or with another one, a new cluster takes its place."
  type = object({
    name                = string
    snapshot_identifier = optional(string)
    point_in_time = optional(object({
      source_cluster_identifier = string
      time                      = optional(string)
    }))
  })
  default = null

  validation {
    condition     = var.restore == null || can(regex("^[a-z0-9]{1,10}$", var.restore.name))
    error_message = "restore.name must be 1 to 10 lower-case letters and digits."
  }

  validation {
    condition     = var.restore == null || try((var.restore.snapshot_identifier == null) != (var.restore.point_in_time == null), false)
    error_message = "restore must name either a snapshot_identifier or a point_in_time."
  }

  validation {
    condition     = try(var.restore.point_in_time.time, null) == null || can(timeadd(var.restore.point_in_time.time, "0s"))
    error_message = "restore.point_in_time.time must be in RFC 3339, for example 2026-11-28T14:05:00Z, or null."
  }
}

variable "role_policy_arns" {
  description = "Further managed policies for the monitoring role by a name of your choice, such as the deny of unused regions."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "security_group_ids" {
  description = "The security groups of the instances, which let the clients of the database in."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.security_group_ids) >= 1 && length(var.security_group_ids) <= 5
    error_message = "security_group_ids must name 1 to 5 groups: without one RDS takes the default group of the network."
  }
}

variable "statement_logging" {
  description = "What the PostgreSQL log tells beside connections and changes of the schema: `audit_classes` of statements that pgaudit records (ddl, function, misc, misc_set, read, role, write), and every statement that takes `slow_statement_milliseconds` or longer; -1 for none."
  type = object({
    audit_classes               = optional(set(string), ["ddl", "role", "write"])
    slow_statement_milliseconds = optional(number, 1000)
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(var.statement_logging.audit_classes) > 0 && length(setsubtract(var.statement_logging.audit_classes, ["ddl", "function", "misc", "misc_set", "read", "role", "write"])) == 0
    error_message = "statement_logging.audit_classes must name at least one of ddl, function, misc, misc_set, read, role and write."
  }

  validation {
    condition     = var.statement_logging.slow_statement_milliseconds >= -1 && var.statement_logging.slow_statement_milliseconds <= 2147483647 && floor(var.statement_logging.slow_statement_milliseconds) == var.statement_logging.slow_statement_milliseconds
    error_message = "statement_logging.slow_statement_milliseconds must be a whole number from -1 (none) to 2147483647."
  }
}

variable "subnet_ids" {
  description = "The isolated subnets of the database, one in each of availability_zones at least."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= length(var.availability_zones)
    error_message = "subnet_ids must hold a subnet for each of availability_zones: RDS places no instance in a zone without one."
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

  validation {
    condition     = !strcontains(var.suffix, "--")
    error_message = "suffix must not hold two hyphens in a row: RDS refuses such names."
  }
}

variable "tags" {
  description = "Tags for every resource, beside the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "windows" {
  description = "When AWS works on the database, in UTC, each half an hour at least and not at the same time: `backup` every day, `maintenance` once a week."
  type = object({
    backup      = optional(string, "03:00-04:00")
    maintenance = optional(string, "sun:05:00-sun:06:00")
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$", var.windows.backup))
    error_message = "windows.backup must be two times of the day in UTC, for example 03:00-04:00."
  }

  validation {
    condition     = can(regex("^(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]$", var.windows.maintenance))
    error_message = "windows.maintenance must be two times of the week in UTC, for example sun:05:00-sun:06:00."
  }

  # Lengths in minutes. A window may pass midnight or the end of the week; a malformed one is refused above.
  validation {
    condition = try(alltrue([
      for minutes in [
        (sum([for sign, time in zipmap([-1, 1], split("-", var.windows.backup)) : sign * (substr(time, 0, 2) * 60 + substr(time, 3, 2))]) + 1440) % 1440,
        (sum([for sign, time in zipmap([-1, 1], split("-", var.windows.maintenance)) : sign * (index(["mon", "tue", "wed", "thu", "fri", "sat", "sun"], substr(time, 0, 3)) * 1440 + substr(time, 4, 2) * 60 + substr(time, 7, 2))]) + 10080) % 10080,
      ] : minutes >= 30 && minutes < 1440
    ]), true)
    error_message = "windows.backup and windows.maintenance must last half an hour at least, and less than a day."
  }

  # Neither begins while the other lasts. Backups come every day, so the day of the week does not matter.
  validation {
    condition = try(alltrue([
      for minutes in [[
        for time in concat(split("-", var.windows.backup), [for time in split("-", var.windows.maintenance) : substr(time, 4, 5)]) :
        substr(time, 0, 2) * 60 + substr(time, 3, 2)
        ]] : alltrue([
        (minutes[2] - minutes[0] + 1440) % 1440 >= (minutes[1] - minutes[0] + 1440) % 1440,
        (minutes[0] - minutes[2] + 1440) % 1440 >= (minutes[3] - minutes[2] + 1440) % 1440,
      ])
    ]), true)
    error_message = "windows.backup and windows.maintenance must not overlap: RDS refuses it."
  }
}
