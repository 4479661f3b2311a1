"""Real plans by the real provider, with readable inventories to compare them with."""

import json
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import tftest
import yaml

REPOSITORY = Path(__file__).parent.parent
MODULES = sorted(path.parent.name for path in (REPOSITORY / "modules").glob("*/variables.tf"))
DUMP = "PLAN_SUMMARY_DIR"
OFFLINE = {
    "region": "us-east-1",
    "access_key": "offline",
    "secret_key": "offline",
    "skip_credentials_validation": True,
    "skip_metadata_api_check": True,
    "skip_requesting_account_id": True,
}
_OUTPUT = re.compile(r'^output "(\w+)"', re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a root module would create.

    Attributes:
        resources: the planned values of every managed resource by address, child modules included.
        types: the type of each resource by address.
        outputs: the root's outputs that are known before the apply.
        document: the whole plan, as ``terraform show -json`` writes it.

    """

    name: str
    resources: Mapping[str, Mapping[str, Any]]
    types: Mapping[str, str]
    outputs: Mapping[str, Any]
    document: Mapping[str, Any]

    def of_type(self, kind: str, *, module: str = "") -> dict[str, Mapping[str, Any]]:
        """Return the resources of a type by address, below the module call of that name if one is given."""
        prefix = f"module.{module}." if module else ""
        return {a: v for a, v in self.resources.items() if self.types[a] == kind and a.startswith(prefix)}

    def keyed(self, kind: str, *, module: str = "", name: str = "") -> dict[str, Mapping[str, Any]]:
        """Return the resources of a type by their key in for_each; of one name if one is given."""
        found = self.of_type(kind, module=module)
        return {a.split('"')[1]: v for a, v in found.items() if '"' in a and (not name or f".{name}[" in a)}

    def policy(self, address: str, attribute: str = "policy") -> dict[str, Mapping[str, Any]]:
        """Return the statements of a resource's policy document by Sid."""
        statements = json.loads(self.resources[address][attribute])["Statement"]
        return {statement["Sid"]: statement for statement in statements}

    def child(self, name: str) -> "Plan":
        """Return the plan of a child module of the root as if it had been the root."""
        prefix = f"module.{name}."
        return Plan(
            name=name,
            resources={a.removeprefix(prefix): v for a, v in self.resources.items() if a.startswith(prefix)},
            types={a.removeprefix(prefix): t for a, t in self.types.items() if a.startswith(prefix)},
            outputs={o.removeprefix(f"{name}-"): v for o, v in self.outputs.items() if o.startswith(f"{name}-")},
            document={},
        )

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The plan in the form of an inventory."""
        counts = Counter(self.types.values())
        return {
            "counts": {"resources": counts.total(), **dict(sorted(counts.items()))},
            "outputs": dict(self.outputs),
            "values": {address: dict(values) for address, values in self.resources.items()},
        }

    def dump(self) -> "Plan":
        """Write the whole plan as an inventory where the environment asks for it."""
        if os.environ.get(DUMP):
            folder = Path(os.environ[DUMP])
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{self.name}.yaml").write_text(yaml.safe_dump(self.summary, width=120))
        return self


def make_plan(folder: Path, binary: str, environment: Mapping[str, str]) -> Any:
    """Plan the root module in a folder with tftest; returns what ``terraform show -json`` writes."""
    test = tftest.TerraformTest(str(folder), binary=binary)
    test.env = dict(environment)
    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        # tftest never deletes the plans that it writes to the temporary folder.
        patch.setattr(tempfile, "tempdir", scratch)
        test.setup(cleanup_on_exit=False)
        # tftest keeps what it has parsed to itself.
        return test.plan(output=True)._raw


def read_plan(name: str, document: Any) -> Plan:
    """Index the document of a plan."""
    resources: dict[str, Mapping[str, Any]] = {}
    types: dict[str, str] = {}

    def walk(module: Mapping[str, Any]) -> None:
        for resource in module.get("resources", []):
            if resource["mode"] == "managed":
                resources[resource["address"]] = resource.get("values", {})
                types[resource["address"]] = resource["type"]
        for child in module.get("child_modules", []):
            walk(child)

    planned = document["planned_values"]
    walk(planned["root_module"])
    outputs = {name: output.get("value") for name, output in planned.get("outputs", {}).items()}
    return Plan(name=name, resources=resources, types=types, outputs=outputs, document=document)


def write_workspace(folder: Path) -> Path:
    """Lay out a folder as the repository, with copies of the modules, what they read, and the roots of these tests."""
    leftovers = shutil.ignore_patterns(".terraform", ".terraform.lock.hcl", "*.tfstate*")
    for name in ("docs/deployer", "modules", "tests/modules/roots"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=leftovers)
    return folder


def write_examples(folder: Path) -> Path:
    """Write a root module that calls the examples of all modules, so that one plan holds them all, with a provider that asks AWS nothing."""
    calls = {name: {"source": f"../modules/{name}/examples/basic"} for name in MODULES}
    outputs = {
        f"{name}-{output}": {"value": f"${{module.{name}.{output}}}", "sensitive": True}
        for name in MODULES
        for output in _OUTPUT.findall((REPOSITORY / "modules" / name / "examples/basic/outputs.tf").read_text())
    }
    folder.mkdir()
    document = {"provider": {"aws": OFFLINE}, "module": calls, "output": outputs}
    (folder / "main.tf.json").write_text(json.dumps(document))
    return folder


def read_inventories(*paths: Path) -> dict[str, Any]:
    """Read an inventory, which may be divided into several files."""
    merged: dict[str, Any] = {}
    for path in paths:
        _merge(merged, yaml.safe_load(path.read_text()))
    return merged


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and key in into:
            _merge(into[key], value)
        else:
            into[key] = value


def assert_inventory(plan: Plan, *paths: Path) -> None:
    """Compare a plan with an inventory, of which it must hold everything."""
    inventory = read_inventories(*paths)
    assert set(inventory) <= {"counts", "outputs", "rules", "settings", "values"}, (
        f"unknown section in {paths[-1].name}"
    )
    expected = {section: inventory.get(section, {}) for section in plan.summary}
    differences = list(mismatches(expected, plan.summary, f"{paths[-1].name}: "))
    if differences:
        folder = paths[-1].parents[1].relative_to(REPOSITORY)
        hint = f"The whole plan in the same form: {DUMP}=FOLDER pytest {folder} -k inventory, then copy what is meant."
        pytest.fail("\n".join([*differences, hint]), pytrace=False)


CHECK = {"allows", "at", "count", "distinct", "has", "keys", "module", "plan", "policy", "sids", "type"}


def rules_of(inventory: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the rules of an inventory: their names and their checks."""
    for name, rule in inventory.get("rules", {}).items():
        checks = rule if isinstance(rule, list) else [rule]
        assert all(set(check) <= CHECK for check in checks), f"unknown word in rule {name}"
        yield name, checks


def broken(plan: Plan, check: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the plan does not hold of a check.

    - `at` (an address or several) or `type` (with or without a name) chooses resources, below `module` if that is given;
    - `count` and `keys` (those of for_each) say how many there are and which;
    - `has` says what each of them has at least; `distinct` which values of an attribute there are in all of them;
    - with `policy`, the attribute that holds a policy document, `has` is about statements by Sid, `sids` names them all, and
      `allows` those that allow something.
    """
    prefix = f"module.{check['module']}." if check.get("module") else ""
    if "at" in check:
        addresses = check["at"] if isinstance(check["at"], list) else [check["at"]]
        chosen = {address: plan.resources[f"{prefix}{address}"] for address in addresses}
    else:
        kind, _, name = check["type"].partition(".")
        found = plan.of_type(kind, module=check.get("module", ""))
        chosen = {address: values for address, values in found.items() if f".{kind}.{name}" in f".{address}"}
        assert chosen or check.get("count") == 0, f"there is no {check['type']}"
    if len(chosen) != check.get("count", len(chosen)):
        yield f"{len(chosen)} resources, {check['count']} expected: {sorted(chosen)}"
    if "keys" in check:
        yield from _different("keys", check["keys"], [a.split('"')[1] for a in chosen if '"' in a])
    for attribute, values in check.get("distinct", {}).items():
        yield from _different(attribute, values, [values.get(attribute) for values in chosen.values()])
    for address, values in chosen.items():
        if "policy" in check:
            yield from (f"{address}: {line}" for line in _broken_policy(json.loads(values[check["policy"]]), check))
        else:
            yield from mismatches(check.get("has", {}), values, f"{address}: ")


def _different(name: str, expected: Iterable[Any], found: Iterable[Any]) -> Iterator[str]:
    wanted, seen = ({json.dumps(value) for value in values} for values in (expected, found))
    if wanted != seen:
        yield f"{name} are {', '.join(sorted(seen)) or 'none'}, expected {', '.join(sorted(wanted)) or 'none'}"


def _broken_policy(document: Any, check: Mapping[str, Any]) -> Iterator[str]:
    statements = {statement["Sid"]: statement for statement in document["Statement"]}
    if "sids" in check:
        yield from _different("statements", check["sids"], statements)
    if "allows" in check:
        allowed = [sid for sid, statement in statements.items() if statement["Effect"] == "Allow"]
        yield from _different("statements that allow", check["allows"], allowed)
    for sid, expected in check.get("has", {}).items():
        for key, value in expected.items():
            if _normal(value) != _normal(statements[sid].get(key)):
                yield f"{sid}: {key} is {statements[sid].get(key)}, expected {value}"


def _normal(value: Any) -> Any:
    """Sort lists, which are sets in a policy."""
    if isinstance(value, dict):
        return {key: _normal(part) for key, part in value.items()}
    return sorted(map(str, value)) if isinstance(value, list) else value


def mismatches(expected: Any, actual: Any, place: str) -> Iterator[str]:
    """Yield one line for each place where ``actual`` lacks something of ``expected``; lists are compared in any order."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            if key in actual:
                yield from mismatches(value, actual[key], f"{place}{key} > ")
            elif place.endswith("counts > "):
                # A type without resources matches a count of 0.
                yield from mismatches(value, 0, f"{place}{key} > ")
            elif value is not None:
                yield f"{place}{key}: not in the plan"
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            yield f"{place}{len(expected)} elements expected, {len(actual)} planned: {actual}"
        for element in expected:
            if not any(not list(mismatches(element, candidate, "")) for candidate in actual):
                yield f"{place}no planned element has {element}; planned are {actual}"
    elif expected != actual:
        yield f"{place.removesuffix(' > ')}: expected {expected!r}, planned {actual!r}"
