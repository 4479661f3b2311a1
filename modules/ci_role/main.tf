# What an administrator makes once per account, before the first deployment: the roles as which GitHub Actions deploys and plans,
# and the permissions boundary that binds every role of every deployment. The deployer can change neither, because its policies
# reach only roles and policies whose names begin with iam-role- and iam-policy-.

data "aws_partition" "this" {}

locals {
  arn_prefix = "arn:${data.aws_partition.this.partition}"
  issuer     = "token.actions.githubusercontent.com"

  provider_arn = "${local.arn_prefix}:iam::${var.account_id}:oidc-provider/${local.issuer}"

  roles = {
    deployer = {
      description = "Deploys the platform from GitHub Actions"
      documents   = var.deployer_policy_documents
      subjects    = var.deployer_subjects
    }
    reader = {
      description = "Plans the platform and looks for drift from GitHub Actions"
      documents   = var.reader_policy_documents
      subjects    = var.reader_subjects
    }
  }

  policies = merge([
    for role, of in local.roles : {
      for name, document in of.documents : "${role}-${name}" => { role = role, document = document }
    }
  ]...)
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.create_provider ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]

  tags = merge(var.tags, { Name = "oidc-provider-github-${var.suffix}" })
}

data "aws_iam_policy_document" "trust" {
  for_each = local.roles

  statement {
    sid     = "AllowGithubActions"
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [local.provider_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }

    # Anybody's workflow has the audience; the subject is whose it is.
    condition {
      test     = "StringLike"
      variable = "${local.issuer}:sub"
      values   = each.value.subjects
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.roles

  name                 = "ci-${each.key}-${var.suffix}"
  description          = each.value.description
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  max_session_duration = var.max_session_duration_seconds

  tags = merge(var.tags, { Name = "ci-${each.key}-${var.suffix}" })

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_policy" "this" {
  for_each = local.policies

  name        = "ci-${each.key}-${var.suffix}"
  description = "What the ${each.value.role} of the platform may do: ${each.key}"
  policy      = each.value.document

  tags = merge(var.tags, { Name = "ci-${each.key}-${var.suffix}" })
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = local.policies

  role       = aws_iam_role.this[each.value.role].name
  policy_arn = aws_iam_policy.this[each.key].arn
}

resource "aws_iam_policy" "permissions_boundary" {
  name        = "platform-boundary-${var.suffix}"
  description = "The most that a role of any deployment of the platform can do"
  policy      = var.boundary_document

  tags = merge(var.tags, { Name = "platform-boundary-${var.suffix}" })
}
