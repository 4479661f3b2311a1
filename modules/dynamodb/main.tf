# Tables of the API: on-demand, encrypted with a customer-managed key, recoverable to any second of the last 35 days.

locals {
  # A restored table has a name of its own: it is made while the one that it is restored from is still there.
  names = { for name in keys(var.tables) : name => join("-", compact([name, try(var.restores[name].name, null), var.suffix])) }
}

resource "aws_dynamodb_table" "this" {
  for_each = var.tables

  name         = local.names[each.key]
  billing_mode = "PAY_PER_REQUEST"
  table_class  = var.table_class
  hash_key     = each.value.hash_key
  range_key    = each.value.range_key

  restore_source_name    = try(coalesce(var.restores[each.key].source_name, "${each.key}-${var.suffix}"), null)
  restore_date_time      = try(var.restores[each.key].time, null)
  restore_to_latest_time = contains(keys(var.restores), each.key) ? try(var.restores[each.key].time, null) == null : null

  # Environments come and go: protection would leave tables behind.
  deletion_protection_enabled = false

  dynamic "attribute" {
    for_each = each.value.attributes

    content {
      name = attribute.key
      type = attribute.value
    }
  }

  dynamic "global_secondary_index" {
    for_each = each.value.global_secondary_indexes

    content {
      name               = global_secondary_index.key
      hash_key           = global_secondary_index.value.hash_key
      range_key          = global_secondary_index.value.range_key
      projection_type    = global_secondary_index.value.projection_type
      non_key_attributes = global_secondary_index.value.non_key_attributes
    }
  }

  dynamic "ttl" {
    for_each = each.value.ttl_attribute == null ? [] : [each.value.ttl_attribute]

    content {
      attribute_name = ttl.value
      enabled        = true
    }
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }

  tags = merge(var.tags, { Name = local.names[each.key] })

  # A table is restored from the backups of one that exists. It also means that a change of keys is refused instead of emptying it.
  lifecycle {
    create_before_destroy = true
  }
}
