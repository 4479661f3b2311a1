# Events of buckets that no queue listens to go to EventBridge, free of charge, where a rule can pick them up. A bucket has one
# notification configuration: where a queue listens, it belongs to the unit that owns the queue's reader.

resource "aws_s3_bucket_notification" "this" {
  for_each = { for purpose, bucket in var.buckets : purpose => bucket if bucket.eventbridge }

  bucket      = aws_s3_bucket.this[each.key].id
  eventbridge = true
}

resource "aws_s3_bucket_notification" "access_logs" {
  bucket      = aws_s3_bucket.access_logs.id
  eventbridge = true
}
