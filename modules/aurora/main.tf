# Aurora PostgreSQL on Serverless v2: one cluster, whose first instance writes while the others read and stand by in other zones.

data "aws_partition" "this" {}

locals {
  arn_prefix = "arn:${data.aws_partition.this.partition}"

  # A restored cluster has a name of its own: it is made while the one that it is restored from is still there.
  ending             = join("-", compact([try(var.restore.name, null), var.suffix]))
  cluster_identifier = "aurora-${local.ending}"

  # Built from numbers, so that another instance more or less leaves the rest alone; the zones take turns.
  instance_zones = { for number in range(1, var.instance_count + 1) : tostring(number) => element(var.availability_zones, number - 1) }
}

resource "aws_db_subnet_group" "this" {
  name        = "db-subnet-group-aurora-${var.suffix}"
  description = "Isolated subnets of the database"
  subnet_ids  = var.subnet_ids

  tags = merge(var.tags, { Name = "db-subnet-group-aurora-${var.suffix}" })
}

resource "aws_rds_cluster" "this" {
  #checkov:skip=CKV_AWS_139:environments come and go: protection would leave databases behind
  #checkov:skip=CKV2_AWS_8:point-in-time recovery of a day is required here; AWS Backup would keep what destroy must take away
  cluster_identifier  = local.cluster_identifier
  snapshot_identifier = try(var.restore.snapshot_identifier, null)
  engine              = "aurora-postgresql"
  engine_version      = var.engine_version

  # Serverless v2 is a class of the instances; the mode "serverless" is its predecessor.
  engine_mode = "provisioned"

  # At the end of standard support, upgrade the version instead of paying for extended support per ACU hour.
  engine_lifecycle_support = "open-source-rds-extended-support-disabled"

  # A higher engine_version is an intended upgrade; its parameter group is created in the same change.
  allow_major_version_upgrade = true

  database_name = var.database_name
  port          = var.port

  # RDS generates the password, keeps it in its own secret (rds!cluster-...) and rotates it every seven days. It is never in the state.
  master_username               = var.master_username
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.kms_key_arn

  # Functions log in with IAM tokens. The Data API would be an entry that bypasses the network.
  iam_database_authentication_enabled = true
  enable_http_endpoint                = false

  # The zones of the storage are not stated: AWS always takes three, and fewer here would replace the cluster on every plan.
  db_subnet_group_name            = aws_db_subnet_group.this.name
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.this.name
  vpc_security_group_ids          = var.security_group_ids

  storage_encrypted = true
  kms_key_id        = var.kms_key_arn

  backup_retention_period      = var.backup_retention_period
  preferred_backup_window      = var.windows.backup
  preferred_maintenance_window = var.windows.maintenance
  copy_tags_to_snapshot        = true

  enabled_cloudwatch_logs_exports = sort(keys(aws_cloudwatch_log_group.this))

  apply_immediately        = true
  deletion_protection      = false
  skip_final_snapshot      = true
  delete_automated_backups = true

  dynamic "restore_to_point_in_time" {
    for_each = try(var.restore.point_in_time, null) == null ? [] : [var.restore.point_in_time]

    content {
      source_cluster_identifier  = restore_to_point_in_time.value.source_cluster_identifier
      restore_to_time            = restore_to_point_in_time.value.time
      use_latest_restorable_time = restore_to_point_in_time.value.time == null ? true : null
    }
  }

  serverlessv2_scaling_configuration {
    min_capacity             = var.capacity.min
    max_capacity             = var.capacity.max
    seconds_until_auto_pause = var.capacity.seconds_until_auto_pause
  }

  tags = merge(var.tags, { Name = local.cluster_identifier })

  # The backups of a cluster go with it. So the one that is restored from them comes first.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_rds_cluster_instance" "this" {
  for_each = local.instance_zones

  identifier           = "aurora-instance-${each.key}-${local.ending}"
  cluster_identifier   = aws_rds_cluster.this.id
  engine               = aws_rds_cluster.this.engine
  instance_class       = "db.serverless"
  availability_zone    = each.value
  db_subnet_group_name = aws_db_subnet_group.this.name
  publicly_accessible  = false

  # The first two carry the tiers that always have the writer's capacity and pause with it: a standby of full size. The others
  # scale and pause alone.
  promotion_tier = tonumber(each.key) - 1

  # The version is the cluster's business. So is the certificate AWS's: new instances get rds-ca-rsa2048-g1, which is valid until
  # 2061, and naming it would have the provider modify and restart each instance that it has just made.
  auto_minor_version_upgrade   = true
  preferred_maintenance_window = var.windows.maintenance
  copy_tags_to_snapshot        = true
  apply_immediately            = true

  performance_insights_enabled          = true
  performance_insights_kms_key_id       = var.kms_key_arn
  performance_insights_retention_period = var.performance_insights_retention_in_days

  monitoring_interval = var.enhanced_monitoring_interval
  monitoring_role_arn = one(values(aws_iam_role.monitoring)[*].arn)

  tags = merge(var.tags, { Name = "aurora-instance-${each.key}-${local.ending}" })

  lifecycle {
    create_before_destroy = true
  }

  # RDS checks the role. The log group must exist before the first measurement and until after the last.
  depends_on = [
    aws_cloudwatch_log_group.os_metrics,
    aws_iam_role_policy_attachment.monitoring,
  ]
}
