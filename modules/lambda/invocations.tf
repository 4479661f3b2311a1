# Invocations that are part of a deployment, such as the migration of the database. Terraform makes them, so that dependents can
# rely on their result.

resource "aws_lambda_invocation" "this" {
  for_each = var.invocations

  function_name   = aws_lambda_function.this[each.value.function].function_name
  input           = each.value.input
  lifecycle_scope = "CREATE_ONLY"

  triggers = {
    package = var.functions[each.value.function].package_hash
  }

  # Logging and retries are set up before the first invocation.
  depends_on = [aws_cloudwatch_log_group.this, aws_lambda_function_event_invoke_config.this]
}
