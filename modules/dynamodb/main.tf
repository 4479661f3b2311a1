# Tables of the API: on-demand, encrypted with a customer-managed key, recoverable to any second of the last 35 days.

resource "aws_dynamodb_table" "this" {
  for_each = var.tables

  name         = "${each.key}-${var.suffix}"
  billing_mode = "PAY_PER_REQUEST"
  table_class  = var.table_class
  hash_key     = each.value.hash_key
  range_key    = each.value.range_key

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

  tags = merge(var.tags, { Name = "${each.key}-${var.suffix}" })
}
