# The trail: who called what, in every region, and who touched which object of the data buckets. An account may have five per
# region, and the first copy of the management events is free; every further trail costs 2.00 USD per 100,000 of them, so a second
# deployment in the account switches its own off.

resource "aws_cloudtrail" "this" {
  #checkov:skip=CKV_AWS_252:a message for every file, every five minutes, would bury the alerts; the log group is watched instead
  count = var.trail.enabled ? 1 : 0

  name                          = local.trail_name
  s3_bucket_name                = local.bucket_names["cloudtrail"]
  kms_key_id                    = local.audit_key_arn
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true

  cloud_watch_logs_group_arn = "${aws_cloudwatch_log_group.trail[0].arn}:*"
  cloud_watch_logs_role_arn  = aws_iam_role.trail[0].arn

  dynamic "event_selector" {
    for_each = length(var.trail.data_event_bucket_arns) == 0 ? [] : [var.trail.data_event_bucket_arns]

    content {
      read_write_type           = "All"
      include_management_events = true

      data_resource {
        type   = "AWS::S3::Object"
        values = [for arn in event_selector.value : "${arn}/"]
      }
    }
  }

  dynamic "insight_selector" {
    for_each = var.trail.insights

    content {
      insight_type = insight_selector.value
    }
  }

  tags = merge(var.tags, { Name = local.trail_name })

  # CloudTrail checks at this call that it may deliver. On destroy the trail goes before its bucket is emptied.
  depends_on = [aws_iam_role_policy_attachment.trail, module.buckets.bucket_policies]
}
