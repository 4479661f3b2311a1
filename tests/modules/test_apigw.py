"""modules/apigw: API, keys and limits (B6), logs (B7), the account's role (B9, B15), names (B11), destroyable (B12), web ACL (B10)."""

import json
import re

import pytest

pytestmark = pytest.mark.slow

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
ROUTES = {
    "POST /market-data",
    "GET /analytics/{}",
    "GET /bars/{}",
    "POST /sessions",
    "GET /sessions/{}",
    "DELETE /sessions/{}",
    "GET /health",
}
GROUPS = {
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesAnonymousIpList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
}


@pytest.fixture(scope="module")
def plan(example):
    return example("apigw")


def keyed(plan, kind, module="apigw"):
    """The instances of a resource by their key in for_each."""
    return {address.split('"')[1]: values for address, values in plan.of_type(kind, module=module).items()}


def test_inventory(plan, assert_inventory):
    assert_inventory(plan, "apigw")


def test_b6_each_part_of_a_path_is_there_once(plan):
    parts = keyed(plan, "aws_api_gateway_resource")
    assert {path: values["path_part"] for path, values in parts.items()} == {
        "/analytics": "analytics",
        "/analytics/{}": "{symbol}",
        "/bars": "bars",
        "/bars/{}": "{symbol}",
        "/health": "health",
        "/market-data": "market-data",
        "/sessions": "sessions",
        "/sessions/{}": "{session_id}",
    }


def test_b6_a_path_may_have_four_parts(variants):
    levels = {
        address.split(".")[-1]: values["path_part"]
        for address, values in variants.of_type("aws_api_gateway_resource", module="apigw").items()
    }
    assert levels == {
        'level_1["/books"]': "books",
        'level_2["/books/{}"]': "{book}",
        'level_3["/books/{}/trades"]': "trades",
        'level_4["/books/{}/trades/{}"]': "{trade}",
    }


def test_b6_every_route_asks_for_a_key_and_checks_the_request(plan):
    methods = keyed(plan, "aws_api_gateway_method")
    assert set(methods) == ROUTES
    assert {method["api_key_required"] for method in methods.values()} == {True}
    [validator] = plan.of_type("aws_api_gateway_request_validator").values()
    assert (validator["validate_request_body"], validator["validate_request_parameters"]) == (True, True)


def test_b6_path_parameters_are_declared_beside_those_that_a_route_names(plan, variants):
    methods = keyed(plan, "aws_api_gateway_method")
    assert methods["GET /bars/{}"]["request_parameters"] == {
        "method.request.path.symbol": True,
        "method.request.querystring.from": True,
    }
    assert methods["DELETE /sessions/{}"]["request_parameters"] == {"method.request.path.session_id": True}
    assert keyed(variants, "aws_api_gateway_method")["PUT /books/{}/trades/{}"]["request_parameters"] == {
        "method.request.header.If-Match": False,
        "method.request.path.book": True,
        "method.request.path.trade": True,
    }


def test_b6_a_body_is_checked_whatever_content_type_it_claims(plan):
    models = {route: method["request_models"] for route, method in keyed(plan, "aws_api_gateway_method").items()}
    assert models.pop("POST /market-data") == {"$default": "MarketData"}
    assert not any(models.values())


def test_b6_every_route_is_answered_by_a_function(plan, variants):
    integrations = keyed(plan, "aws_api_gateway_integration")
    assert set(integrations) == ROUTES
    assert {(i["type"], i["integration_http_method"]) for i in integrations.values()} == {("AWS_PROXY", "POST")}
    assert {i["timeout_milliseconds"] for i in integrations.values()} == {29000}
    [trade] = variants.of_type("aws_api_gateway_integration", module="apigw").values()
    assert trade["timeout_milliseconds"] == 5000


def test_b9_a_function_is_called_through_one_permission_per_route(plan, variants):
    permissions = keyed(plan, "aws_lambda_permission")
    assert set(permissions) == ROUTES
    assert {(p["principal"], p["action"]) for p in permissions.values()} == {
        ("apigateway.amazonaws.com", "lambda:InvokeFunction")
    }
    ids = [p["statement_id"] for p in [*permissions.values(), *keyed(variants, "aws_lambda_permission").values()]]
    assert len(set(ids)) == len(ROUTES) + 1
    assert [i for i in ids if not re.fullmatch(r"[a-zA-Z0-9_-]{1,100}", i)] == []


def test_b6_a_key_may_send_1000_requests_per_second(plan):
    [usage] = plan.of_type("aws_api_gateway_usage_plan").values()
    assert usage["throttle_settings"] == [{"burst_limit": 2000, "rate_limit": 1000}]
    assert usage["quota_settings"] == []
    assert set(keyed(plan, "aws_api_gateway_usage_plan_key")) == set(keyed(plan, "aws_api_gateway_api_key")) == {"desk"}


def test_b6_only_the_usage_plan_throttles_because_a_stage_would_throttle_all_keys_together(plan):
    [settings] = plan.of_type("aws_api_gateway_method_settings").values()
    assert settings["method_path"] == "*/*"
    [values] = settings["settings"]
    assert (values["throttling_burst_limit"], values["throttling_rate_limit"]) == (-1, -1)


def test_b7_executions_are_logged_without_bodies_and_headers(plan):
    [settings] = plan.of_type("aws_api_gateway_method_settings").values()
    [values] = settings["settings"]
    assert (values["logging_level"], values["metrics_enabled"], values["data_trace_enabled"]) == ("INFO", True, False)


def test_b7_the_access_log_says_who_what_when_and_how_it_ended_and_never_the_key(plan):
    [access] = plan.resources["module.apigw.aws_api_gateway_stage.this"]["access_log_settings"]
    fields = json.loads(access["format"])
    expected = {
        "apiKeyId": "$context.identity.apiKeyId",
        "errorMessage": "$context.error.message",
        "ip": "$context.identity.sourceIp",
        "requestId": "$context.requestId",
        "requestTime": "$context.requestTime",
        "resourcePath": "$context.resourcePath",
        "responseLatency": "$context.responseLatency",
        "status": "$context.status",
        "wafResponseCode": "$context.wafResponseCode",
    }
    assert expected.items() <= fields.items()
    assert not {"$context.identity.apiKey", "$context.identity.userAgent"} & set(fields.values())


def test_b7_every_log_group_is_encrypted_and_kept_for_30_days(plan):
    groups = plan.of_type("aws_cloudwatch_log_group")
    assert {address.split(".")[-1] for address in groups} == {"access", "execution", "waf[0]", "welcome[0]"}
    assert {(g["kms_key_id"], g["retention_in_days"], g["skip_destroy"]) for g in groups.values()} == {(KEY, 30, False)}


def gateway_responses(plan):
    return keyed(plan, "aws_api_gateway_gateway_response")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("BAD_REQUEST_BODY", "400"),
        ("BAD_REQUEST_PARAMETERS", "400"),
        ("UNAUTHORIZED", "401"),
        ("INVALID_API_KEY", "403"),
        ("WAF_FILTERED", "403"),
        ("MISSING_AUTHENTICATION_TOKEN", "404"),
        ("QUOTA_EXCEEDED", "429"),
        ("THROTTLED", "429"),
        ("INTEGRATION_TIMEOUT", "504"),
        ("DEFAULT_4XX", None),
        ("DEFAULT_5XX", None),
    ],
)
def test_b6_what_no_function_answers_is_json_with_the_request_id(plan, kind, status):
    response = gateway_responses(plan)[kind]
    assert response["status_code"] == status
    # API Gateway puts the message in with its quotes.
    body = response["response_templates"]["application/json"].replace("$context.error.messageString", '"Forbidden"')
    assert set(json.loads(body)) == {"message", "requestId"}
    assert response["response_parameters"]["gatewayresponse.header.Cache-Control"] == "'no-store'"


def test_b6_who_is_throttled_is_told_when_to_come_back(plan):
    told = {kind for kind, r in gateway_responses(plan).items() if "Retry-After" in str(r["response_parameters"])}
    assert told == {"THROTTLED"}


def test_b9_the_accounts_role_is_for_api_gateway_and_writes_logs(plan):
    role = "module.apigw.aws_iam_role.account[0]"
    statement = plan.policy(role, "assume_role_policy")["AllowApiGateway"]
    assert statement["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert plan.resources[role]["name"] == "iam-role-api-logs-example"
    assert keyed(plan, "aws_iam_role_policy_attachment")["api-logs"]["policy_arn"] == (
        "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    )


def test_b12_b15_the_account_gets_its_setting_back(plan):
    [account] = plan.of_type("aws_api_gateway_account").values()
    assert account["reset_on_delete"] is True


def test_b15_a_second_deployment_leaves_the_account_alone(variants):
    owner, other = (
        {variants.types[address] for address in variants.resources if address.startswith(f"module.{module}.")}
        for module in ("apigw", "apigw_beside")
    )
    accounts = {"aws_api_gateway_account", "aws_iam_role", "aws_iam_role_policy_attachment"}
    assert accounts <= owner
    assert not accounts & other
    groups = variants.of_type("aws_cloudwatch_log_group", module="apigw_beside")
    assert {address.split(".")[-1] for address in groups} == {"access", "execution"}


def test_b10_without_the_switch_there_is_no_web_acl(variants):
    assert not [a for a in variants.resources if a.startswith("module.apigw_beside.aws_wafv2")]


def rules(plan, module="apigw"):
    [acl] = plan.of_type("aws_wafv2_web_acl", module=module).values()
    return {rule["name"]: rule for rule in acl["rule"]}


def test_b10_the_web_acl_asks_the_managed_rule_groups_each_at_its_own_place(plan):
    assert set(rules(plan)) == GROUPS | {"rate-limit-per-ip"}
    assert len({rule["priority"] for rule in rules(plan).values()}) == len(GROUPS) + 1
    assert len(plan.of_type("aws_wafv2_web_acl_association")) == 1


def counted(plan):
    found = {}
    for name in GROUPS:
        [group] = rules(plan)[name]["statement"][0]["managed_rule_group_statement"]
        assert len(rules(plan)[name]["override_action"][0]["none"]) == 1
        found |= {name: {o["name"] for o in group["rule_action_override"]}} if group["rule_action_override"] else {}
    return found


def test_b6_b10_large_batches_and_clients_in_a_cloud_are_counted_not_refused(plan, variants):
    assert counted(plan) == {
        "AWSManagedRulesAnonymousIpList": {"HostingProviderIPList"},
        "AWSManagedRulesCommonRuleSet": {"SizeRestrictions_BODY"},
    }
    assert counted(variants) == {"AWSManagedRulesSQLiRuleSet": {"SQLi_BODY"}}


def rate(plan):
    [rule] = rules(plan)["rate-limit-per-ip"]["statement"][0]["rate_based_statement"]
    return rule["limit"], rule["evaluation_window_sec"], rule["aggregate_key_type"]


def test_b6_an_address_may_send_what_one_key_may(plan, variants):
    assert rate(plan) == (1000 * 300, 300, "IP")
    assert rate(variants) == (500, 300, "IP")


def test_c8_neither_samples_nor_logs_of_the_web_acl_hold_the_key(plan):
    [acl] = plan.of_type("aws_wafv2_web_acl").values()
    seen = [acl, *acl["rule"]]
    assert {item["visibility_config"][0]["sampled_requests_enabled"] for item in seen} == {False}
    [logging] = plan.of_type("aws_wafv2_web_acl_logging_configuration").values()
    assert [field["single_header"][0]["name"] for field in logging["redacted_fields"]] == ["x-api-key"]


def test_b7_b12_the_web_acl_delivers_by_the_deployments_own_permission(plan):
    address = "module.apigw.aws_cloudwatch_log_resource_policy.waf[0]"
    statement = plan.policy(address, "policy_document")["AllowWebAclLogDelivery"]
    assert statement["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert statement["Resource"] == (
        "arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-api-example:log-stream:*"
    )
    assert statement["Condition"] == {
        "ArnLike": {"aws:SourceArn": "arn:aws:logs:us-east-1:123456789012:*"},
        "StringEquals": {"aws:SourceAccount": "123456789012"},
    }


def test_b11_every_name_ends_in_the_suffix(plan, variants):
    for planned, suffix in ((plan, "-example"), (variants, "-a2345678901234567-90")):
        tagged = [
            values["tags"]["Name"]
            for address, values in planned.resources.items()
            if address.startswith("module.apigw") and (values.get("tags") or {}).get("Name")
        ]
        named = [
            values.get("name") or values["policy_name"]
            for kind in (
                "aws_api_gateway_api_key",
                "aws_api_gateway_request_validator",
                "aws_api_gateway_rest_api",
                "aws_api_gateway_usage_plan",
                "aws_cloudwatch_log_resource_policy",
                "aws_iam_role",
                "aws_wafv2_web_acl",
            )
            for values in planned.of_type(kind, module="apigw").values()
        ]
        assert len(tagged) >= 10
        assert len(named) == 7
        assert [name for name in tagged + named if not name.endswith(suffix)] == []


def test_settings_reach_the_resources(variants):
    stage = variants.resources["module.apigw.aws_api_gateway_stage.this"]
    assert (stage["stage_name"], stage["xray_tracing_enabled"]) == ("beta", False)
    [settings] = variants.resources["module.apigw.aws_api_gateway_method_settings.this"]["settings"]
    assert settings["logging_level"] == "ERROR"
    usage = variants.resources["module.apigw.aws_api_gateway_usage_plan.this"]
    assert usage["throttle_settings"] == [{"burst_limit": 400, "rate_limit": 200}]
    assert [(q["limit"], q["period"]) for q in usage["quota_settings"]] == [(5000000, "MONTH")]
    assert keyed(variants, "aws_api_gateway_api_key")["risk-desk"]["enabled"] is False
    assert variants.resources["module.apigw.aws_cloudwatch_log_group.access"]["retention_in_days"] == 365
    role = variants.resources["module.apigw.aws_iam_role.account[0]"]
    assert role["permissions_boundary"] == "arn:aws:iam::210987654321:policy/iam-policy-boundary"
    assert set(keyed(variants, "aws_iam_role_policy_attachment")) == {"api-logs", "region-guardrail"}
