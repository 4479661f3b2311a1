# Development: short-lived deployments, as cheap as the requirements allow.

locals {
  name = "dev"

  # Days that S3 access logs are kept.
  access_log_retention_in_days = 30

  # Seconds that one flow log record may cover: 600 makes about a tenth of the records of 60.
  flow_log_aggregation_interval = 600

  # Days that an overwritten or deleted object can be brought back.
  noncurrent_version_retention_in_days = 7
}
