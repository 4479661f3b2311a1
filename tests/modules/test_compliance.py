"""The PCI DSS rules (B10): each applicable rule is deployed and documented, with valid parameters.

modules/config/rules.yaml is checked against the facts in pci_rules_that_apply.yaml, and docs/compliance.md against rules.yaml. After a
change of rules.yaml ``WRITE_COMPLIANCE_TABLE=1 pytest tests/modules/test_compliance.py -k table`` writes the table of the docs anew.
"""

import json
import os
import re
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
DOCS = REPOSITORY / "docs" / "compliance.md"
FACTS = yaml.safe_load((HERE / "pci_rules_that_apply.yaml").read_text())
RULES = yaml.safe_load((REPOSITORY / "modules" / "config" / "rules.yaml").read_text())

BEGIN = "<!-- BEGIN RULES: written by tests/modules/test_compliance.py, do not edit -->"
END = "<!-- END RULES -->"
STATUS = {"met": "met", "switch": "a setting", "account": "the account's", "deviates": "**deviates**"}
REQUIREMENT_3_2_1 = re.compile(r"([1-9]|1[0-2])(\.\d+){1,3}")
REQUIREMENT_4_0 = re.compile(r"([1-9]|1[0-2]|A[13])(\.\d+){1,3}")

every_rule = pytest.mark.parametrize("identifier", sorted(FACTS))


@pytest.fixture(scope="module")
def planned(example):
    """The planned rules of the module's example, by identifier."""
    found = example("config").of_type("aws_config_config_rule")
    return {rule["source"][0]["source_identifier"]: rule for rule in found.values()}


@pytest.fixture(scope="module")
def disabled(example):
    """The rules that the module leaves out by default, with the reason."""
    return example("config").outputs["disabled_rules"]


def test_b10_every_rule_that_applies_is_in_rules_yaml_and_nothing_else():
    assert len(FACTS) == 92
    assert set(RULES) == set(FACTS)


@pytest.mark.slow
def test_b10_every_rule_that_applies_is_deployed_or_left_out_with_a_reason(planned, disabled):
    assert set(planned) == set(FACTS) - set(disabled)
    assert [identifier for identifier, reason in disabled.items() if len(reason) < 10] == []


@every_rule
def test_b10_a_rule_has_the_name_the_trigger_and_the_parameters_that_aws_documents(identifier):
    rule, facts = RULES[identifier], FACTS[identifier]
    assert rule["name"] == facts["rule_name"]
    assert ("frequency" in rule) == facts["periodic"]
    assert rule.get("accepts", []) == facts["parameters"]


@every_rule
def test_b10_a_rule_is_mapped_to_a_requirement(identifier):
    rule, facts = RULES[identifier], FACTS[identifier]
    if facts["pci_3_2_1"] or facts["pci_4_0"]:
        assert (rule["pci_3_2_1"], rule["pci_4_0"]) == (facts["pci_3_2_1"], facts["pci_4_0"])
        assert "mapped_by" not in rule
    else:
        assert rule["pci_4_0"]
        assert rule["mapped_by"] == "platform"
    assert all(REQUIREMENT_3_2_1.fullmatch(number) for number in rule["pci_3_2_1"])
    assert all(REQUIREMENT_4_0.fullmatch(number) for number in rule["pci_4_0"])


@pytest.mark.slow
@every_rule
def test_b10_parameters_are_known_to_the_rule_and_the_required_ones_are_there(planned, identifier):
    passed = json.loads(planned[identifier]["input_parameters"] or "{}")
    assert set(passed) <= set(FACTS[identifier]["parameters"])
    assert set(FACTS[identifier]["required"]) <= set(passed)
    # AWS Config accepts only strings that are not empty.
    assert all(isinstance(value, str) and value.strip() for value in passed.values())


@every_rule
def test_b10_a_rule_has_a_reason_and_an_answer(identifier):
    rule = RULES[identifier]
    assert rule["status"] in STATUS
    assert 20 <= len(rule["why"]) <= 256
    assert len(rule["here"]) >= 15
    if rule["status"] in {"deviates", "switch"}:
        assert "COMPLIANT" in rule["here"]


def table():
    yield "| Rule | PCI DSS 4.0 | PCI DSS 3.2.1 | Verdict | Here |"
    yield "|---|---|---|---|---|"
    for identifier, rule in sorted(RULES.items()):
        mark = " (ours)" if rule.get("mapped_by") == "platform" else ""
        new, old = (", ".join(rule[version]) + (mark if rule[version] else "") for version in ("pci_4_0", "pci_3_2_1"))
        yield f"| `{identifier}` | {new} | {old} | {STATUS[rule['status']]} | {rule['here']} |"


def test_b10_the_table_in_the_docs_matches_rules_yaml():
    text = DOCS.read_text(encoding="utf-8")
    assert (text.count(BEGIN), text.count(END)) == (1, 1)
    head, rest = text.split(BEGIN)
    written, tail = rest.split(END)
    expected = "\n\n" + "\n".join(table()) + "\n\n"
    if os.environ.get("WRITE_COMPLIANCE_TABLE"):
        DOCS.write_text(head + BEGIN + expected + END + tail, encoding="utf-8")
        written = expected
    assert written == expected


def test_b10_the_docs_count_the_rules_as_they_are():
    counts = {status: sum(rule["status"] == status for rule in RULES.values()) for status in STATUS}
    text = " ".join(DOCS.read_text(encoding="utf-8").split())
    for status, words in {
        "met": "are met by what the platform deploys",
        "switch": "depend on a setting",
        "account": "ask about the account",
        "deviates": "deviate, in whole or in part",
    }.items():
        assert f"{counts[status]} {words}" in text


def test_b10_every_rule_of_the_packs_is_deployed_or_listed_as_left_out():
    left_out = re.findall(r"`([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)`", DOCS.read_text().split("## Left out on purpose")[1])
    assert len(set(left_out)) == len(left_out) == 257 - len(FACTS)
    assert not set(left_out) & set(FACTS)


@pytest.mark.parametrize(
    "subject",
    ["GuardDuty", "AWS Backup", "replication", "Object Lock", "MFA delete", "API cache", "Security Hub", "Macie"],
)
def test_b10_b13_the_docs_give_a_reason_for_what_is_left_out(subject):
    section = DOCS.read_text(encoding="utf-8").split("## Left out on purpose")[1].split("\n## ")[0]
    [row] = [line for line in section.splitlines() if line.startswith(f"| {subject} |")]
    assert len(row.split("|")[2].strip()) >= 40
