# The role that API Gateway logs with: one setting for all APIs of an account and region, so one deployment owns it. When that
# deployment is destroyed, the logs of the others stop.

# API Gateway writes a welcome message for a new role to this group, whose name is fixed. It would create the group itself, unencrypted, without a retention, and leave it behind.
resource "aws_cloudwatch_log_group" "welcome" {
  #checkov:skip=CKV_AWS_338:as the access log
  count = var.manage_account_settings ? 1 : 0

  name              = "/aws/apigateway/welcome"
  kms_key_id        = var.kms_key_arn
  retention_in_days = var.log_retention_in_days
  skip_destroy      = false

  tags = merge(var.tags, { Name = "api-welcome-logs-${var.suffix}" })
}

# No aws:SourceAccount and no aws:SourceArn: API Gateway sends neither when it assumes a role, so a condition would lock it out.
# The role may only write logs to this account.
data "aws_iam_policy_document" "account_trust" {
  statement {
    sid     = "AllowApiGateway"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["apigateway.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "account" {
  count = var.manage_account_settings ? 1 : 0

  name                  = "iam-role-api-logs-${var.suffix}"
  description           = "Lets API Gateway write the logs of all APIs of the account and region"
  assume_role_policy    = data.aws_iam_policy_document.account_trust.json
  permissions_boundary  = var.permissions_boundary_arn
  force_detach_policies = true

  tags = merge(var.tags, { Name = "iam-role-api-logs-${var.suffix}" })
}

# The AWS-managed policy, because API Gateway checks a role for its permissions before it accepts it. It includes creating log
# groups, which is harmless here: those that API Gateway would create exist.
resource "aws_iam_role_policy_attachment" "account" {
  for_each = var.manage_account_settings ? merge(var.role_policy_arns, {
    api-logs = "${local.arn_prefix}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
  }) : {}

  role       = aws_iam_role.account[0].name
  policy_arn = each.value
}

resource "aws_api_gateway_account" "this" {
  count = var.manage_account_settings ? 1 : 0

  cloudwatch_role_arn = aws_iam_role.account[0].arn

  # No reset_on_delete: version 6 of the provider removed it and always resets. Version 5.100 leaves the setting on destroy;
  # platformctl takes it back in the proof of destroy.

  # The log groups outlive the setting, so that API Gateway cannot recreate one during destroy.
  depends_on = [
    aws_cloudwatch_log_group.access,
    aws_cloudwatch_log_group.execution,
    aws_cloudwatch_log_group.welcome,
    aws_iam_role_policy_attachment.account,
  ]
}
