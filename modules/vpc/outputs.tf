output "availability_zones" {
  description = "The availability zones, in the order of the subnet lists."
  value       = var.availability_zones
}

output "database_subnet_ids" {
  description = "The isolated database subnets, one per zone."
  value       = local.subnet_ids["database"]
}

output "default_security_group_id" {
  description = "The group without rules, which functions are moved to when they are destroyed (replacement_security_group_ids)."
  value       = aws_default_security_group.this.id
}

output "endpoint_ids" {
  description = "The gateway endpoints by service: dynamodb, s3."
  value       = { for service, endpoint in aws_vpc_endpoint.this : service => endpoint.id }
}

output "flow_log_group_arn" {
  description = "ARN of the flow logs' log group."
  value       = aws_cloudwatch_log_group.flow_logs.arn
}

output "flow_log_group_name" {
  description = "Name of the flow logs' log group."
  value       = aws_cloudwatch_log_group.flow_logs.name
}

output "nat_gateway_id" {
  description = "The NAT gateway."
  value       = aws_nat_gateway.this.id
}

output "nat_gateway_public_ip" {
  description = "The address that outbound calls come from, for partners' allow lists."
  value       = aws_eip.nat.public_ip
}

output "prefix_list_ids" {
  description = "The AWS-managed prefix lists of the gateway endpoints by service: dynamodb, s3."
  value       = { for service, endpoint in aws_vpc_endpoint.this : service => endpoint.prefix_list_id }
}

output "private_subnet_ids" {
  description = "The private subnets, one per zone."
  value       = local.subnet_ids["private"]
}

output "public_subnet_ids" {
  description = "The public subnets, one per zone."
  value       = local.subnet_ids["public"]
}

output "route_table_ids" {
  description = "The route tables by tier: database, private, public."
  value       = { for tier, table in aws_route_table.this : tier => table.id }
}

output "security_group_ids" {
  description = "The security groups by concern: database, database-client, https-client, lambda."
  value       = { for concern, group in aws_security_group.this : concern => group.id }
}

output "vpc_cidr" {
  description = "IPv4 range of the network."
  value       = aws_vpc.this.cidr_block
}

output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}
