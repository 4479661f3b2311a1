# The recorder and its delivery channel. AWS has room for one of each per account and region, so that a second deployment in the
# account switches them off and only adds its rules to what the first one records.

resource "aws_config_configuration_recorder" "this" {
  count = var.create_recorder ? 1 : 0

  name     = local.recorder_name
  role_arn = aws_iam_role.recorder[0].arn

  # Everything, including IAM's global resources: rules cannot judge what is not recorded.
  recording_group {
    all_supported                 = true
    include_global_resource_types = true
  }

  recording_mode {
    recording_frequency = var.recording_frequency
  }

  # Without its permissions the recorder would start, and record nothing.
  depends_on = [aws_iam_role_policy_attachment.recorder]
}

resource "aws_config_delivery_channel" "this" {
  count = var.create_delivery_channel ? 1 : 0

  name           = "config-delivery-channel-${var.suffix}"
  s3_bucket_name = local.bucket_names["config"]
  s3_kms_key_arn = local.audit_key_arn
  sns_topic_arn  = var.topic_arn

  snapshot_delivery_properties {
    delivery_frequency = var.delivery_frequency
  }

  # AWS Config asks for a recorder first, and writes a test object into the bucket at this call.
  depends_on = [aws_config_configuration_recorder.this, module.buckets.bucket_policies]
}

# A new recorder is stopped. On destroy it stops first, because AWS refuses to delete the channel of a running recorder.
resource "aws_config_configuration_recorder_status" "this" {
  count = var.create_recorder ? 1 : 0

  name       = aws_config_configuration_recorder.this[0].name
  is_enabled = true

  depends_on = [aws_config_delivery_channel.this]
}
