"""The states of the units as the one state of the root module (C3, C8)."""

import copy
from decimal import Decimal

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
    ("provider", "expected"),
    [
        # Terraform's own provider is configured by nobody.
        ('provider["terraform.io/builtin/terraform"]', 'provider["terraform.io/builtin/terraform"]'),
        # A module that configures its provider itself lies under the unit's module now.
        (f"module.inner.{AWS}", f"module.kms.module.inner.{AWS}"),
    ],
)
def test_c3_providers_that_nobody_is_handed(provider, expected):
    state = {"version": 4, "resources": [{"mode": "managed", "provider": provider, "instances": []}]}
    assert providers_of("kms", merge_states({"kms": state}, aliases={"kms": "configuration2"})) == [expected]


def test_c9_a_unit_that_configures_its_providers_itself_keeps_them():
    merged = merge_states({"kms": KMS_STATE, "vpc": KMS_STATE}, keeping={"vpc"})
    assert providers_of("kms", merged) == [AWS, AWS]
    assert providers_of("vpc", merged) == [f"module.vpc.{AWS}"] * 2


def test_c3_outputs_stay_as_they_are_under_their_names_in_the_root_module():
    found = {"out": {"value": Decimal("0.10"), "type": "number", "sensitive": True}, "old": {"value": 1}}
    states = {"data/aurora": {"version": 4, "outputs": found, "resources": []}}
    names = {
        "a": ("data/aurora", "out"),
        "b": ("data/aurora", "old"),
        "c": ("data/aurora", "new"),
        "d": ("other", "out"),
    }
    assert merge_states(states, outputs=names)["outputs"] == {"a": found["out"], "b": found["old"]}
    assert merge_states(states)["outputs"] == {}
