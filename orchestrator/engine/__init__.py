"""What happens to units: operations, executor, events, report. Knows Terraform and the cloud only as protocols."""
