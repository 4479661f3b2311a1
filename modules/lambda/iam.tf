# One execution role per function. What every function needs is in policies.tf; what only this one does comes from its statements.

locals {
  # Managed policies by "<function>/<policy>".
  role_policies = merge([
    for name in keys(var.functions) : {
      for policy, arn in merge(var.role_policy_arns, { execution = aws_iam_policy.this[name].arn }) :
      "${name}/${policy}" => { function = name, policy_arn = arn }
    }
  ]...)
}

# The account and not the function: Lambda documents no ARN that it names whenever it takes the role, as its pollers do for queues.
data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "AllowLambdaOfThisAccount"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = var.functions

  name                  = "iam-role-${local.names[each.key]}"
  description           = "Execution role of the function ${local.names[each.key]}"
  assume_role_policy    = data.aws_iam_policy_document.trust.json
  permissions_boundary  = var.permissions_boundary_arn
  force_detach_policies = true

  tags = merge(var.tags, { Name = "iam-role-${local.names[each.key]}" })
}

resource "aws_iam_policy" "this" {
  for_each = var.functions

  name        = "iam-policy-${local.names[each.key]}"
  description = "What the function ${local.names[each.key]} may do"
  policy      = data.aws_iam_policy_document.execution[each.key].json

  tags = merge(var.tags, { Name = "iam-policy-${local.names[each.key]}" })

  lifecycle {
    precondition {
      condition     = length(data.aws_iam_policy_document.execution[each.key].minified_json) <= 6144
      error_message = "The policy of the function ${each.key} is longer than the 6144 characters that IAM allows: give it fewer policy_statements or fewer resources."
    }
  }
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = local.role_policies

  role       = aws_iam_role.this[each.value.function].name
  policy_arn = each.value.policy_arn
}
