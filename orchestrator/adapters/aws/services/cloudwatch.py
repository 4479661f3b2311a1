"""CloudWatch: alarms and dashboards. Log groups are in ``logs``."""

from orchestrator.adapters.aws.listing import listed
from orchestrator.adapters.aws.rows import Service, delete, row, same

ROWS = (
    row(
        "alarm",
        listed("describe_alarms MetricAlarms AlarmName", AlarmTypes=["MetricAlarm"]),
        delete(2, "delete_alarms AlarmNames[]"),
        same("aws_cloudwatch_metric_alarm alarm_name"),
    ),
    row("composite-alarm", listed("describe_alarms CompositeAlarms AlarmName", AlarmTypes=["CompositeAlarm"])),
    row(
        "dashboard",
        listed("list_dashboards DashboardEntries DashboardName"),
        delete(2, "delete_dashboards DashboardNames[]"),
        same("aws_cloudwatch_dashboard dashboard_name"),
    ),
)
SERVICE = Service(name="cloudwatch", rows=ROWS)
