"""What every module would create: real plans compared with inventories/<module>.yaml (A6, B1-B15).

An inventory has up to four sections. `counts`, `outputs` and `values` are about the plan of the module's example, `settings` are
values in the plan with other settings than the defaults (roots/variants). `rules` have a name each, with the requirement, and one
or more checks:

- `at` (an address or several, without the module) or `type` chooses resources; `plan: variants` and `module` choose others;
- `count` and `keys` (those of for_each) say how many there are and which;
- `has` says what each of them has at least; `distinct` which values of an attribute there are in all of them;
- with `policy`, the attribute that holds a policy document, `has` is about statements by Sid, `sids` names them all, and
  `allows` those that allow something.

inventories/every.yaml holds rules for the examples of all modules.
"""

import json
from pathlib import Path

import pytest
import yaml

from tests.plans import MODULES, Plan, assert_inventory, mismatches

pytestmark = pytest.mark.slow

INVENTORIES = Path(__file__).parent / "inventories"
LOADED = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(INVENTORIES.glob("*.yaml"))}
RULES = [
    pytest.param(module, rule if isinstance(rule, list) else [rule], id=f"{module}-{name}")
    for module, inventory in LOADED.items()
    for name, rule in inventory.get("rules", {}).items()
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
        assert set(check) <= {
            "allows",
            "at",
            "count",
            "distinct",
            "has",
            "keys",
            "module",
            "plan",
            "policy",
            "sids",
            "type",
        }
        plans = "variants" if check.get("plan") == "variants" else "examples" if module == "every" else "example"
        found = request.getfixturevalue(plans)
        plan = found(module) if plans == "example" else found
        assert list(broken(plan, "" if module == "every" else check.get("module", module), check)) == []


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
        ({"type": "a", "keys": ["k"]}, "keys are [], expected ['k']"),
        ({"type": "a", "distinct": {"size": [1, 2]}}, "size are ['1'], expected [1, 2]"),
        ({"at": "a.x", "has": {"size": 2}}, "a.x: size: expected 2, planned 1"),
        ({"at": "a.x", "policy": "policy", "sids": []}, "a.x: statements are ['S'], expected []"),
        ({"at": "a.x", "policy": "policy", "allows": []}, "a.x: statements that allow are ['S'], expected []"),
        (
            {"at": "a.x", "policy": "policy", "has": {"S": {"Action": ["a"]}}},
            "a.x: S: Action is ['b', 'a'], expected ['a']",
        ),
        ({"at": "a.x", "policy": "policy", "sids": ["S"], "has": {"S": {"Action": ["a", "b"]}}}, None),
    ],
)
def test_a_check_that_does_not_hold_says_what_it_found(check, message):
    assert list(broken(SMALL, "m", check)) == ([message] if message else [])


def broken(plan, module, check):
    """Yield what the plan does not hold of a check."""
    if "at" in check:
        addresses = check["at"] if isinstance(check["at"], list) else [check["at"]]
        chosen = {address: plan.resources[f"module.{module}.{address}"] for address in addresses}
    else:
        chosen = plan.of_type(check["type"], module=module)
        assert chosen or check.get("count") == 0, f"there is no {check['type']}"
    if len(chosen) != check.get("count", len(chosen)):
        yield f"{len(chosen)} resources, {check['count']} expected: {sorted(chosen)}"
    if "keys" in check:
        yield from different("keys", check["keys"], {a.split('"')[1] for a in chosen if '"' in a})
    for attribute, values in check.get("distinct", {}).items():
        yield from different(
            attribute, values, {json.dumps(v.get(attribute)) for v in chosen.values()}, encode=json.dumps
        )
    for address, values in chosen.items():
        if "policy" in check:
            yield from (f"{address}: {line}" for line in broken_policy(json.loads(values[check["policy"]]), check))
        else:
            yield from mismatches(check.get("has", {}), values, f"{address}: ")


def different(name, expected, found, encode=str):
    if {encode(value) for value in expected} != found:
        yield f"{name} are {sorted(found)}, expected {expected}"


def broken_policy(document, check):
    statements = {statement["Sid"]: statement for statement in document["Statement"]}
    if "sids" in check:
        yield from different("statements", check["sids"], set(statements))
    if "allows" in check:
        allowed = {sid for sid, statement in statements.items() if statement["Effect"] == "Allow"}
        yield from different("statements that allow", check["allows"], allowed)
    for sid, expected in check.get("has", {}).items():
        for key, value in expected.items():
            if normal(value) != normal(statements[sid].get(key)):
                yield f"{sid}: {key} is {statements[sid].get(key)}, expected {value}"


def normal(value):
    """Sort lists, which mean sets in a policy."""
    if isinstance(value, dict):
        return {key: normal(part) for key, part in value.items()}
    return sorted(map(str, value)) if isinstance(value, list) else value
