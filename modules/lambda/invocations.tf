# Calls that belong to a deployment, such as the migration of the database. Terraform makes them, so that whatever comes after finds
# their work done.

resource "aws_lambda_invocation" "this" {
  for_each = var.invocations

  function_name   = aws_lambda_function.this[each.value.function].function_name
  input           = each.value.input
  lifecycle_scope = "CREATE_ONLY"

  triggers = {
    package = var.functions[each.value.function].package_hash
  }

  # A function that logs, and can be retried, before it is called for the first time.
  depends_on = [aws_cloudwatch_log_group.this, aws_lambda_function_event_invoke_config.this]
}
