"""What every module would create: real plans compared with inventories/<module>.yaml (A6, B1-B15).

An inventory has up to four sections. `counts`, `outputs` and `values` are about the plan of the module's example, `settings` are
values in the plan with other settings than the defaults (roots/variants). `rules` have a name each, with the requirement, and one
or more checks (tests/plans.py); `plan: variants` and `module` choose other resources than those of the example.

inventories/every.yaml holds rules for the examples of all modules.
"""

import json
from pathlib import Path

import pytest
import yaml

from tests.plans import MODULES, Plan, assert_inventory, broken, mismatches, rules_of

pytestmark = pytest.mark.slow

INVENTORIES = Path(__file__).parent / "inventories"
LOADED = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(INVENTORIES.glob("*.yaml"))}
RULES = [
    pytest.param(module, checks, id=f"{module}-{name}")
    for module, inventory in LOADED.items()
    for name, checks in rules_of(inventory)
]


def test_every_module_has_an_inventory():
    assert sorted(LOADED) == sorted([*MODULES, "every"])


@pytest.mark.parametrize("module", MODULES)
def test_a6_the_example_is_that_of_the_inventory(example, module):
    assert_inventory(example(module), INVENTORIES / f"{module}.yaml")


@pytest.mark.parametrize("module", [module for module in MODULES if "settings" in LOADED[module]])
def test_a6_settings_reach_the_resources(variants, module):
    assert list(mismatches(LOADED[module]["settings"], variants.resources, f"{module}.yaml: ")) == []


@pytest.mark.parametrize(("module", "checks"), RULES)
def test_the_rules_of_the_inventory_hold(request, module, checks):
    for check in checks:
        plan = request.getfixturevalue("variants" if check.get("plan") == "variants" else "examples")
        if module == "every":
            assert list(broken(plan, check)) == []
        else:
            one = plan if plan.name == "variants" else plan.child(module)
            assert list(broken(one, {"module": module, **check})) == []


RESOURCES = {
    "module.m.a.x": {
        "size": 1,
        "policy": json.dumps({"Statement": [{"Sid": "S", "Effect": "Allow", "Action": ["b", "a"]}]}),
    }
}
SMALL = Plan(name="small", resources=RESOURCES, types={"module.m.a.x": "a"}, outputs={}, document={})


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ({"type": "a", "count": 2}, "1 resources, 2 expected: ['module.m.a.x']"),
        ({"type": "a", "keys": ["k"]}, 'keys are none, expected "k"'),
        ({"type": "a", "distinct": {"size": [1, 2]}}, "size are 1, expected 1, 2"),
        ({"at": "a.x", "has": {"size": 2}}, "a.x: size: expected 2, planned 1"),
        ({"at": "a.x", "policy": "policy", "sids": []}, 'a.x: statements are "S", expected none'),
        ({"at": "a.x", "policy": "policy", "allows": []}, 'a.x: statements that allow are "S", expected none'),
        (
            {"at": "a.x", "policy": "policy", "has": {"S": {"Action": ["a"]}}},
            "a.x: S: Action is ['b', 'a'], expected ['a']",
        ),
        ({"at": "a.x", "policy": "policy", "sids": ["S"], "has": {"S": {"Action": ["a", "b"]}}}, None),
    ],
)
def test_a_check_that_does_not_hold_says_what_it_found(check, message):
    assert list(broken(SMALL, {"module": "m", **check})) == ([message] if message else [])
