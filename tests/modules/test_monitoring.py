"""modules/monitoring: subscription filters (B7), alarms, reports about compliance (B10, B15), and the dashboard (B7)."""

import json
import re

import pytest

pytestmark = pytest.mark.slow

TOPIC = "arn:aws:sns:us-east-1:123456789012:topic-alerts-example"
GROUPS = "arn:aws:logs:us-east-1:123456789012:log-group"


@pytest.fixture(scope="module")
def plan(example):
    return example("monitoring")


def alarms(plan):
    return plan.keyed("aws_cloudwatch_metric_alarm", module="monitoring")


def filters(plan):
    return plan.keyed("aws_cloudwatch_log_metric_filter", module="monitoring")


def subscriptions(plan, name):
    return plan.keyed("aws_cloudwatch_log_subscription_filter", module="monitoring", name=name)


def expression(alarm):
    """Return the expression of an alarm and the metrics that it reads, by id."""
    metrics = {query["id"]: query["metric"][0] for query in alarm["metric_query"] if query["metric"]}
    [result] = [query for query in alarm["metric_query"] if query["return_data"]]
    return result["expression"], metrics


def test_b7_each_group_has_a_permission_of_its_own_to_call_the_alert_function(plan):
    permissions = plan.keyed("aws_lambda_permission")
    assert permissions.keys() == subscriptions(plan, "alerts").keys()
    for name, permission in permissions.items():
        group = subscriptions(plan, "alerts")[name]["log_group_name"]
        assert permission["source_arn"] == f"{GROUPS}:{group}:*"
        assert permission["source_account"] == "123456789012"
        assert permission["principal"] == "logs.us-east-1.amazonaws.com"
        assert permission["function_name"] == "lambda-alerts-example"


def test_b10_only_security_events_are_silent_when_they_end(plan):
    silent = {name for name, alarm in alarms(plan).items() if not alarm["ok_actions"]}
    assert silent == {name for name in alarms(plan) if name.startswith("trail-")}
    assert len(silent) == 7


def test_b10_alarms_are_described_in_sentences(plan):
    assert [name for name, alarm in alarms(plan).items() if not alarm["alarm_description"].endswith(".")] == []


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        ("api|application|compliance|dead-letters|functions?|log-archive|queue|table|trail", "notBreaching"),
        ("database", "ignore"),
        ("nat-gateway", "missing"),
    ],
)
def test_b7_missing_data_is_treated_by_what_it_means(plan, names, missing):
    chosen = {name: alarm for name, alarm in alarms(plan).items() if re.match(rf"({names})-", name)}
    assert chosen
    assert {alarm["treat_missing_data"] for alarm in chosen.values()} == {missing}


def test_b5_each_function_is_compared_with_its_own_timeout(plan):
    formula, metrics = expression(alarms(plan)["functions-slow"])
    assert formula.split(" + ") == [
        "(FILL(f_alerts, 0) >= 24000)",
        "(FILL(f_analytics, 0) >= 240000)",
        "(FILL(f_api, 0) >= 23200)",
        "(FILL(f_ingest, 0) >= 48000)",
        "(FILL(f_migrate, 0) >= 96000)",
    ]
    assert {(m["metric_name"], m["stat"]) for m in metrics.values()} == {("Duration", "Maximum")}
    assert metrics["f_ingest"]["dimensions"] == {"FunctionName": "lambda-ingest-example"}


def test_every_expression_reads_metrics_that_it_has(plan, variants):
    seen = 0
    for planned in (plan, variants):
        for name, alarm in alarms(planned).items():
            if alarm["metric_query"]:
                seen += 1
                formula, metrics = expression(alarm)
                if not formula.startswith("SELECT "):
                    named = set(re.findall(r"\b[a-z][a-z0-9_]*\b", formula))
                    assert named == set(metrics), name
                assert len(metrics) <= 10, name
            else:
                assert alarm["metric_name"], name
                assert alarm["period"] == 300, name
    assert seen == 10


def test_b3_failures_inside_dynamodb_are_read_across_its_operations(plan):
    formula, metrics = expression(alarms(plan)["table-user-sessions-errors"])
    assert formula == (
        'SELECT SUM(SystemErrors) FROM SCHEMA("AWS/DynamoDB", Operation, TableName) '
        "WHERE TableName = 'user-sessions-example'"
    )
    assert metrics == {}


@pytest.mark.parametrize(("capacity", "percent", "connections"), [("example", 80, 604), ("variants", 50, 1000)])
def test_b2_connections_are_compared_with_what_the_largest_capacity_allows(
    plan, variants, capacity, percent, connections
):
    planned = {"example": plan, "variants": variants}[capacity]
    limit = {"example": 4 * 189, "variants": 2000}[capacity]
    assert alarms(planned)["database-connections"]["threshold"] == connections == limit * percent // 100


def test_b7_every_log_metric_of_an_alarm_has_a_filter(plan):
    made = {f["metric_transformation"][0]["name"] for f in filters(plan).values()}
    read = {alarm["metric_name"] for alarm in alarms(plan).values() if alarm["namespace"] == "TradingAnalytics/example"}
    assert made == read
    assert len(read) == 10


def test_b7_log_metrics_cost_nothing_without_events(plan):
    for name, found in filters(plan).items():
        [metric] = found["metric_transformation"]
        assert (metric["value"], metric["unit"], metric["namespace"]) == ("1", "Count", "TradingAnalytics/example"), (
            name
        )
        assert not metric["default_value"], name
        assert not metric["dimensions"], name


def test_b7_filter_patterns_fit_and_are_balanced(plan):
    for name, found in filters(plan).items():
        pattern = found["pattern"]
        assert len(pattern) <= 1024, name
        assert pattern.count("(") == pattern.count(")"), name
        assert pattern.count('"') % 2 == 0, name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("trail-access-bucket-policies", '$.eventName = "PutBucketPolicy"'),
        ("trail-access-iam-policies", '$.eventName = "PutRolePolicy"'),
        ("trail-audit-config", '$.eventName = "StopConfigurationRecorder"'),
        ("trail-audit-trail", '$.eventName = "StopLogging"'),
        ("trail-keys", '$.eventName = "ScheduleKeyDeletion"'),
        ("trail-network-acls", '$.eventName = "CreateNetworkAclEntry"'),
        ("trail-network-gateways", '$.eventName = "AttachInternetGateway"'),
        ("trail-network-route-tables", '$.eventName = "ReplaceRoute"'),
        ("trail-network-security-groups", '$.eventName = "AuthorizeSecurityGroupIngress"'),
        ("trail-network-vpcs", '$.eventName = "ModifyVpcAttribute"'),
        ("trail-refused-calls", '$.errorCode = "AccessDenied*"'),
        ("trail-refused-sign-ins", '$.errorMessage = "Failed authentication"'),
        ("trail-root-use", '$.userIdentity.type = "Root"'),
        ("trail-sign-in-without-mfa", '$.additionalEventData.MFAUsed != "Yes"'),
    ],
)
def test_b10_security_events_of_the_account_are_counted(plan, name, said):
    assert said in filters(plan)[name]["pattern"]
    assert filters(plan)[name]["log_group_name"] == "/aws/cloudtrail/trail-example"


def test_b10_b15_noncompliant_rules_of_this_deployment_are_reported(plan):
    [rule] = plan.of_type("aws_cloudwatch_event_rule", module="monitoring").values()
    assert json.loads(rule["event_pattern"]) == {
        "source": ["aws.config"],
        "detail-type": ["Config Rules Compliance Change"],
        "detail": {
            "configRuleName": [{"suffix": "-example"}],
            "messageType": ["ComplianceChangeNotification"],
            "newEvaluationResult": {"complianceType": ["NON_COMPLIANT"]},
        },
    }


def test_b10_the_mail_about_a_rule_is_made_of_sentences(plan):
    [target] = plan.of_type("aws_cloudwatch_event_target", module="monitoring").values()
    assert target["arn"] == TOPIC
    [transformer] = target["input_transformer"]
    template = transformer["input_template"]
    assert set(re.findall(r"<(\w+)>", template)) == set(transformer["input_paths"])
    # EventBridge accepts lines of text only in quotation marks, so each is a JSON string.
    assert all(isinstance(json.loads(line), str) for line in template.splitlines())


def dashboard(plan):
    [found] = plan.of_type("aws_cloudwatch_dashboard", module="monitoring").values()
    return json.loads(found["dashboard_body"])["widgets"]


def test_b7_the_dashboard_shows_every_alarm_and_every_service(plan):
    widgets = dashboard(plan)
    [board] = [widget for widget in widgets if widget["type"] == "alarm"]
    prefix = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:"
    assert set(board["properties"]["alarms"]) == {prefix + alarm["alarm_name"] for alarm in alarms(plan).values()}
    charts = [widget["properties"] for widget in widgets if widget["type"] == "metric"]
    assert {chart["region"] for chart in charts} == {"us-east-1"}
    assert {chart["metrics"][0][0] for chart in charts} == {
        "AWS/ApiGateway",
        "AWS/DynamoDB",
        "AWS/Firehose",
        "AWS/Lambda",
        "AWS/NATGateway",
        "AWS/RDS",
        "AWS/SQS",
        "TradingAnalytics/example",
    }


def test_every_metric_on_the_dashboard_has_complete_dimensions(plan, variants):
    for planned in (plan, variants):
        for widget in dashboard(planned):
            assert 1 <= widget["width"] <= 24
            if widget["type"] == "metric":
                assert widget["properties"]["metrics"], widget["properties"]["title"]
                for *names, drawn in widget["properties"]["metrics"]:
                    assert len(names) % 2 == 0
                    assert all(isinstance(name, str) for name in names)
                    assert drawn["stat"]


def test_b7_saved_queries_read_groups_of_this_deployment(plan):
    queries = plan.keyed("aws_cloudwatch_query_definition")
    assert set(queries) == {"api-refused", "function-durations", "function-errors", "trail-changes", "trail-refused"}
    for query in queries.values():
        assert query["log_group_names"]
        assert all("-example" in group for group in query["log_group_names"])


def test_queries_and_dashboards_named_by_alarms_exist(plan):
    known = {query["name"] for query in plan.of_type("aws_cloudwatch_query_definition").values()} | {
        "dashboard-example"
    }
    pointed = {
        word
        for alarm in alarms(plan).values()
        for word in re.findall(r"\b(?:query|dashboard)-[a-z-]+", alarm["alarm_description"])
    }
    assert len(pointed) == 6
    assert pointed == known


def test_without_trail_and_access_log_nothing_counts_them(variants):
    assert not [name for name in alarms(variants) if name.startswith("trail-") or name == "api-refused-calls"]
    assert set(filters(variants)) == {"denied-the-only-function", "errors-the-only-function"}
    titles = {widget["properties"].get("title") for widget in dashboard(variants)}
    assert not titles & {"Security events of the account", "Dead letters"}


def test_settings_reach_the_expressions(variants):
    assert expression(alarms(variants)["functions-slow"])[0] == "(FILL(f_the_only_function, 0) >= 450000)"
