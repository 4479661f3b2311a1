variable "kms_key_arn" {
  description = "ARN of the customer-managed key that encrypts the tables, their indexes and their backups."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>; DynamoDB stores what an alias points to and would drift."
  }
}

variable "restores" {
  description = "Tables that are restored from another one instead of beginning empty, by name without suffix: from the table `source_name`, by default the one without `name`, as it was at a `time` (RFC 3339; null for the latest). `name` becomes part of the new table's name. The setting stays for the life of the table: without it, or with another one, a new table takes its place."
  type = map(object({
    name        = string
    source_name = optional(string)
    time        = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(keys(var.restores), keys(var.tables))) == 0
    error_message = "Each key of restores must be one of tables."
  }

  validation {
    condition     = alltrue([for restore in values(var.restores) : can(regex("^[a-z0-9]{1,10}$", restore.name))])
    error_message = "name in restores must be 1 to 10 lower-case letters and digits."
  }

  validation {
    condition     = alltrue([for restore in values(var.restores) : restore.time == null || can(timeadd(restore.time, "0s"))])
    error_message = "time in restores must be in RFC 3339, for example 2026-11-28T14:05:00Z, or null."
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

variable "table_class" {
  description = "Storage class of the tables: STANDARD, or STANDARD_INFREQUENT_ACCESS where storage outweighs traffic."
  type        = string
  default     = "STANDARD"
  nullable    = false

  validation {
    condition     = contains(["STANDARD", "STANDARD_INFREQUENT_ACCESS"], var.table_class)
    error_message = "table_class must be STANDARD or STANDARD_INFREQUENT_ACCESS."
  }
}

variable "tables" {
  description = "The tables by name without suffix. `attributes` gives the type (S, N or B) of every key attribute of the table and its indexes, and of nothing else. `ttl_attribute` names the attribute that holds the expiry as seconds since 1970; null keeps items for ever."
  type = map(object({
    attributes = map(string)
    hash_key   = string
    range_key  = optional(string)
    global_secondary_indexes = optional(map(object({
      hash_key           = string
      range_key          = optional(string)
      projection_type    = optional(string, "ALL")
      non_key_attributes = optional(set(string))
    })), {})
    ttl_attribute = optional(string)
  }))
  default = {
    # A presented key is looked up by its hash, never stored in clear. The hash is the table's own key because only a
    # table can be read consistently: a revoked key is refused at once, where an index would lag.
    api-keys = {
      attributes = { key_hash = "S", client_id = "S", created_at = "S" }
      hash_key   = "key_hash"
      global_secondary_indexes = {
        client-id = { hash_key = "client_id", range_key = "created_at" }
      }
    }

    user-sessions = {
      attributes = { session_id = "S", user_id = "S", created_at = "S" }
      hash_key   = "session_id"
      global_secondary_indexes = {
        user-id = { hash_key = "user_id", range_key = "created_at" }
      }
      ttl_attribute = "expires_at"
    }
  }
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.tables) : can(regex("^[a-z][a-z0-9-]{2,99}$", name))])
    error_message = "Each table name must begin with a lower-case letter and hold 3 to 100 lower-case letters, digits and hyphens."
  }

  validation {
    condition     = alltrue(flatten([for table in values(var.tables) : [for type in values(table.attributes) : contains(["S", "N", "B"], type)]]))
    error_message = "The type of a key attribute must be S (string), N (number) or B (binary)."
  }

  validation {
    condition = alltrue([
      for table in values(var.tables) : toset(keys(table.attributes)) == toset([
        for attribute in concat(
          [table.hash_key, table.range_key],
          flatten([for index in values(table.global_secondary_indexes) : [index.hash_key, index.range_key]]),
        ) : attribute if attribute != null
      ])
    ])
    error_message = "attributes must hold exactly the key attributes of the table and its indexes: DynamoDB refuses a missing one and an unused one."
  }

  validation {
    condition = alltrue(flatten([
      for table in values(var.tables) : [
        for index in values(table.global_secondary_indexes) :
        contains(["ALL", "INCLUDE", "KEYS_ONLY"], index.projection_type) && (index.projection_type == "INCLUDE") == (index.non_key_attributes != null)
      ]
    ]))
    error_message = "projection_type must be ALL, INCLUDE or KEYS_ONLY, and non_key_attributes goes with INCLUDE and with nothing else."
  }

  validation {
    condition     = alltrue([for table in values(var.tables) : length(table.global_secondary_indexes) <= 20])
    error_message = "A table can have 20 global secondary indexes at most."
  }
}

variable "tags" {
  description = "Tags for every resource, beside the provider's default tags."
  type        = map(string)
  default     = {}
  nullable    = false
}
