# Bucket policies. They only deny, and IAM policies grant access; a service that delivers into a bucket is let in by its policy.

locals {
  refusals = {
    InsecureTransport = { test = "Bool", variable = "aws:SecureTransport", values = ["false"] }
    OutdatedTls       = { test = "NumericLessThan", variable = "s3:TlsVersion", values = ["1.2"] }
  }

  # A put that names no encryption gets the bucket's default, the right one. The Null condition lets it through: a negated
  # condition alone also matches a header that is absent.
  encryption_refusals = {
    OtherEncryption = { test = "StringNotEquals", variable = "s3:x-amz-server-side-encryption", values = ["aws:kms"] }
    OtherKeys       = { test = "ArnNotEquals", variable = "s3:x-amz-server-side-encryption-aws-kms-key-id", values = [var.kms_key_arn] }
  }

  # A condition on the canned ACL belongs to the delivery alone: the check of the bucket has none.
  delivery_statements = {
    for purpose, bucket in local.buckets : purpose => {
      AllowBucketCheck = {
        service    = try(bucket.delivery.service, null)
        actions    = try(bucket.delivery.check_actions, [])
        resource   = local.bucket_arns[purpose]
        conditions = [for condition in try(bucket.delivery.conditions, []) : condition if condition.variable != "s3:x-amz-acl"]
      }
      AllowDelivery = {
        service    = try(bucket.delivery.service, null)
        actions    = bucket.delivery == null ? [] : ["s3:PutObject"]
        resource   = "${local.bucket_arns[purpose]}/${try(bucket.delivery.prefix, "")}*"
        conditions = try(bucket.delivery.conditions, [])
      }
    }
  }
}

data "aws_iam_policy_document" "this" {
  for_each = local.buckets

  dynamic "statement" {
    for_each = local.refusals

    content {
      sid       = "Deny${statement.key}"
      effect    = "Deny"
      actions   = ["s3:*"]
      resources = [local.bucket_arns[each.key], "${local.bucket_arns[each.key]}/*"]

      principals {
        type        = "*"
        identifiers = ["*"]
      }

      condition {
        test     = statement.value.test
        variable = statement.value.variable
        values   = statement.value.values
      }
    }
  }

  # Which objects a service encrypts how, such as the digests of CloudTrail, is its own to choose.
  dynamic "statement" {
    for_each = { for sid, refusal in local.encryption_refusals : sid => refusal if each.value.delivery == null }

    content {
      sid       = "Deny${statement.key}"
      effect    = "Deny"
      actions   = ["s3:PutObject"]
      resources = ["${local.bucket_arns[each.key]}/*"]

      principals {
        type        = "*"
        identifiers = ["*"]
      }

      condition {
        test     = "Null"
        variable = statement.value.variable
        values   = ["false"]
      }

      condition {
        test     = statement.value.test
        variable = statement.value.variable
        values   = statement.value.values
      }
    }
  }

  dynamic "statement" {
    for_each = { for sid, statement in local.delivery_statements[each.key] : sid => statement if length(statement.actions) > 0 }

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = [statement.value.resource]

      principals {
        type        = "Service"
        identifiers = [statement.value.service]
      }

      dynamic "condition" {
        for_each = statement.value.conditions

        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  policy = data.aws_iam_policy_document.this[each.key].json

  # S3 refuses two changes of a bucket's access at the same moment (OperationAborted). On destroy whoever delivers goes before the
  # policy, so a late delivery is refused instead of landing in a bucket that is being emptied.
  depends_on = [aws_s3_bucket_ownership_controls.this, aws_s3_bucket_public_access_block.this]
}
