# Each of these used to be a resource of its own. States from then are read as they are meant now.

moved {
  from = aws_network_acl.database
  to   = aws_network_acl.this["database"]
}

moved {
  from = aws_network_acl.private
  to   = aws_network_acl.this["private"]
}

moved {
  from = aws_network_acl.public
  to   = aws_network_acl.this["public"]
}

moved {
  from = aws_route_table.database
  to   = aws_route_table.this["database"]
}

moved {
  from = aws_route_table.private
  to   = aws_route_table.this["private"]
}

moved {
  from = aws_route_table.public
  to   = aws_route_table.this["public"]
}

moved {
  from = aws_security_group.database
  to   = aws_security_group.this["database"]
}

moved {
  from = aws_security_group.database_client
  to   = aws_security_group.this["database-client"]
}

moved {
  from = aws_security_group.https_client
  to   = aws_security_group.this["https-client"]
}

moved {
  from = aws_security_group.lambda
  to   = aws_security_group.this["lambda"]
}

moved {
  from = aws_vpc_endpoint.dynamodb
  to   = aws_vpc_endpoint.this["dynamodb"]
}

moved {
  from = aws_vpc_endpoint.s3
  to   = aws_vpc_endpoint.this["s3"]
}

moved {
  from = aws_vpc_security_group_egress_rule.database_client
  to   = aws_vpc_security_group_egress_rule.this["database-client"]
}

moved {
  from = aws_vpc_security_group_egress_rule.https_client
  to   = aws_vpc_security_group_egress_rule.this["https-client"]
}

moved {
  from = aws_vpc_security_group_egress_rule.lambda_dynamodb
  to   = aws_vpc_security_group_egress_rule.this["lambda-dynamodb"]
}

moved {
  from = aws_vpc_security_group_egress_rule.lambda_s3
  to   = aws_vpc_security_group_egress_rule.this["lambda-s3"]
}
