# The most that a role of this deployment can do: what all roles together need, on resources of this deployment wherever their
# names or aliases tell, and nothing in a region that is not in use. A boundary grants nothing; a role does what both its own
# policies and the boundary allow. So a policy that came out too wide reaches no IAM, no other deployment and no deletion.
#
# Not for the role of the AWS Config recorder: its AWS-managed policy reads hundreds of things. It gets the deny alone.
#
# Whoever may write this policy decides what the roles can do. Where the deployer must not, an administrator makes one boundary
# for the account, and permissions_boundary_arn names it: then none is made here.

locals {
  regional = "${var.region}:${var.account_id}"

  # Not with &&: before Terraform 1.12 that asks for the ARN, which the plan of a whole stack does not know, even without a guardrail.
  makes_boundary = var.guardrail == null ? false : var.permissions_boundary_arn == null

  log_groups_arn = "${local.arn_prefix}:logs:${local.regional}:log-group"
}

data "aws_iam_policy_document" "permissions_boundary" {
  count = local.makes_boundary ? 1 : 0

  source_policy_documents = [data.aws_iam_policy_document.region_guardrail[0].json]

  statement {
    sid = "AllowObjects"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:GetBucketLocation",
      "s3:GetObject",
      "s3:GetObjectTagging",
      "s3:GetObjectVersion",
      "s3:ListBucket",
      "s3:ListBucketMultipartUploads",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
      "s3:PutObjectTagging",
    ]
    resources = [
      "${local.arn_prefix}:s3:::*-${var.account_id}-${var.suffix}",
      "${local.arn_prefix}:s3:::*-${var.account_id}-${var.suffix}/*",
    ]
  }

  statement {
    sid = "AllowItems"
    actions = [
      "dynamodb:BatchGetItem",
      "dynamodb:BatchWriteItem",
      "dynamodb:ConditionCheckItem",
      "dynamodb:DeleteItem",
      "dynamodb:DescribeTable",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "dynamodb:Scan",
      "dynamodb:UpdateItem",
    ]
    resources = [
      "${local.arn_prefix}:dynamodb:${local.regional}:table/*-${var.suffix}",
      "${local.arn_prefix}:dynamodb:${local.regional}:table/*-${var.suffix}/index/*",
    ]
  }

  statement {
    sid = "AllowMessages"
    actions = [
      "sns:Publish",
      "sqs:ChangeMessageVisibility",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
      "sqs:GetQueueUrl",
      "sqs:ReceiveMessage",
      "sqs:SendMessage",
    ]
    resources = [
      "${local.arn_prefix}:sns:${local.regional}:*-${var.suffix}",
      "${local.arn_prefix}:sqs:${local.regional}:*-${var.suffix}",
    ]
  }

  statement {
    sid       = "AllowDeliveryStreams"
    actions   = ["firehose:PutRecord", "firehose:PutRecordBatch"]
    resources = ["${local.arn_prefix}:firehose:${local.regional}:deliverystream/*-${var.suffix}"]
  }

  # A cluster's resource id does not contain the suffix; the roles' own policies name cluster and user.
  statement {
    sid       = "AllowDatabaseUsers"
    actions   = ["rds-db:connect"]
    resources = ["${local.arn_prefix}:rds-db:${local.regional}:dbuser:cluster-*/*"]
  }

  # RDS names the secrets of its master users itself; ours end in the suffix and the six characters that AWS adds.
  statement {
    sid     = "AllowSecrets"
    actions = ["secretsmanager:GetSecretValue"]
    resources = [
      "${local.arn_prefix}:secretsmanager:${local.regional}:secret:*-${var.suffix}-??????",
      "${local.arn_prefix}:secretsmanager:${local.regional}:secret:rds!cluster-*",
    ]
  }

  # Nor does the id of a key, but its alias ends in the suffix.
  statement {
    sid       = "AllowKeys"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["${local.arn_prefix}:kms:${local.regional}:key/*"]

    condition {
      test     = "ForAnyValue:StringLike"
      variable = "kms:ResourceAliases"
      values   = ["alias/*-${var.suffix}"]
    }
  }

  # Several services fix the names of their log groups, so the suffix is not always at the end. Reading belongs to the AWS-managed
  # policy that API Gateway asks for.
  statement {
    sid = "AllowLogEvents"
    actions = [
      "logs:CreateLogStream",
      "logs:DescribeLogStreams",
      "logs:FilterLogEvents",
      "logs:GetLogEvents",
      "logs:PutLogEvents",
    ]
    resources = ["${local.log_groups_arn}:*"]
  }

  # Only what the AWS-managed policies of API Gateway and of RDS enhanced monitoring name: both services may look for these
  # permissions before they accept a role. No other group can be brought back after destroy, without key and retention.
  statement {
    sid     = "AllowLogGroupsOfServices"
    actions = ["logs:CreateLogGroup", "logs:PutRetentionPolicy"]
    resources = [
      "${local.log_groups_arn}:/aws/apigateway/*",
      "${local.log_groups_arn}:API-Gateway-Execution-Logs_*",
      "${local.log_groups_arn}:RDS*",
    ]
  }

  statement {
    sid = "AllowNetworkInterfaces"
    actions = [
      "ec2:AssignPrivateIpAddresses",
      "ec2:CreateNetworkInterface",
      "ec2:DeleteNetworkInterface",
      "ec2:UnassignPrivateIpAddresses",
    ]
    resources = ["${local.arn_prefix}:ec2:${local.regional}:*"]
  }

  # EC2 descriptions, the list of log groups and X-Ray do not support resources.
  statement {
    sid = "AllowTracesAndLookups"
    actions = [
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets",
      "logs:DescribeLogGroups",
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "permissions_boundary" {
  count = local.makes_boundary ? 1 : 0

  name        = "iam-policy-permissions-boundary-${var.suffix}"
  description = "The most that a role of this deployment can do"
  policy      = data.aws_iam_policy_document.permissions_boundary[0].json

  tags = merge(var.tags, { Name = "iam-policy-permissions-boundary-${var.suffix}" })
}
