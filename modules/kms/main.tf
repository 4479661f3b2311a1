# One symmetric key per purpose, so that access to one kind of data never implies access to another and each key can be
# watched, disabled or replaced alone.

resource "aws_kms_key" "this" {
  for_each = var.keys

  description             = "${each.value.description} (${var.suffix})"
  policy                  = data.aws_iam_policy_document.this[each.key].json
  enable_key_rotation     = true
  rotation_period_in_days = var.rotation_period_in_days
  deletion_window_in_days = var.deletion_window_in_days
  multi_region            = false

  tags = merge(var.tags, { Name = "kms-key-${each.key}-${var.suffix}", Purpose = each.key })
}

resource "aws_kms_alias" "this" {
  for_each = var.keys

  name          = "alias/${each.key}-${var.suffix}"
  target_key_id = aws_kms_key.this[each.key].key_id
}
