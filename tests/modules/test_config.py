"""modules/config: the rules of AWS Config as they are deployed, and what they ask for (B10, B11)."""

import json

import pytest

from tests.modules.test_compliance import FACTS, RULES

pytestmark = pytest.mark.slow


def by_identifier(plan):
    found = plan.of_type("aws_config_config_rule", module="config").values()
    return {rule["source"][0]["source_identifier"]: rule for rule in found}


@pytest.fixture(scope="module")
def rules(example):
    return by_identifier(example("config"))


@pytest.fixture(scope="module")
def varied(variants):
    return by_identifier(variants)


def parameters(rule):
    return json.loads(rule["input_parameters"] or "{}")


def test_b11_rules_are_named_after_what_they_check_and_the_suffix(rules, varied):
    assert rules["INCOMING_SSH_DISABLED"]["name"] == "restricted-ssh-example"
    names = {rule["name"].removesuffix("-a2345678901234567-90") for rule in varied.values()}
    assert names <= {rule["name"].removesuffix("-example") for rule in rules.values()}


def test_b10_rules_are_within_the_limits_of_the_service(rules, varied):
    for rule in [*rules.values(), *varied.values()]:
        assert len(rule["description"]) <= 256
        assert len(rule["input_parameters"] or "") <= 1024
        assert max(len(value) for value in rule["tags"].values()) <= 256
        assert all(isinstance(value, str) and value.strip() for value in parameters(rule).values())


def test_b10_b15_beside_the_owner_a_rule_that_takes_no_scope_or_asks_about_the_account_is_left_out(rules, varied):
    without_scope = {name for name, facts in FACTS.items() if facts["periodic"] or RULES[name]["status"] == "account"}
    assert set(rules) - set(varied) == without_scope | {"API_GW_SSL_ENABLED"}
    assert set(varied) < set(rules)
