# The auditor: AWS Config records what changes in the account and judges it by the rules of PCI DSS; CloudTrail records who did
# it. Here is what the parts share; the order on apply is role, bucket policy, recorder, channel, start of the recorder, rules,
# and on destroy the reverse, so that nothing delivers any more when the buckets are emptied.

data "aws_partition" "this" {}

locals {
  arn_prefix = "arn:${data.aws_partition.this.partition}"

  recorder_name = "config-recorder-${var.suffix}"
  trail_name    = "trail-${var.suffix}"
  trail_arn     = "${local.arn_prefix}:cloudtrail:${var.region}:${var.account_id}:trail/${local.trail_name}"
}
