# Settings of the engine: TLS for every connection, and a trail of who did what (PCI DSS 4.2.1, 10.2). The instances keep the
# default group of their family, so that each setting has one place.

locals {
  engine_major_version = split(".", var.engine_version)[0]

  # A group belongs to one major version, and one in use cannot be deleted: the next version's group has a name of its own.
  parameter_group_name = "rds-cluster-parameter-group-aurora-postgresql${local.engine_major_version}-${var.suffix}"
}

# AWS takes a static parameter only for the next restart, and reports one that has its default value as pending, too, whatever was
# asked for. All that is pending takes effect when the instances first start.
resource "aws_rds_cluster_parameter_group" "this" {
  name        = local.parameter_group_name
  description = "TLS for every connection, audited statements"
  family      = "aurora-postgresql${local.engine_major_version}"

  parameter {
    name         = "rds.force_ssl"
    value        = "1"
    apply_method = "pending-reboot"
  }

  parameter {
    name         = "ssl_min_protocol_version"
    value        = "TLSv1.2"
    apply_method = "pending-reboot"
  }

  # pg_stat_statements is AWS's default, which Performance Insights reads; a list that is stated replaces it.
  parameter {
    name         = "shared_preload_libraries"
    value        = "pg_stat_statements,pgaudit"
    apply_method = "pending-reboot"
  }

  parameter {
    name         = "pgaudit.log"
    value        = join(",", sort(var.statement_logging.audit_classes))
    apply_method = "pending-reboot"
  }

  parameter {
    name         = "log_connections"
    value        = "1"
    apply_method = "immediate"
  }

  parameter {
    name         = "log_disconnections"
    value        = "1"
    apply_method = "immediate"
  }

  parameter {
    name         = "log_min_duration_statement"
    value        = tostring(var.statement_logging.slow_statement_milliseconds)
    apply_method = "immediate"
  }

  parameter {
    name         = "log_statement"
    value        = "ddl"
    apply_method = "immediate"
  }

  tags = merge(var.tags, { Name = local.parameter_group_name })

  lifecycle {
    create_before_destroy = true
  }
}
