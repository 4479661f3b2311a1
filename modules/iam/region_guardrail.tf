# Nothing happens in a region that is not in use, whoever grants it: an explicit deny cannot be overruled.

locals {
  # Services with one endpoint for the world. It lies in a region that may not be in use: most often us-east-1, in the case of
  # Global Accelerator and Network Manager us-west-2. AWS Config reads several of them. What has a regional endpoint beside a
  # global one (ACM, KMS, WAFv2) is not listed: it is used in the region of the platform.
  global_actions = [
    "account:*",
    "billing:*",
    "budgets:*",
    "ce:*",
    "cloudfront:*",
    "cur:*",
    "globalaccelerator:*",
    "health:*",
    "iam:*",
    "networkmanager:*",
    "organizations:*",
    "pricing:*",
    "route53:*",
    "route53domains:*",
    "savingsplans:*",
    "shield:*",
    "sts:*",
    "support:*",
    "trustedadvisor:*",
    "waf:*",

    # Reads about the whole account, which S3 and EC2 answer in any region.
    "ec2:DescribeRegions",
    "s3:GetAccountPublicAccessBlock",
    "s3:GetBucketLocation",
    "s3:ListAllMyBuckets",
    "s3:ListMultiRegionAccessPoints",

    # Has a deny of its own below.
    "rds-db:connect",
  ]
}

data "aws_iam_policy_document" "region_guardrail" {
  count = var.guardrail == null ? 0 : 1

  # StringNotEquals also matches a request that names no region: the deny fails closed.
  statement {
    sid         = "DenyUnusedRegions"
    effect      = "Deny"
    not_actions = local.global_actions
    resources   = ["*"]

    condition {
      test     = "StringNotEquals"
      variable = "aws:RequestedRegion"
      values   = var.guardrail.allowed_regions
    }
  }

  # A login to a database is no API call: the database checks the token, and IAM sees none of the global condition keys. The deny
  # above would lock every user out of every region, so the region is taken from the resource.
  statement {
    sid           = "DenyDatabasesInUnusedRegions"
    effect        = "Deny"
    actions       = ["rds-db:connect"]
    not_resources = [for region in var.guardrail.allowed_regions : "${local.arn_prefix}:rds-db:${region}:*:dbuser:*/*"]
  }
}

resource "aws_iam_policy" "region_guardrail" {
  count = var.guardrail == null ? 0 : 1

  name        = "iam-policy-region-guardrail-${var.suffix}"
  description = "Denies every region that is not in use"
  policy      = data.aws_iam_policy_document.region_guardrail[0].json

  tags = merge(var.tags, { Name = "iam-policy-region-guardrail-${var.suffix}" })
}
