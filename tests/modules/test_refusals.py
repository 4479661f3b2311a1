"""Every validation of every module refuses what it should, and names the rule (A6, C7).

refusals/<module>.yaml lists the inputs that a module refuses, and the rule that it must name. Every case takes the module's
`accepted` inputs, changes `inputs`, and must meet exactly one refusal, or 1 + `also` where one mistake breaks several rules.
Rules about one input stop `terraform validate` already; rules about several are checked by `terraform plan` only, which would
not get that far beside the others: `by_plan` keeps them apart.

Two runs of Terraform check all cases: each is a module call in a file of its own, and the file's name in a diagnostic tells
them apart. `terraform validate` sees copies of the modules without what they create, which takes a tenth of the time: it
judges inputs alone.
"""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.plans import OFFLINE

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
    for module in MODULES:
        write_inputs(workspace / "modules" / module, workspace / "inputs" / module)
    found: dict[str, list[str]] = {}
    for modules, command in (("inputs", "validate"), ("modules", "plan")):
        chosen = [case for case in CASES if case.by_plan == (command == "plan")]
        root = write_root(workspace / f"refused-by-{command}", modules, chosen)
        run_terraform("init", "-input=false", "-no-color", cwd=root)
        output = run_terraform(command, "-json", cwd=root)
        if command == "plan":
            diagnostics = [
                message["diagnostic"] for message in map(json.loads, output.splitlines()) if "diagnostic" in message
            ]
        else:
            diagnostics = json.loads(output)["diagnostics"]
        for diagnostic in diagnostics:
            if diagnostic["severity"] == "error":
                case = diagnostic["range"]["filename"].removesuffix(".tf.json")
                found.setdefault(case, []).append(diagnostic["detail"])
    return found


def write_inputs(module, folder):
    """Copy a module's variables and the locals that their rules refer to; terraform fmt has indented those by two."""
    shutil.copytree(module, folder, ignore=shutil.ignore_patterns("*.tf", "examples"))
    variables = (module / "variables.tf").read_text()
    source = "".join(file.read_text() for file in module.glob("*.tf"))
    needed = "|".join(re.findall(r"\blocal\.(\w+)", variables)) or "-"
    found = re.finditer(rf"^  (?:{needed}) += .*\n(?:    .*\n)*(?:  [\])}}].*\n)?", source, re.MULTILINE)
    (folder / "variables.tf").write_text(f"{variables}\nlocals {{\n{''.join(match[0] for match in found)}}}\n")


def write_root(root, modules, chosen):
    """Write a root module that calls each case's module in a file of the case's name."""
    root.mkdir()
    (root / "provider.tf.json").write_text(json.dumps({"provider": {"aws": OFFLINE}} if modules == "modules" else {}))
    for case in chosen:
        call = {"source": f"../{modules}/{case.module}", **case.inputs}
        (root / f"{case.name}.tf.json").write_text(json.dumps({"module": {case.name: call}}))
    return root


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_c7_a_bad_input_is_refused_and_the_rule_named(refusals, case):
    messages = refusals.get(case.name, [])
    assert len(messages) == case.count, messages
    assert any(case.rule in message for message in messages), messages


def test_nothing_else_was_refused(refusals):
    assert set(refusals) == {case.name for case in CASES}
