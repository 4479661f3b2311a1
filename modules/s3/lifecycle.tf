# Lifecycle of the buckets (B4). By S3's own default objects under 128 KB stay where they are: moving them costs more than it saves.

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    id     = "archive-objects"
    status = "Enabled"

    filter {}

    transition {
      days          = each.value.glacier_after_days
      storage_class = "GLACIER"
    }

    dynamic "transition" {
      for_each = each.value.deep_archive_after_days == null ? [] : [each.value.deep_archive_after_days]

      content {
        days          = transition.value
        storage_class = "DEEP_ARCHIVE"
      }
    }

    dynamic "expiration" {
      for_each = each.value.expire_after_days == null ? [] : [each.value.expire_after_days]

      content {
        days = expiration.value
      }
    }
  }

  rule {
    id     = "expire-superseded-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = each.value.noncurrent_version_retention_in_days
    }

    expiration {
      expired_object_delete_marker = true
    }
  }

  rule {
    id     = "abort-unfinished-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = each.value.abort_incomplete_multipart_upload_days
    }
  }

  dynamic "rule" {
    for_each = each.value.expiring_prefixes

    content {
      id     = "expire-${trim(replace(rule.key, "/", "-"), "-")}"
      status = "Enabled"

      filter {
        prefix = rule.key
      }

      expiration {
        days = rule.value
      }

      noncurrent_version_expiration {
        noncurrent_days = 1
      }
    }
  }

  # Rules for noncurrent versions make sense only once there are versions.
  depends_on = [aws_s3_bucket_versioning.this]
}
