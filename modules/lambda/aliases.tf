# What calls a function calls its alias "live", which points to one published version: to the newest, unless it is pinned to an
# earlier one. So a rollback moves a pointer, and takes code and configuration back together.

locals {
  alias = "live"

  # Lambda may name the function with or without the alias.
  calling_arns = { for name, arn in local.function_arns : name => [arn, "${arn}:*"] }
}

resource "aws_lambda_alias" "this" {
  for_each = var.functions

  name             = local.alias
  description      = "The version that serves"
  function_name    = aws_lambda_function.this[each.key].function_name
  function_version = lookup(var.pinned_versions, each.key, aws_lambda_function.this[each.key].version)
}
