# Policies of the audit buckets: the service that delivers, and nobody without modern TLS. Unlike the data buckets they do not
# refuse other encryption: which objects a service encrypts how (such as the digests of CloudTrail) is its own to choose.

locals {
  # What proves that a service acts for us. AWS Config sends the account only; CloudTrail names its trail.
  deliveries = {
    cloudtrail = {
      principal     = "cloudtrail.amazonaws.com"
      check_actions = ["s3:GetBucketAcl"]
      prefix        = "AWSLogs/${var.account_id}"
      variable      = "aws:SourceArn"
      value         = local.trail_arn
    }
    config = {
      principal     = "config.amazonaws.com"
      check_actions = ["s3:GetBucketAcl", "s3:ListBucket"]
      prefix        = "AWSLogs/${var.account_id}/Config"
      variable      = "aws:SourceAccount"
      value         = var.account_id
    }
  }
}

data "aws_iam_policy_document" "this" {
  for_each = local.buckets

  statement {
    sid       = "AllowBucketCheck"
    actions   = local.deliveries[each.key].check_actions
    resources = [local.bucket_arns[each.key]]

    principals {
      type        = "Service"
      identifiers = [local.deliveries[each.key].principal]
    }

    condition {
      test     = "StringEquals"
      variable = local.deliveries[each.key].variable
      values   = [local.deliveries[each.key].value]
    }
  }

  statement {
    sid       = "AllowDelivery"
    actions   = ["s3:PutObject"]
    resources = ["${local.bucket_arns[each.key]}/${local.deliveries[each.key].prefix}/*"]

    principals {
      type        = "Service"
      identifiers = [local.deliveries[each.key].principal]
    }

    condition {
      test     = "StringEquals"
      variable = local.deliveries[each.key].variable
      values   = [local.deliveries[each.key].value]
    }

    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-acl"
      values   = ["bucket-owner-full-control"]
    }
  }

  statement {
    sid       = "DenyInsecureTransport"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [local.bucket_arns[each.key], "${local.bucket_arns[each.key]}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  statement {
    sid       = "DenyOutdatedTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [local.bucket_arns[each.key], "${local.bucket_arns[each.key]}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "NumericLessThan"
      variable = "s3:TlsVersion"
      values   = ["1.2"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  policy = data.aws_iam_policy_document.this[each.key].json

  # S3 refuses two changes of a bucket's access at the same moment (OperationAborted). The rest is here for destroy: whoever
  # delivers goes before the policy, so a late delivery is refused instead of landing in a bucket that is being emptied.
  depends_on = [aws_s3_bucket_ownership_controls.this, aws_s3_bucket_public_access_block.this]
}
