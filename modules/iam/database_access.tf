# One role per kind of database user. The role logs in as one user of one cluster with a token that is valid for 15 minutes, and
# allows nothing else; the database decides what the user may do.

locals {
  identity_center = ":role/aws-reserved/sso.amazonaws.com/"

  database_roles = var.database_access == null ? {} : var.database_access.roles

  # Without a boundary and a deny of its own, the module uses the given ones.
  boundary_arn = var.permissions_boundary_arn != null ? var.permissions_boundary_arn : one(aws_iam_policy.permissions_boundary[*].arn)
  guardrail    = { for policy in aws_iam_policy.region_guardrail : "region-guardrail" => policy.arn }

  database_attachments = merge([
    for name in keys(local.database_roles) : {
      for policy, arn in merge(local.guardrail, var.role_policy_arns, { database = aws_iam_policy.database[name].arn }) :
      "${name}/${policy}" => { role = name, policy_arn = arn }
    }
  ]...)
}

# Roles and users by name, never the account: else everybody in it with a generous sts:AssumeRole could take the role. Sessions of
# IAM Identity Center never say that they have a second factor, which it asks for by itself: its roles, which nobody else can make
# under their path, are let in without.
data "aws_iam_policy_document" "database_trust" {
  for_each = local.database_roles

  dynamic "statement" {
    for_each = {
      for sid, arns in {
        AllowTrustedPrincipals = [for arn in sort(each.value.trusted_principal_arns) : arn if !strcontains(arn, local.identity_center)]
        AllowIdentityCenter    = [for arn in sort(each.value.trusted_principal_arns) : arn if strcontains(arn, local.identity_center)]
      } : sid => arns if length(arns) > 0
    }

    content {
      sid     = statement.key
      actions = ["sts:AssumeRole"]

      principals {
        type        = "AWS"
        identifiers = statement.value
      }

      # Bool, not BoolIfExists: requests with long-lived access keys lack the condition key and must be refused.
      dynamic "condition" {
        for_each = each.value.require_mfa && statement.key == "AllowTrustedPrincipals" ? ["aws:MultiFactorAuthPresent"] : []

        content {
          test     = "Bool"
          variable = condition.value
          values   = ["true"]
        }
      }
    }
  }
}

data "aws_iam_policy_document" "database" {
  for_each = local.database_roles

  statement {
    sid       = "AllowLogin"
    actions   = ["rds-db:connect"]
    resources = ["${local.arn_prefix}:rds-db:${var.region}:${var.account_id}:dbuser:${var.database_access.cluster_resource_id}/${each.value.database_user}"]
  }
}

resource "aws_iam_role" "database" {
  for_each = local.database_roles

  name                  = "iam-role-database-${each.key}-${var.suffix}"
  description           = each.value.description
  assume_role_policy    = data.aws_iam_policy_document.database_trust[each.key].json
  max_session_duration  = each.value.max_session_duration_seconds
  permissions_boundary  = local.boundary_arn
  force_detach_policies = true

  tags = merge(var.tags, { Name = "iam-role-database-${each.key}-${var.suffix}" })
}

resource "aws_iam_policy" "database" {
  for_each = local.database_roles

  name        = "iam-policy-database-${each.key}-${var.suffix}"
  description = "Login to the database as ${each.value.database_user}"
  policy      = data.aws_iam_policy_document.database[each.key].json

  tags = merge(var.tags, { Name = "iam-policy-database-${each.key}-${var.suffix}" })
}

resource "aws_iam_role_policy_attachment" "database" {
  for_each = local.database_attachments

  role       = aws_iam_role.database[each.value.role].name
  policy_arn = each.value.policy_arn
}
