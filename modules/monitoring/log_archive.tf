# The archive: a Firehose stream that gathers the events of every subscribed group into compressed objects by day.

locals {
  log_archive            = { for key in ["this"] : key => var.log_archive if var.log_archive != null }
  log_archive_name       = "firehose-log-archive-${var.suffix}"
  log_archive_arn        = "${local.arn_prefix}:firehose:${var.region}:${var.account_id}:deliverystream/${local.log_archive_name}"
  log_archive_group_name = "/aws/kinesisfirehose/${local.log_archive_name}"
  log_archive_group_arn  = "${local.log_group_prefix}:${local.log_archive_group_name}"
  log_archive_log_stream = "delivery-${var.suffix}"
}

# The only place where Firehose logs delivery errors.
resource "aws_cloudwatch_log_group" "log_archive" {
  #checkov:skip=CKV_AWS_338:30 days are required here; what must be kept for a year is archived to S3
  for_each = local.log_archive

  name              = local.log_archive_group_name
  kms_key_id        = var.logs_kms_key_arn
  retention_in_days = var.log_retention_in_days
  skip_destroy      = false

  tags = merge(var.tags, { Name = local.log_archive_group_name })
}

resource "aws_cloudwatch_log_stream" "log_archive" {
  for_each = local.log_archive

  name           = local.log_archive_log_stream
  log_group_name = aws_cloudwatch_log_group.log_archive[each.key].name
}

resource "aws_kinesis_firehose_delivery_stream" "log_archive" {
  for_each = local.log_archive

  name        = local.log_archive_name
  destination = "extended_s3"

  server_side_encryption {
    enabled  = true
    key_type = "CUSTOMER_MANAGED_CMK"
    key_arn  = each.value.kms_key_arn
  }

  extended_s3_configuration {
    role_arn            = aws_iam_role.log_archive["firehose"].arn
    bucket_arn          = each.value.bucket_arn
    kms_key_arn         = each.value.kms_key_arn
    prefix              = "${each.value.prefix}!{timestamp:yyyy/MM/dd}/"
    error_output_prefix = "${each.value.prefix}errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/"
    compression_format  = "GZIP"

    # Few large objects: each costs a request, and another on its way to Glacier.
    buffering_interval = 900
    buffering_size     = 64

    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = aws_cloudwatch_log_group.log_archive[each.key].name
      log_stream_name = aws_cloudwatch_log_stream.log_archive[each.key].name
    }

    # CloudWatch Logs compresses what it sends. Unpacked first, the objects are compressed once instead of twice, and hold one
    # JSON object per line, which Athena can read.
    processing_configuration {
      enabled = true

      processors {
        type = "Decompression"

        parameters {
          parameter_name  = "CompressionFormat"
          parameter_value = "GZIP"
        }
      }

      processors {
        type = "AppendDelimiterToRecord"
      }
    }
  }

  tags = merge(var.tags, { Name = local.log_archive_name })

  depends_on = [aws_iam_role_policy_attachment.log_archive]
}
