# Production.

locals {
  name = "prod"

  # Days that S3 access logs are kept: PCI DSS 10.5.1 asks for 12 months.
  access_log_retention_in_days = 365

  # Seconds that one flow log record may cover: 600 makes about a tenth of the records of 60.
  flow_log_aggregation_interval = 60

  # Days that an overwritten or deleted object can be brought back.
  noncurrent_version_retention_in_days = 90
}
