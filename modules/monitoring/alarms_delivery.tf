# Alarms of shared paths: the NAT gateway, the delivery of compliance events, and the log archive.

locals {
  network_alarms = {
    nat-gateway-ports = {
      description = "The NAT gateway ran out of ports for one destination: functions cannot open further connections to it."
      metric      = { namespace = "AWS/NATGateway", name = "ErrorPortAllocation", statistic = "Sum", dimensions = { NatGatewayId = var.nat_gateway_id } }
      threshold   = 1

      # A gateway reports every minute, so missing data means that it is gone.
      missing = "missing"
    }
  }

  # Both are reported only while there is something to deliver: missing data is not breaching.
  delivery_alarms = merge(
    {
      compliance-news-lost = {
        description = "EventBridge could not publish news of a broken compliance rule: the topic's policy or its key does not admit it. Look at AWS Config itself until it does."
        metric      = { namespace = "AWS/Events", name = "FailedInvocations", statistic = "Sum", dimensions = { RuleName = local.compliance_rule_name } }
        threshold   = 1
        missing     = "notBreaching"
      }
    },
    {
      for name in keys(local.log_archive) : "log-archive-late" => {
        description = "Firehose has held log events for more than ${var.thresholds.archive_delay_seconds} s without storing them. Its reasons are in ${local.log_archive_group_name}; after 24 hours it gives up."
        metric      = { namespace = "AWS/Firehose", name = "DeliveryToS3.DataFreshness", statistic = "Maximum", dimensions = { DeliveryStreamName = local.log_archive_name } }
        threshold   = var.thresholds.archive_delay_seconds
        missing     = "notBreaching"
      }
    },
  )
}
