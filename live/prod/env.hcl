# Production.

locals {
  name = "prod"

  # Days that S3 access logs are kept: PCI DSS 10.5.1 asks for 12 months.
  access_log_retention_in_days = 365

  # Email addresses for alerts; each has to confirm once. Other subscriptions can be added to the topic.
  alert_emails = []

  # Web pages that may call the API, by origin: https://desk.example.com. Without any no page may.
  api_allowed_origins = []

  # Who authenticates the API's callers, beside their keys: see `authorizer` of modules/apigw. null for keys alone.
  api_authorizer = null

  # Clients of the API, one key each.
  api_clients = {
    trading-desk = { description = "Trading desk" }
    web          = { description = "Client portal" }
  }

  # A domain of the API's own, with its certificate: { name, certificate_arn }. Without one it also speaks TLS 1.0.
  api_custom_domain = null

  api_memory_size_mb = 1024

  # Requests per client.
  api_quota = { limit = 100000000, period = "MONTH" }

  # A bucket of somebody else for the audit trail, with the key of its records: { name, kms_key_arn }. null for buckets that are
  # destroyed with the deployment.
  audit_bucket = null

  # Three zones that offer every service in use. AWS maps zone names to different zones per account.
  availability_zones = ["us-east-1a", "us-east-1b", "us-east-1c"]

  # CONTINUOUS costs 0.003 USD per recorded change, DAILY 0.012 per resource that changed that day: cheaper from five changes up.
  config_recording_frequency = "CONTINUOUS"

  # Whether logins to the database ask for a second factor. Roles of IAM Identity Center are exempt: it asks by itself.
  database_access_requires_mfa = true

  # Aurora capacity units. With a minimum of 0 the database sleeps, and costs storage only, after this many idle seconds.
  database_capacity = { min = 0.5, max = 16, seconds_until_auto_pause = null }

  # Seconds between two measurements of the operating system below the database; 0 for none.
  database_enhanced_monitoring_interval = 60

  # The first writes, the others read and stand by. One costs 43.80 USD a month and more while it is awake.
  database_instance_count = 2

  # What the database was restored from; null for nothing. See docs/runbook.md.
  database_restore = null

  # AWS Config rules that this environment omits, each with its reason.
  disabled_config_rules = {}

  # Seconds that one flow log record may cover: 600 makes about a tenth of the records of 60.
  flow_log_aggregation_interval = 60

  # IAM roles and users who alone may change and delete the keys, the deployer among them; empty leaves it to IAM.
  key_administrator_arns = []

  # Logs go to the archive bucket, too: PCI DSS 10.5.1 asks for 12 months, and CloudWatch keeps 30 days.
  log_archive_enabled = true

  log_level = "INFO"

  # Days that an overwritten or deleted object can be brought back.
  noncurrent_version_retention_in_days = 90

  # Memory decides the share of a processor: 1769 MB is one whole.
  pipeline_memory_size_mb = 1769

  # Copies of a function that the messages of its queue may run at once, 2 at least.
  queue_concurrency = { analytics = 20, ingest = 20 }

  # Copies of each function that may run at once, reserved from the account's limit, of which 100 must stay free; -1 reserves
  # nothing. The limit is 1000 unless AWS raised or lowered it: a new account has 10, and takes no reservation.
  reserved_concurrency = { alerts = 10, analytics = 20, api = 200, ingest = 40, migrate = 1 }

  # The time zone of the bars by session, such as America/New_York; empty for none. Bars by day are in UTC in any case.
  session_zone = ""

  # Tables that were restored, and from what. See docs/runbook.md.
  table_restores = {}

  # Days that trades stay in the database; their objects and their bars stay longer.
  trade_retention_days = 90

  # CloudTrail, with events of every object in the data buckets. The first trail of an account is free but for those.
  trail_enabled = true

  # The web application firewall in front of the API: 5 USD a month and 1 per rule.
  waf_enabled = true
}
