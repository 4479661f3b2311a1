output "access_log_group_name" {
  description = "Name of the access logs' log group."
  value       = aws_cloudwatch_log_group.access.name
}

output "api_id" {
  description = "The REST API's id."
  value       = aws_api_gateway_rest_api.this.id
}

output "api_key_ids" {
  description = "The API keys' ids by client."
  value       = { for client, key in aws_api_gateway_api_key.this : client => key.id }
}

output "api_key_location" {
  description = "Where to get the value of an API key."
  value       = "platformctl outputs --suffix ${var.suffix} --show-sensitive, or aws apigateway get-api-key --region ${var.region} --include-value --api-key <one of api_key_ids>"
}

output "api_keys" {
  description = "The API keys' values by client."
  value       = { for client, key in aws_api_gateway_api_key.this : client => key.value }
  sensitive   = true
}

output "api_name" {
  description = "The REST API's name, by which CloudWatch counts its metrics."
  value       = aws_api_gateway_rest_api.this.name
}

output "api_url" {
  description = "The URL that the routes' paths follow."
  value       = var.custom_domain == null ? aws_api_gateway_stage.this.invoke_url : "https://${aws_api_gateway_domain_name.this[0].domain_name}/${aws_api_gateway_base_path_mapping.this[0].base_path}"
}

output "authorizer_type" {
  description = "Who authenticates callers beside their keys: cognito, iam or lambda; null for keys alone."
  value       = one(var.authorizer[*].type)
}

output "custom_domain_target" {
  description = "What the DNS record of custom_domain points to: the name of the regional endpoint, and its hosted zone for an alias record; null without a domain."
  value       = one([for domain in aws_api_gateway_domain_name.this : { name = domain.regional_domain_name, zone_id = domain.regional_zone_id }])
}

output "execution_log_group_name" {
  description = "Name of the execution logs' log group."
  value       = aws_cloudwatch_log_group.execution.name
}

output "stage_arn" {
  description = "ARN of the stage."
  value       = aws_api_gateway_stage.this.arn
}

output "stage_name" {
  description = "Name of the stage."
  value       = aws_api_gateway_stage.this.stage_name
}

output "stage_url" {
  description = "The stage's URL at the default endpoint, which custom_domain closes; the local cloud serves the API under it."
  value       = aws_api_gateway_stage.this.invoke_url
}

output "usage_plan_id" {
  description = "The usage plan that every key belongs to."
  value       = aws_api_gateway_usage_plan.this.id
}

output "waf_log_group_name" {
  description = "Name of the web ACL's log group; null without a web ACL."
  value       = one(aws_cloudwatch_log_group.waf[*].name)
}

output "web_acl_arn" {
  description = "ARN of the web ACL; null without one."
  value       = one(aws_wafv2_web_acl.this[*].arn)
}
