# Security groups by what a member may do. A function takes the ones it needs: `lambda` always, `database-client` if it talks to
# Aurora, `https-client` if it calls an AWS API that has no endpoint here. Rules are resources of their own, so another unit can
# add one without a fight over the group.

resource "aws_security_group" "lambda" {
  name        = "security-group-lambda-${var.suffix}"
  description = "Functions: out to S3 and DynamoDB"
  vpc_id      = aws_vpc.this.id

  tags = merge(var.tags, { Name = "security-group-lambda-${var.suffix}" })

  timeouts {
    delete = "45m"
  }
}

resource "aws_vpc_security_group_egress_rule" "lambda_s3" {
  security_group_id = aws_security_group.lambda.id
  description       = "HTTPS to S3 through its gateway endpoint"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id

  tags = merge(var.tags, { Name = "security-group-rule-lambda-s3-${var.suffix}" })
}

resource "aws_vpc_security_group_egress_rule" "lambda_dynamodb" {
  security_group_id = aws_security_group.lambda.id
  description       = "HTTPS to DynamoDB through its gateway endpoint"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = aws_vpc_endpoint.dynamodb.prefix_list_id

  tags = merge(var.tags, { Name = "security-group-rule-lambda-dynamodb-${var.suffix}" })
}

resource "aws_security_group" "https_client" {
  name        = "security-group-https-client-${var.suffix}"
  description = "Callers of AWS APIs that have no endpoint in this network"
  vpc_id      = aws_vpc.this.id

  tags = merge(var.tags, { Name = "security-group-https-client-${var.suffix}" })

  timeouts {
    delete = "45m"
  }
}

resource "aws_vpc_security_group_egress_rule" "https_client" {
  security_group_id = aws_security_group.https_client.id
  description       = "HTTPS to AWS APIs through the NAT gateway"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = local.anywhere

  tags = merge(var.tags, { Name = "security-group-rule-https-client-${var.suffix}" })
}

resource "aws_security_group" "database_client" {
  name        = "security-group-database-client-${var.suffix}"
  description = "Clients of the database"
  vpc_id      = aws_vpc.this.id

  tags = merge(var.tags, { Name = "security-group-database-client-${var.suffix}" })

  timeouts {
    delete = "45m"
  }
}

resource "aws_vpc_security_group_egress_rule" "database_client" {
  security_group_id            = aws_security_group.database_client.id
  description                  = "PostgreSQL to the database"
  ip_protocol                  = "tcp"
  from_port                    = var.database_port
  to_port                      = var.database_port
  referenced_security_group_id = aws_security_group.database.id

  tags = merge(var.tags, { Name = "security-group-rule-database-client-${var.suffix}" })
}

resource "aws_security_group" "database" {
  name        = "security-group-database-${var.suffix}"
  description = "Database: in from its clients, never out"
  vpc_id      = aws_vpc.this.id

  tags = merge(var.tags, { Name = "security-group-database-${var.suffix}" })

  timeouts {
    delete = "45m"
  }
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = aws_security_group.database.id
  description                  = "PostgreSQL from the clients of the database"
  ip_protocol                  = "tcp"
  from_port                    = var.database_port
  to_port                      = var.database_port
  referenced_security_group_id = aws_security_group.database_client.id

  tags = merge(var.tags, { Name = "security-group-rule-database-${var.suffix}" })
}
