output "cluster_arn" {
  description = "ARN of the cluster."
  value       = aws_rds_cluster.this.arn
}

output "cluster_endpoint" {
  description = "Host name of the instance that writes."
  value       = aws_rds_cluster.this.endpoint
}

output "cluster_identifier" {
  description = "Name of the cluster, the dimension DBClusterIdentifier of its metrics."
  value       = aws_rds_cluster.this.cluster_identifier
}

output "cluster_resource_id" {
  description = "Id of the cluster in the ARNs of database users (rds-db:connect); it changes when the cluster is replaced."
  value       = aws_rds_cluster.this.cluster_resource_id
}

output "database_name" {
  description = "Name of the first database."
  value       = aws_rds_cluster.this.database_name
}

output "instance_identifiers" {
  description = "Names of the instances, the dimension DBInstanceIdentifier of their metrics."
  value       = [for number in range(1, var.instance_count + 1) : aws_rds_cluster_instance.this[tostring(number)].identifier]
}

output "log_group_name" {
  description = "Name of the log group of PostgreSQL's log: statements, connections, the audit trail."
  value       = aws_cloudwatch_log_group.this["postgresql"].name
}

output "log_group_names" {
  description = "Names of all log groups of the cluster by kind: iam-db-auth-error, instance, postgresql."
  value       = { for kind, group in aws_cloudwatch_log_group.this : kind => group.name }
}

output "master_user_secret_arn" {
  description = "ARN of the secret in which RDS keeps the password of the master user."
  value       = aws_rds_cluster.this.master_user_secret[0].secret_arn
}

output "port" {
  description = "TCP port that the database listens on."
  value       = aws_rds_cluster.this.port
}

output "reader_endpoint" {
  description = "Host name that spreads connections over the readers; with one instance it is the writer."
  value       = aws_rds_cluster.this.reader_endpoint
}
