"""modules/apigw: answers of the gateway (B6), its access log (B7), permissions (B9) and the web ACL (B10)."""

import json
import re

import pytest

pytestmark = pytest.mark.slow

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


def test_b7_the_access_log_has_client_request_time_and_result_but_never_the_key(plan):
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


def test_b6_what_no_function_answers_is_json_with_the_request_id(plan):
    responses = plan.keyed("aws_api_gateway_gateway_response")
    for kind, response in responses.items():
        # API Gateway puts the message in with its quotes.
        body = response["response_templates"]["application/json"].replace("$context.error.messageString", '"Forbidden"')
        assert set(json.loads(body)) == {"message", "requestId"}, kind


def test_b6_only_throttled_clients_get_retry_after(plan):
    responses = plan.keyed("aws_api_gateway_gateway_response")
    header = "gatewayresponse.header.Retry-After"
    assert [kind for kind, r in responses.items() if header in r["response_parameters"]] == ["THROTTLED"]


def test_b9_the_statements_of_a_functions_permissions_have_ids_of_their_own_that_lambda_takes(plan, variants):
    permissions = [
        *plan.of_type("aws_lambda_permission").values(),
        *variants.keyed("aws_lambda_permission", module="apigw").values(),
    ]
    ids = [permission["statement_id"] for permission in permissions]
    assert len(set(ids)) == len(ids) == 8
    assert [i for i in ids if not re.fullmatch(r"[a-zA-Z0-9_-]{1,100}", i)] == []


def rules(plan, module="apigw"):
    [acl] = plan.of_type("aws_wafv2_web_acl", module=module).values()
    return {rule["name"]: rule for rule in acl["rule"]}


def test_b10_the_web_acl_has_the_managed_rule_groups_with_distinct_priorities(plan):
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


def test_d7_with_several_origins_the_gateways_own_answers_name_none(variants):
    found = variants.keyed("aws_api_gateway_gateway_response", module="apigw")
    assert {r["response_parameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] for r in found.values()} == {
        "'*'"
    }
    [preflight] = variants.keyed("aws_api_gateway_integration_response", module="apigw").values()
    assert preflight["response_parameters"]["method.response.header.Access-Control-Allow-Methods"] == "'PUT'"
    assert preflight["response_parameters"]["method.response.header.Access-Control-Allow-Origin"] == "'*'"


def test_d7_without_origins_no_answer_of_the_gateway_is_for_web_pages(variants):
    responses = variants.keyed("aws_api_gateway_gateway_response", module="apigw_beside")
    assert [kind for kind, r in responses.items() if "Access-Control" in str(r["response_parameters"])] == []
    methods = variants.keyed("aws_api_gateway_method", module="apigw_beside").values()
    assert "OPTIONS" not in {method["http_method"] for method in methods}
