# Security groups by what a member may do. A function takes the ones it needs: `lambda` always, `database-client` if it talks to
# Aurora, `https-client` if it calls an AWS API that has no endpoint here. Rules are resources of their own, so another unit can
# add one without a fight over the group.

locals {
  security_groups = {
    database        = "Database: in from its clients, never out"
    database-client = "Clients of the database"
    https-client    = "Callers of AWS APIs that have no endpoint in this network"
    lambda          = "Functions: out to S3 and DynamoDB"
  }

  # By name: the group, where it may go and the port there.
  egress_rules = {
    database-client = {
      group       = "database-client"
      description = "PostgreSQL to the database"
      port        = var.database_port
      to_group    = aws_security_group.this["database"].id
    }
    https-client = {
      group       = "https-client"
      description = "HTTPS to AWS APIs through the NAT gateway"
      port        = 443
      to_cidr     = local.anywhere
    }
    lambda-dynamodb = {
      group       = "lambda"
      description = "HTTPS to DynamoDB through its gateway endpoint"
      port        = 443
      to_prefixes = aws_vpc_endpoint.this["dynamodb"].prefix_list_id
    }
    lambda-s3 = {
      group       = "lambda"
      description = "HTTPS to S3 through its gateway endpoint"
      port        = 443
      to_prefixes = aws_vpc_endpoint.this["s3"].prefix_list_id
    }
  }
}

resource "aws_security_group" "this" {
  for_each = local.security_groups

  name        = "security-group-${each.key}-${var.suffix}"
  description = each.value
  vpc_id      = aws_vpc.this.id

  tags = merge(var.tags, { Name = "security-group-${each.key}-${var.suffix}" })

  timeouts {
    delete = "45m"
  }
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = local.egress_rules

  security_group_id            = aws_security_group.this[each.value.group].id
  description                  = each.value.description
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  cidr_ipv4                    = try(each.value.to_cidr, null)
  prefix_list_id               = try(each.value.to_prefixes, null)
  referenced_security_group_id = try(each.value.to_group, null)

  tags = merge(var.tags, { Name = "security-group-rule-${each.key}-${var.suffix}" })
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = aws_security_group.this["database"].id
  description                  = "PostgreSQL from the clients of the database"
  ip_protocol                  = "tcp"
  from_port                    = var.database_port
  to_port                      = var.database_port
  referenced_security_group_id = aws_security_group.this["database-client"].id

  tags = merge(var.tags, { Name = "security-group-rule-database-${var.suffix}" })
}
