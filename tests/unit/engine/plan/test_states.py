"""The states of the units as the one state of the root module (C3, C8)."""

import copy
import json

import pytest

from orchestrator.engine.plan import merge_states

KMS_STATE = {
    "version": 4,
    "terraform_version": "1.11.4",
    "serial": 7,
    "lineage": "one",
    "outputs": {"key_arn": {"value": "arn:1", "type": "string"}},
    "resources": [
        {
            "mode": "managed",
            "type": "aws_kms_key",
            "name": "this",
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [{"index_key": "s3", "attributes": {"id": "k"}, "dependencies": ["data.aws_region.this"]}],
        },
        {
            "module": "module.alias[0]",
            "mode": "managed",
            "type": "aws_kms_alias",
            "name": "this",
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [
                {"attributes": {}, "dependencies": ["aws_kms_key.this", "module.alias.data.aws_region.this"]},
                {"index_key": 1, "attributes": {}},
            ],
        },
    ],
}


def test_c3_resources_move_under_the_modules_of_their_units():
    merged = merge_states({"data/aurora": {"version": 4, "resources": []}, "kms": KMS_STATE})
    assert [resource["module"] for resource in merged["resources"]] == ["module.kms", "module.kms.module.alias[0]"]
    first, second = merged["resources"]
    assert first["instances"][0]["dependencies"] == ["module.kms.data.aws_region.this"]
    assert second["instances"][0]["dependencies"] == [
        "module.kms.aws_kms_key.this",
        "module.kms.module.alias.data.aws_region.this",
    ]
    assert "dependencies" not in second["instances"][1]
    assert (merged["version"], merged["outputs"], merged["terraform_version"]) == (4, {}, "1.11.4")


def test_the_states_themselves_are_left_as_they_are():
    before = copy.deepcopy(KMS_STATE)
    merged = merge_states({"kms": KMS_STATE})
    merged["resources"][0]["instances"][0]["attributes"]["id"] = "other"
    assert before == KMS_STATE


def test_the_merged_state_is_of_the_newest_terraform_that_wrote_one():
    """1.9 is older than 1.11, whatever the order of their letters."""
    states = {name: {"terraform_version": version} for name, version in {"a": "1.9.8", "b": "1.11.4"}.items()}
    assert merge_states(states)["terraform_version"] == "1.11.4"
    assert merge_states({})["terraform_version"] == "1.11.0"


AWS = 'provider["registry.terraform.io/hashicorp/aws"]'


def providers_of(unit, merged):
    return [resource["provider"] for resource in merged["resources"] if resource["module"].startswith(f"module.{unit}")]


def test_c3_resources_of_an_aliased_unit_belong_to_its_provider_configuration():
    merged = merge_states({"kms": KMS_STATE, "vpc": KMS_STATE}, aliases={"vpc": "configuration2"})
    assert providers_of("kms", merged) == [AWS, AWS]
    assert providers_of("vpc", merged) == [f"{AWS}.configuration2"] * 2


@pytest.mark.parametrize(
    "provider",
    [
        # Terraform's own provider is configured by nobody.
        'provider["terraform.io/builtin/terraform"]',
        # A module that configures its provider itself goes on to.
        'module.inner.provider["registry.terraform.io/hashicorp/aws"]',
    ],
)
def test_c3_providers_that_nobody_is_handed_stay_as_they_are(provider):
    state = {"version": 4, "resources": [{"mode": "managed", "provider": provider, "instances": []}]}
    assert providers_of("kms", merge_states({"kms": state}, aliases={"kms": "configuration2"})) == [provider]


def outputs_of(state_outputs, *declared):
    state = {"version": 4, "outputs": state_outputs, "resources": []}
    return merge_states({"data/aurora": state}, outputs={"data/aurora": declared, "other": ["x"]})["outputs"]


# Left: what a module puts out; right: what Terraform 1.11's jsonencode({out = module.unit.out}) makes of it
# (tests/live/test_provider_configurations.py holds one against the other).
TEXTS = [
    ("plain", '{"out":"plain"}'),
    ("", '{"out":""}'),
    (True, '{"out":true}'),
    (3, '{"out":3}'),
    (1.5, '{"out":1.5}'),
    (1e21, '{"out":1000000000000000000000}'),
    (10000000000000001, '{"out":10000000000000001}'),
    (["b", "a"], '{"out":["b","a"]}'),
    ([], '{"out":[]}'),
    ({"b": 1, "a": None}, '{"out":{"a":null,"b":1}}'),
    ("<a & b>", '{"out":"\\u003ca \\u0026 b\\u003e"}'),
    ('quote " backslash \\ line\n tab\t', '{"out":"quote \\" backslash \\\\ line\\n tab\\t"}'),
    ("Zürich 日本 🚀", '{"out":"Zürich 日本 🚀"}'),
]


@pytest.mark.parametrize(("value", "text"), TEXTS)
def test_c3_outputs_are_the_text_that_terraform_makes_of_them(value, text):
    found = outputs_of({"out": {"value": value, "type": "dynamic"}}, "out")
    assert found == {"data__aurora": {"value": text, "type": "string", "sensitive": True}}


def test_c3_terraform_keeps_no_output_that_is_null():
    """It is compared all the same: an output that was null and is null has not changed."""
    assert outputs_of({"b": {"value": 1}}, "b", "a")["data__aurora"]["value"] == '{"a":null,"b":1}'


def test_c3_an_output_that_is_not_declared_any_more_makes_a_difference():
    found = json.loads(outputs_of({"old": {"value": 1}, "kept": {"value": 2}}, "kept")["data__aurora"]["value"])
    assert found == {"kept": 2, "old": 1}


def test_c3_without_a_state_there_is_no_output_to_compare_with():
    assert sorted(outputs_of({}, "a")) == ["data__aurora"]
    assert merge_states({"kms": KMS_STATE})["outputs"] == {}


def test_c8_outputs_of_the_merged_state_are_sensitive():
    found = outputs_of({"p": {"value": "hunter2", "sensitive": True}, "q": {"value": 1}}, "p", "q")
    assert found["data__aurora"]["sensitive"] is True
