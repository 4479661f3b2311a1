module "dynamodb" {
  source = "../../../../modules/dynamodb"

  kms_key_arn = local.kms_key_arn
  restores    = { trades = { name = "b", source_name = "trades-old" } }
  suffix      = local.suffix
  table_class = "STANDARD_INFREQUENT_ACCESS"
  tags        = local.tags

  tables = {
    trades = {
      attributes    = { symbol = "S", traded_at = "N", venue = "S" }
      hash_key      = "symbol"
      range_key     = "traded_at"
      ttl_attribute = null
      global_secondary_indexes = {
        venue = { hash_key = "venue", projection_type = "INCLUDE", non_key_attributes = ["price"] }
      }
    }
  }
}
