# Development: short-lived deployments, as cheap as the requirements allow.

locals {
  name = "dev"

  # Days that S3 access logs are kept.
  access_log_retention_in_days = 30

  # Email addresses for alerts; each has to confirm once. Other subscriptions can be added to the topic.
  alert_emails = []

  # Clients of the API, one key each.
  api_clients = {
    smoke = { description = "Smoke tests" }
  }

  api_memory_size_mb = 256

  # Requests per client.
  api_quota = { limit = 1000000, period = "MONTH" }

  # CONTINUOUS records every change at once; DAILY costs less where little changes.
  config_recording_frequency = "DAILY"

  # Aurora capacity units. With a minimum of 0 the database sleeps, and costs storage only, after this many idle seconds.
  database_capacity = { min = 0, max = 2, seconds_until_auto_pause = 300 }

  # Seconds between two measurements of the operating system below the database; 0 for none.
  database_enhanced_monitoring_interval = 0

  # The first writes, the others read and stand by. One costs 43.80 USD a month and more while it is awake.
  database_instance_count = 1

  # What the database was restored from; null for nothing. See docs/runbook.md.
  database_restore = null

  # AWS Config rules that this environment omits, each with its reason.
  disabled_config_rules = {
    API_GW_ASSOCIATED_WITH_WAF = "no firewall in front of development"
  }

  # Seconds that one flow log record may cover: 600 makes about a tenth of the records of 60.
  flow_log_aggregation_interval = 600

  # Logs go to the archive bucket, too: PCI DSS 10.5.1 asks for 12 months, and CloudWatch keeps 30 days.
  log_archive_enabled = false

  log_level = "INFO"

  # Days that an overwritten or deleted object can be brought back.
  noncurrent_version_retention_in_days = 7

  # Memory decides the share of a processor: 1769 MB is one whole.
  pipeline_memory_size_mb = 512

  # Copies of a function that the messages of its queue may run at once, 2 at least.
  queue_concurrency = { analytics = 2, ingest = 2 }

  # Copies of each function that may run at once, reserved from the account's limit, of which 100 must stay free; -1 reserves
  # nothing. The limit is 1000 unless AWS raised or lowered it: a new account has 10, and takes no reservation.
  reserved_concurrency = { alerts = -1, analytics = -1, api = -1, ingest = -1, migrate = -1 }

  # Tables that were restored, and from what. See docs/runbook.md.
  table_restores = {}

  # CloudTrail, with events of every object in the data buckets. The first trail of an account is free but for those.
  trail_enabled = false

  # The web application firewall in front of the API: 5 USD a month and 1 per rule.
  waf_enabled = false
}
