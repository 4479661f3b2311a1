output "api_key_location" {
  description = "Where to get the value of an API key."
  value       = module.apigw.api_key_location
}

output "api_url" {
  description = "The URL that the routes' paths follow."
  value       = module.apigw.api_url
}

output "web_acl_arn" {
  description = "ARN of the web ACL."
  value       = module.apigw.web_acl_arn
}
