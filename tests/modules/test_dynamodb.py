"""modules/dynamodb: tables (B3), names (B11), destroyable (B12)."""

import pytest

pytestmark = pytest.mark.slow

TABLES = ["api-keys", "user-sessions"]


@pytest.fixture(scope="module")
def plan(example):
    return example("dynamodb")


def table(plan, name):
    return plan.resources[f'module.dynamodb.aws_dynamodb_table.this["{name}"]']


def test_inventory(plan, assert_inventory):
    assert_inventory(plan, "dynamodb")


@pytest.mark.parametrize("name", TABLES)
def test_b3_tables_bill_on_demand(plan, name):
    assert table(plan, name)["billing_mode"] == "PAY_PER_REQUEST"
    assert not table(plan, name).get("read_capacity")


@pytest.mark.parametrize("name", TABLES)
def test_b3_tables_recover_to_a_point_in_time(plan, name):
    assert table(plan, name)["point_in_time_recovery"][0]["enabled"] is True


@pytest.mark.parametrize("name", TABLES)
def test_b3_tables_are_encrypted_with_the_customer_managed_key(plan, name):
    assert table(plan, name)["server_side_encryption"] == [
        {
            "enabled": True,
            "kms_key_arn": "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555",
        }
    ]


@pytest.mark.parametrize("name", TABLES)
def test_b11_b12_tables_end_in_the_suffix_and_can_be_deleted(plan, name):
    assert table(plan, name)["name"] == f"{name}-example"
    assert table(plan, name)["deletion_protection_enabled"] is False


def test_b3_sessions_expire_and_keys_do_not(plan):
    assert [(ttl["attribute_name"], ttl["enabled"]) for ttl in table(plan, "user-sessions")["ttl"]] == [
        ("expires_at", True)
    ]
    assert not table(plan, "api-keys").get("ttl")


def test_settings_reach_the_table(variants):
    [trades] = variants.of_type("aws_dynamodb_table", module="dynamodb").values()
    assert trades["table_class"] == "STANDARD_INFREQUENT_ACCESS"
    assert trades["range_key"] == "traded_at"
    [index] = trades["global_secondary_index"]
    assert (index["projection_type"], index["non_key_attributes"]) == ("INCLUDE", ["price"])
