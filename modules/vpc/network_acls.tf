# Network ACLs: the second line behind the security groups, without memory, so replies need rules of their own. A reply comes
# back to a port from 1024 up; 3389 is left out because an open remote desktop port is a finding wherever it appears (PCI DSS
# 1.3). AWS's resolver, time and metadata services are not filtered by network ACLs.

locals {
  anywhere       = "0.0.0.0/0"
  private_cidrs  = [for zone in var.availability_zones : local.zones[zone].private]
  database_cidrs = [for zone in var.availability_zones : local.zones[zone].database]

  tcp             = { protocol = "tcp", icmp_type = null, icmp_code = null }
  https           = merge(local.tcp, { from_port = 443, to_port = 443 })
  postgresql      = merge(local.tcp, { from_port = var.database_port, to_port = var.database_port })
  every_high_port = merge(local.tcp, { from_port = 1024, to_port = 65535 })

  replies_from_anywhere = [
    merge(local.tcp, { cidr_block = local.anywhere, from_port = 1024, to_port = 3388 }),
    merge(local.tcp, { cidr_block = local.anywhere, from_port = 3390, to_port = 65535 }),
    # "Fragmentation needed": without it replies larger than the path's MTU vanish.
    { cidr_block = local.anywhere, protocol = "icmp", from_port = 0, to_port = 0, icmp_type = 3, icmp_code = 4 },
  ]

  # Rules are numbered from 100 in the order that they are written in.
  network_acl_rules = {
    # Only the NAT gateway lives here: HTTPS of the functions passes out, the replies pass back.
    public = {
      ingress = concat(local.replies_from_anywhere, [for cidr in local.private_cidrs : merge(local.https, { cidr_block = cidr })])
      egress  = concat([merge(local.https, { cidr_block = local.anywhere })], [for cidr in local.private_cidrs : merge(local.every_high_port, { cidr_block = cidr })])
    }

    private = {
      ingress = local.replies_from_anywhere
      egress  = concat([merge(local.https, { cidr_block = local.anywhere })], [for cidr in local.database_cidrs : merge(local.postgresql, { cidr_block = cidr })])
    }

    database = {
      ingress = [for cidr in local.private_cidrs : merge(local.postgresql, { cidr_block = cidr })]
      egress  = [for cidr in local.private_cidrs : merge(local.every_high_port, { cidr_block = cidr })]
    }
  }
}

resource "aws_network_acl" "this" {
  for_each = local.network_acl_rules

  vpc_id = aws_vpc.this.id
  # Written out: scanners of a plan follow no local.
  subnet_ids = values({ database = aws_subnet.database, private = aws_subnet.private, public = aws_subnet.public }[each.key])[*].id

  dynamic "ingress" {
    for_each = each.value.ingress

    content {
      rule_no    = 100 + ingress.key
      action     = "allow"
      protocol   = ingress.value.protocol
      cidr_block = ingress.value.cidr_block
      from_port  = ingress.value.from_port
      to_port    = ingress.value.to_port
      icmp_type  = ingress.value.icmp_type
      icmp_code  = ingress.value.icmp_code
    }
  }

  # No fragmentation is reported outwards, so no type of ICMP.
  dynamic "egress" {
    for_each = each.value.egress

    content {
      rule_no    = 100 + egress.key
      action     = "allow"
      protocol   = egress.value.protocol
      cidr_block = egress.value.cidr_block
      from_port  = egress.value.from_port
      to_port    = egress.value.to_port
    }
  }

  tags = merge(var.tags, { Name = "network-acl-${each.key}-${var.suffix}", Tier = each.key })
}
