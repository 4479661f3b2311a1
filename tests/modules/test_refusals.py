"""Every validation of every module refuses what it should, and says the rule (A6, C7).

refusals/<module>.yaml lists the inputs that a module refuses, and the rule that it must name. Every case takes the module's
`accepted` inputs, changes `inputs`, and must meet exactly one refusal, or 1 + `also` where one mistake breaks several rules.
Rules about one input stop `terraform validate` already; rules about several are checked by `terraform plan` only, which would
not get that far beside the others: `by_plan` keeps them apart.

Two runs of Terraform check all cases: each is a module call in a file of its own, and the file's name in a diagnostic tells
them apart.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.slow

MODULES = {
    path.stem: yaml.safe_load(path.read_text()) for path in sorted((Path(__file__).parent / "refusals").glob("*.yaml"))
}

SUFFIX_RULE = "suffix must be 1 to 20 lower-case letters, digits and inner hyphens"
BAD_SUFFIXES = {
    "empty": "",
    "capitals": "PR42",
    "begins_with_a_digit": "42pr",
    "begins_with_a_hyphen": "-pr42",
    "ends_in_a_hyphen": "pr42-",
    "underscore": "pr_42",
    "21_characters": "a23456789012345678901",
    "line_break": "pr42\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Inputs that a module refuses.

    Attributes:
        rule: what the message must say.
        count: how many rules refuse it; more than one where a rule cannot be met because another is broken.
        by_plan: whether the rule compares several inputs.

    """

    name: str
    module: str
    inputs: dict[str, Any]
    rule: str
    count: int = 1
    by_plan: bool = False


def cases():
    for module, table in MODULES.items():
        accepted = table["accepted"]
        for name, case in table["refused"].items():
            yield Case(
                name=f"{module}_{name}",
                module=module,
                inputs=accepted | case["inputs"],
                rule=case["rule"],
                count=1 + case.get("also", 0),
                by_plan=case.get("by_plan", False),
            )
        for name, suffix in BAD_SUFFIXES.items():
            inputs = accepted | {"suffix": suffix}
            yield Case(name=f"{module}_suffix_{name}", module=module, inputs=inputs, rule=SUFFIX_RULE)


CASES = list(cases())


@pytest.fixture(scope="module")
def refusals(workspace, run_terraform):
    """What Terraform refuses, by case: the details of its errors."""
    found: dict[str, list[str]] = {}
    for folder, by_plan in (("refused-by-validate", False), ("refused-by-plan", True)):
        root = write_root(workspace / folder, [case for case in CASES if case.by_plan == by_plan])
        run_terraform("init", "-input=false", "-no-color", cwd=root)
        if by_plan:
            lines = run_terraform("plan", "-input=false", "-json", cwd=root).splitlines()
            diagnostics = [message["diagnostic"] for message in map(json.loads, lines) if "diagnostic" in message]
        else:
            diagnostics = json.loads(run_terraform("validate", "-json", cwd=root))["diagnostics"]
        for diagnostic in diagnostics:
            if diagnostic["severity"] == "error":
                case = diagnostic["range"]["filename"].removesuffix(".tf.json")
                found.setdefault(case, []).append(diagnostic["detail"])
    return found


def write_root(root, chosen):
    """A root module that calls each case's module in a file of the case's name."""
    root.mkdir()
    provider = {
        "region": "us-east-1",
        "access_key": "offline",
        "secret_key": "offline",
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "skip_requesting_account_id": True,
    }
    (root / "provider.tf.json").write_text(json.dumps({"provider": {"aws": provider}}))
    for case in chosen:
        call = {"source": f"../modules/{case.module}", **case.inputs}
        (root / f"{case.name}.tf.json").write_text(json.dumps({"module": {case.name: call}}))
    return root


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_c7_a_bad_input_is_refused_and_the_rule_named(refusals, case):
    messages = refusals.get(case.name, [])
    assert len(messages) == case.count, messages
    assert any(case.rule in message for message in messages), messages


def test_nothing_else_was_refused(refusals):
    assert set(refusals) == {case.name for case in CASES}
