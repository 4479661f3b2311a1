# The API and its tree of paths. A request passes: the web ACL (where it is on), the API key and its usage plan, the request
# validator, the function.

data "aws_partition" "this" {}

locals {
  api_name   = "api-${var.suffix}"
  arn_prefix = "arn:${data.aws_partition.this.partition}"

  # Keys leave out the parameters' names ("GET /bars/{}"), because API Gateway takes one parameter only at each place in the tree:
  # under a new key a renamed parameter would be created beside the old one and be refused; under the same key it is renamed.
  routes = {
    for route, settings in var.routes : replace(route, "/\\{[^}]*\\}/", "{}") => merge(settings, {
      method = split(" ", route)[0]
      path   = split(" ", route)[1]
      parts  = split("/", trimprefix(split(" ", route)[1], "/"))
    })
  }

  paths = toset(flatten([
    for route in local.routes : [for depth in range(1, length(route.parts) + 1) : "/${join("/", slice(route.parts, 0, depth))}"]
  ]))

  # A resource cannot refer to its own instances, so each depth has a resource block.
  levels = [
    for depth in range(1, 5) : {
      for path in local.paths : replace(path, "/\\{[^}]*\\}/", "{}") => {
        part   = element(split("/", path), depth)
        parent = replace(join("/", slice(split("/", path), 0, depth)), "/\\{[^}]*\\}/", "{}")
      } if length(split("/", path)) == depth + 1
    }
  ]

  resource_ids = {
    for path, resource in merge(
      aws_api_gateway_resource.level_1,
      aws_api_gateway_resource.level_2,
      aws_api_gateway_resource.level_3,
      aws_api_gateway_resource.level_4,
    ) : path => resource.id
  }
}

resource "aws_api_gateway_rest_api" "this" {
  name                         = local.api_name
  description                  = var.description
  api_key_source               = "HEADER"
  disable_execute_api_endpoint = var.custom_domain != null
  minimum_compression_size     = var.minimum_compression_size

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  tags = merge(var.tags, { Name = local.api_name })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_resource" "level_1" {
  for_each = local.levels[0]

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = each.value.part
}

resource "aws_api_gateway_resource" "level_2" {
  for_each = local.levels[1]

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.level_1[each.value.parent].id
  path_part   = each.value.part
}

resource "aws_api_gateway_resource" "level_3" {
  for_each = local.levels[2]

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.level_2[each.value.parent].id
  path_part   = each.value.part
}

resource "aws_api_gateway_resource" "level_4" {
  for_each = local.levels[3]

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.level_3[each.value.parent].id
  path_part   = each.value.part
}
