# Ways in and out. One NAT gateway serves all three zones: losing its zone cuts outbound calls, which is accepted for a third
# of the price; storage and the database do not depend on it.

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = merge(var.tags, { Name = "internet-gateway-${var.suffix}" })
}

resource "aws_eip" "nat" {
  domain = "vpc"

  tags = merge(var.tags, { Name = "elastic-ip-nat-${var.suffix}" })

  # An address can be neither given out nor released while the gateway is missing.
  depends_on = [aws_internet_gateway.this]
}

resource "aws_nat_gateway" "this" {
  allocation_id     = aws_eip.nat.id
  connectivity_type = "public"
  subnet_id         = aws_subnet.public[var.availability_zones[0]].id

  tags = merge(var.tags, { Name = "nat-gateway-${var.suffix}" })

  depends_on = [aws_internet_gateway.this, aws_route.public_internet]
}

# That of the database has only the local route that every table has.
resource "aws_route_table" "this" {
  for_each = toset(["database", "private", "public"])

  vpc_id = aws_vpc.this.id

  tags = merge(var.tags, { Name = "route-table-${each.key}-${var.suffix}", Tier = each.key })
}

resource "aws_route" "public_internet" {
  route_table_id         = aws_route_table.this["public"].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route" "private_nat" {
  route_table_id         = aws_route_table.this["private"].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this.id
}

resource "aws_route_table_association" "public" {
  for_each = local.zones

  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.this["public"].id
}

resource "aws_route_table_association" "private" {
  for_each = local.zones

  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.this["private"].id
}

resource "aws_route_table_association" "database" {
  for_each = local.zones

  subnet_id      = aws_subnet.database[each.key].id
  route_table_id = aws_route_table.this["database"].id
}
