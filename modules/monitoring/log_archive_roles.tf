# The archive's two roles: CloudWatch Logs puts records into the stream, and Firehose writes objects into the bucket.

locals {
  log_archive_roles = {
    for name, role in {
      firehose = { description = "Lets Firehose write the log archive", policy_description = "Writing the log archive into its folder of the bucket" }
      logs     = { description = "Lets CloudWatch Logs feed the log archive", policy_description = "Putting records into the stream of the log archive" }
    } : name => role if var.log_archive != null
  }

  log_archive_policies = merge(
    { for pair in setproduct(keys(local.log_archive_roles), keys(var.role_policy_arns)) : "${pair[0]}/${pair[1]}" => { role = pair[0], arn = var.role_policy_arns[pair[1]] } },
    { for role in keys(local.log_archive_roles) : "${role}/log-archive" => { role = role, arn = aws_iam_policy.log_archive[role].arn } },
  )
}

data "aws_iam_policy_document" "log_archive_trust_firehose" {
  # Firehose names the account as external id; it sends neither aws:SourceAccount nor aws:SourceArn when it takes a role.
  statement {
    sid     = "AllowFirehoseOfThisAccount"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["firehose.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.account_id]
    }
  }
}

data "aws_iam_policy_document" "log_archive_trust_logs" {
  statement {
    sid     = "AllowCloudWatchLogsOfThisAccount"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["${local.arn_prefix}:logs:${var.region}:${var.account_id}:*"]
    }
  }
}

data "aws_iam_policy_document" "log_archive_firehose" {
  for_each = local.log_archive

  statement {
    sid       = "AllowBucket"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = [each.value.bucket_arn]
  }

  statement {
    sid       = "AllowObjects"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    resources = ["${each.value.bucket_arn}/${each.value.prefix}*"]
  }

  statement {
    sid       = "AllowEncryptionOfObjects"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [each.value.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${var.region}.amazonaws.com"]
    }

    # The bucket alone where it has a bucket key, the object where it has none.
    condition {
      test     = "StringLike"
      variable = "kms:EncryptionContext:aws:s3:arn"
      values   = [each.value.bucket_arn, "${each.value.bucket_arn}/${each.value.prefix}*"]
    }
  }

  # No logs:CreateLogGroup: a late delivery would bring the group back after destroy, without key and retention.
  statement {
    sid       = "AllowErrorLog"
    actions   = ["logs:PutLogEvents"]
    resources = ["${local.log_archive_group_arn}:log-stream:${local.log_archive_log_stream}"]
  }
}

data "aws_iam_policy_document" "log_archive_logs" {
  statement {
    sid       = "AllowRecords"
    actions   = ["firehose:PutRecord", "firehose:PutRecordBatch"]
    resources = [local.log_archive_arn]
  }
}

resource "aws_iam_role" "log_archive" {
  for_each = local.log_archive_roles

  name                  = "iam-role-log-archive-${each.key}-${var.suffix}"
  description           = each.value.description
  assume_role_policy    = { firehose = data.aws_iam_policy_document.log_archive_trust_firehose.json, logs = data.aws_iam_policy_document.log_archive_trust_logs.json }[each.key]
  permissions_boundary  = var.permissions_boundary_arn
  force_detach_policies = true

  tags = merge(var.tags, { Name = "iam-role-log-archive-${each.key}-${var.suffix}" })
}

resource "aws_iam_policy" "log_archive" {
  for_each = local.log_archive_roles

  name        = "iam-policy-log-archive-${each.key}-${var.suffix}"
  description = each.value.policy_description
  policy      = each.key == "logs" ? data.aws_iam_policy_document.log_archive_logs.json : data.aws_iam_policy_document.log_archive_firehose["this"].json

  tags = merge(var.tags, { Name = "iam-policy-log-archive-${each.key}-${var.suffix}" })
}

resource "aws_iam_role_policy_attachment" "log_archive" {
  for_each = local.log_archive_policies

  role       = aws_iam_role.log_archive[each.value.role].name
  policy_arn = each.value.arn
}
