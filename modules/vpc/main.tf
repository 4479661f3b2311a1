# The network and its three tiers of subnets over three availability zones:
#   public    the NAT gateway, nothing else
#   private   the functions; out through the NAT gateway, to S3 and DynamoDB through gateway endpoints
#   database  Aurora; no way out and no way in but from the private subnets

data "aws_partition" "this" {}

locals {
  arn_prefix = "arn:${data.aws_partition.this.partition}"

  # Private subnets are sixteenths of the range because every function in flight wants an address there.
  zones = {
    for position, zone in var.availability_zones : zone => {
      private  = cidrsubnet(var.vpc_cidr, 4, position)
      public   = cidrsubnet(var.vpc_cidr, 8, 48 + position)
      database = cidrsubnet(var.vpc_cidr, 8, 52 + position)
    }
  }
}

locals {
  subnet_ids = {
    for tier, subnets in { database = aws_subnet.database, private = aws_subnet.private, public = aws_subnet.public } :
    tier => [for zone in var.availability_zones : subnets[zone].id]
  }
}

resource "aws_vpc" "this" {
  cidr_block           = var.vpc_cidr
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = merge(var.tags, { Name = "vpc-${var.suffix}" })
}

resource "aws_subnet" "public" {
  for_each = local.zones

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value.public

  # The NAT gateway brings its own address; nothing else that lands here should have one.
  map_public_ip_on_launch = false

  tags = merge(var.tags, { Name = "subnet-public-${each.key}-${var.suffix}", Tier = "public" })

  timeouts {
    delete = "45m"
  }
}

# Lambda returns a deleted function's network interfaces 20 to 35 minutes later; subnets and security groups wait for that.
resource "aws_subnet" "private" {
  for_each = local.zones

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = each.value.private
  map_public_ip_on_launch = false

  tags = merge(var.tags, { Name = "subnet-private-${each.key}-${var.suffix}", Tier = "private" })

  timeouts {
    delete = "45m"
  }
}

resource "aws_subnet" "database" {
  for_each = local.zones

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = each.value.database
  map_public_ip_on_launch = false

  tags = merge(var.tags, { Name = "subnet-database-${each.key}-${var.suffix}", Tier = "database" })

  timeouts {
    delete = "45m"
  }
}

# What a VPC comes with is open. Taken over without rules or routes, it lets nothing pass that forgot to choose its own.

resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id

  tags = merge(var.tags, { Name = "security-group-default-${var.suffix}" })
}

resource "aws_default_network_acl" "this" {
  default_network_acl_id = aws_vpc.this.default_network_acl_id

  tags = merge(var.tags, { Name = "network-acl-default-${var.suffix}" })
}

resource "aws_default_route_table" "this" {
  default_route_table_id = aws_vpc.this.default_route_table_id
  route                  = []

  tags = merge(var.tags, { Name = "route-table-default-${var.suffix}" })
}
