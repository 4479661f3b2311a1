"""E2: the documented policies of the deployer and of the reader, judged on recorded requests of production.

``.ci/deployer_life.py`` records them: what the commands ask, as actions on resources with condition keys. What the policies say
to each is decided here, without a cloud.
"""

import json
import re

import pytest

from orchestrator.local_cloud.iam.policy import parse
from orchestrator.local_cloud.reference import action_entry
from tests.deployer.policies import BOUNDARY, DOCS, LIFE, POLICIES, READER, allowing, life, statements

ALL = (*POLICIES, *READER, BOUNDARY)
PAGE = (DOCS / "README.md").read_text()
LARGEST_POLICY = 6144
MOST_POLICIES = 10
# The provider asks for it, and works without.
NOT_NEEDED = {"iam:GetUser"}
COMMANDS = {
    "deployer": ("up", "smoke", "rollback", "recover", "destroy"),
    "reader": ("doctor", "plan", "drift"),
}


def listed(value):
    return value if isinstance(value, list) else [value]


def documented_reasons():
    """Return the statements of which the page says why they stay, though no recorded request needs them."""
    return set(re.findall(r"^\| `(\w+ \w+)` \|", PAGE, re.MULTILINE))


def requests_of(role):
    for commands, action, resource, context in life():
        if set(commands) & set(COMMANDS[role]) and action not in NOT_NEEDED:
            yield action, resource, context


@pytest.mark.parametrize(("role", "files"), [("deployer", POLICIES), ("reader", READER)])
def test_e2_the_documented_policies_allow_every_recorded_request(role, files):
    asked = list(requests_of(role))
    assert len(asked) > 100
    assert [one for one in asked if not allowing(files, *one)] == []


@pytest.mark.parametrize(("role", "files"), [("deployer", POLICIES), ("reader", READER)])
def test_e2_without_any_statement_a_command_fails_or_the_page_says_why_it_stays(role, files):
    decisive = set()
    for one in requests_of(role):
        allowed_by = allowing(files, *one)
        if len(allowed_by) == 1:
            decisive |= allowed_by
    superfluous = set(statements(tuple(files))) - decisive
    assert superfluous == documented_reasons() & set(statements(tuple(files)))


@pytest.mark.parametrize("file", ALL, ids=lambda file: file.stem)
def test_a5_a_policy_is_one_that_iam_accepts(file):
    text = file.read_text()
    document = json.loads(text)
    parse(file.stem, text)
    assert len(re.sub(r"\s", "", text)) <= LARGEST_POLICY
    sids = [one["Sid"] for one in document["Statement"]]
    assert len(sids) == len(set(sids))
    assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids)
    assert file.name in PAGE


def test_a5_a_role_can_carry_all_of_them():
    assert len(POLICIES) <= MOST_POLICIES


@pytest.mark.parametrize("file", [*POLICIES, *READER], ids=lambda file: file.stem)
def test_e2_every_action_exists_and_those_without_resources_have_no_other_resource(file):
    for statement in json.loads(file.read_text())["Statement"]:
        for action in listed(statement["Action"]):
            if "*" in action:
                assert re.fullmatch(r"(ec2|rds):Describe\*", action), action
                continue
            entry = action_entry(action)
            assert entry is not None, action
            if not entry.resources:
                assert statement["Resource"] == "*", action


@pytest.mark.parametrize("file", [*POLICIES, *READER], ids=lambda file: file.stem)
def test_e2_every_condition_key_exists_for_an_action_of_its_statement(file):
    for statement in json.loads(file.read_text())["Statement"]:
        keys = {key for block in statement.get("Condition", {}).values() for key in block}
        entries = [action_entry(action) for action in listed(statement["Action"]) if "*" not in action]
        for key in keys - {"aws:RequestedRegion", "aws:ResourceAccount"}:
            assert any(entry.knows(key.lower()) for entry in entries), (statement["Sid"], key)


def test_e2_the_record_is_of_what_the_page_says():
    assert {command for row in life() for command in row[0]} == {command for of in COMMANDS.values() for command in of}
    assert f" the {len(life()):,} requests of a whole life " in PAGE
    assert len({row[1] for row in life()}) > 200
    assert LIFE.stat().st_size < 200_000
