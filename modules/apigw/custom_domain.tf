# A domain of its own (PCI DSS 4.2.1): the default endpoint also speaks TLS 1.0 and 1.1, which nothing here can switch off. With a
# domain the API answers on TLS 1.2 and newer there, and the default endpoint is closed.

resource "aws_api_gateway_domain_name" "this" {
  count = var.custom_domain == null ? 0 : 1

  domain_name              = var.custom_domain.name
  regional_certificate_arn = var.custom_domain.certificate_arn
  security_policy          = "TLS_1_2"

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  tags = merge(var.tags, { Name = "api-domain-${var.suffix}" })
}

# Under the stage's name, so that paths stay as they are without a domain.
resource "aws_api_gateway_base_path_mapping" "this" {
  count = var.custom_domain == null ? 0 : 1

  domain_name = aws_api_gateway_domain_name.this[0].domain_name
  api_id      = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  base_path   = var.stage_name
}
