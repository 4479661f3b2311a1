# The rules, one for each entry of rules.yaml that is not disabled. Those of the recorder's owner judge the whole account, which is
# what an auditor asks about. Another deployment's judge what carries its suffix as a tag; rules that run by the clock, and those
# about the account itself, are left to the owner, because they take no scope. Parameters come from rules.yaml, from here where they name something of the deployment, and
# from rule_parameters, the last word.

locals {
  known_rules = yamldecode(file("${path.module}/rules.yaml"))
  enabled_rules = {
    for identifier, rule in local.known_rules : identifier => rule
    if !contains(keys(var.disabled_rules), identifier) && (var.create_recorder || !can(rule.frequency) && rule.status != "account")
  }

  # The longest period not above the promise that the rule understands; it knows fewer than CloudWatch Logs does.
  checked_log_retention_in_days = max([for days in [30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653] : days if days <= var.log_retention_in_days]...)

  # An upper bound for other accounts, which get nothing, and for services. This account may do what IAM allows: its bucket
  # policies need not repeat that.
  control_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { AWS = "${local.arn_prefix}:iam::${var.account_id}:root" }, Action = "s3:*", Resource = "${local.arn_prefix}:s3:::*" },
      {
        Effect    = "Allow"
        Principal = { Service = split(",", local.known_rules["S3_BUCKET_POLICY_GRANTEE_CHECK"].parameters.servicePrincipals) }
        Action    = ["s3:GetBucketAcl", "s3:ListBucket", "s3:PutObject"]
        Resource  = "${local.arn_prefix}:s3:::*"
      },
    ]
  })

  deployment_parameters = {
    CLOUDTRAIL_S3_DATAEVENTS_ENABLED     = length(var.trail.data_event_bucket_arns) == 0 ? {} : { S3BucketNames = join(",", [for arn in var.trail.data_event_bucket_arns : element(split(":", arn), 5)]) }
    CLOUD_TRAIL_ENABLED                  = var.trail.enabled ? { s3BucketName = local.bucket_names["cloudtrail"] } : {}
    CW_LOGGROUP_RETENTION_PERIOD_CHECK   = { MinRetentionTime = tostring(local.checked_log_retention_in_days) }
    MULTI_REGION_CLOUD_TRAIL_ENABLED     = var.trail.enabled ? { s3BucketName = local.bucket_names["cloudtrail"] } : {}
    S3_BUCKET_POLICY_GRANTEE_CHECK       = { awsPrincipals = var.account_id }
    S3_BUCKET_POLICY_NOT_MORE_PERMISSIVE = { controlPolicy = local.control_policy }
  }

  rule_parameters = {
    for identifier, rule in local.enabled_rules : identifier => merge(
      try(rule.parameters, {}),
      lookup(local.deployment_parameters, identifier, {}),
      lookup(var.rule_parameters, identifier, {}),
    )
  }
}

resource "aws_config_config_rule" "this" {
  for_each = local.enabled_rules

  name                        = "${each.value.name}-${var.suffix}"
  description                 = each.value.why
  input_parameters            = length(local.rule_parameters[each.key]) == 0 ? null : jsonencode(local.rule_parameters[each.key])
  maximum_execution_frequency = try(each.value.frequency, null)

  dynamic "scope" {
    for_each = var.create_recorder ? [] : [var.suffix]

    content {
      tag_key   = "Suffix"
      tag_value = scope.value
    }
  }

  source {
    owner             = "AWS"
    source_identifier = each.key
  }

  tags = merge(
    var.tags,
    { Name = "${each.value.name}-${var.suffix}" },
    length(each.value.pci_3_2_1) == 0 ? {} : { PciDss321 = join(" ", each.value.pci_3_2_1) },
    length(each.value.pci_4_0) == 0 ? {} : { PciDss40 = join(" ", each.value.pci_4_0) },
  )

  # AWS Config accepts rules only after a recorder exists, and they need recorded resources to judge.
  depends_on = [aws_config_configuration_recorder_status.this]
}
