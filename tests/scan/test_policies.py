"""B9: every policy of production, checked by parliament and by this project's own rules."""

import json

import boto3
import pytest
from moto import mock_aws

from tests.scan.policies import (
    IDENTITY,
    OUTDATED,
    RESOURCE,
    TRUST,
    WITHOUT_RESOURCE,
    Policy,
    broken_rules,
    findings,
    listed,
    planned,
    policies,
    simplified,
    subjects,
)


@pytest.fixture(scope="module")
def documents(production):
    return list(planned(production))


@pytest.fixture(scope="module")
def linted(lint, documents):
    """Parliament's findings about production's policies, from a single run."""
    found = lint({policy.place: simplified(policy.document) for policy in documents})
    return lambda _documents: found


@pytest.mark.slow
def test_b9_parliament_finds_nothing_in_production(linted, documents):
    found = list(findings(linted, documents))
    assert not found, "\n".join(["parliament's findings:", *found])


@pytest.mark.slow
def test_b9_every_policy_of_production_is_checked(production, documents):
    """Partly known policies are checked by their known parts; ``planned`` raises if there are none."""
    roles = {item.address for item in production.resources if item.type == "aws_iam_role"}
    policies = {item.address for item in production.resources if item.type == "aws_iam_policy"}
    places = {policy.place.rsplit(" ", 1)[0] for policy in documents}
    assert roles | policies <= places
    assert not [item.address for item in production.resources if item.type.endswith(("_role_policy", "_user_policy"))]
    for policy in documents:
        assert policy.document["Statement"], policy.place


@pytest.mark.slow
def test_b9_the_rules_of_this_project_hold_in_production(documents):
    broken = [line for policy in documents for line in broken_rules(policy)]
    assert not broken, "\n".join(["These policies break the rules:", *broken])


@pytest.mark.slow
def test_b9_every_exception_is_needed(documents):
    """An action may be in the table only while a policy of production allows it on every resource."""
    used = {
        action
        for policy in documents
        if policy.kind == IDENTITY
        for statement in policy.document["Statement"]
        if statement["Effect"] == "Allow" and "*" in listed(statement.get("Resource"))
        for action in listed(statement["Action"])
    }
    assert sorted(WITHOUT_RESOURCE.keys() - used) == []


@pytest.mark.slow
def test_every_ignored_finding_of_parliament_occurs(linted, documents):
    seen = {(finding["issue"], subject) for finding in linted(documents) for subject in subjects(finding["detail"])}
    assert sorted(OUTDATED.keys() - seen) == []


@pytest.mark.slow
def test_parliament_sees_what_is_wrong(lint):
    """The scanner itself works: it knows actions and their resource types."""
    statement = {"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "arn:aws:s3:::bucket/*"}
    mismatch = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket"}
    wrong = Policy(place="wrong", kind=IDENTITY, document=document(statement, mismatch))
    found = list(findings(lint, [wrong]))
    assert len(found) == 2
    assert "UNKNOWN_ACTION" in found[0]
    assert "RESOURCE_MISMATCH" in found[1]


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


SERVICE = {"Service": "lambda.amazonaws.com"}
OURS = {"StringEquals": {"aws:SourceAccount": "123456789012"}}


@pytest.mark.parametrize(
    ("kind", "statement", "expected"),
    [
        (IDENTITY, {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}, None),
        (IDENTITY, {"Action": "s3:*", "Resource": "arn:aws:s3:::x/*"}, "allows s3:*: name the actions"),
        (IDENTITY, {"Action": ["s3:Get*"], "Resource": ["x"]}, "allows s3:Get*: name the actions"),
        (IDENTITY, {"Action": "kms:Decrypt", "Resource": "*"}, "allows kms:Decrypt on every resource"),
        (IDENTITY, {"Action": "xray:PutTraceSegments", "Resource": "*"}, None),
        (
            IDENTITY,
            {"NotAction": "iam:*", "Resource": "x"},
            "allows all but something, so that what AWS adds is allowed, too",
        ),
        (IDENTITY, {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}, None),
        (TRUST, {"Principal": SERVICE, "Action": "sts:AssumeRole", "Condition": OURS}, None),
        (
            TRUST,
            {"Principal": SERVICE, "Action": "sts:AssumeRole"},
            "trusts lambda.amazonaws.com without aws:SourceAccount or aws:SourceArn",
        ),
        (TRUST, {"Principal": {"Service": "sns.amazonaws.com"}, "Action": "sts:AssumeRole"}, None),
        (TRUST, {"Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}, "may be taken by anybody"),
        (RESOURCE, {"Principal": "*", "Action": "s3:GetObject"}, "lets anybody in, on no condition"),
        (RESOURCE, {"Principal": "*", "Action": "s3:GetObject", "Condition": OURS}, None),
    ],
)
def test_b9_rules(kind, statement, expected):
    policy = Policy(place="p", kind=kind, document=document({"Sid": "S", "Effect": "Allow"} | statement))
    assert list(broken_rules(policy)) == ([f"p, statement S: {expected}"] if expected else [])


def test_a_single_value_is_a_value_for_parliament():
    given = document(
        {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": ["false"]}, "X": {"y": ["1", "2"]}}}
    )
    conditions = simplified(json.loads(json.dumps(given)))["Statement"][0]["Condition"]
    assert conditions == {"Bool": {"aws:SecureTransport": "false"}, "X": {"y": ["1", "2"]}}


@mock_aws
def test_b9_the_policies_of_a_deployment_are_read_from_iam():
    iam = boto3.client("iam", aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1")
    allowed = document({"Sid": "S", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::x/*"})
    trust = document({"Sid": "S", "Effect": "Allow", "Principal": SERVICE, "Action": "sts:AssumeRole"})
    for suffix in ("scana", "scanb"):
        iam.create_policy(PolicyName=f"iam-policy-x-{suffix}", PolicyDocument=json.dumps(allowed))
        iam.create_role(RoleName=f"iam-role-x-{suffix}", AssumeRolePolicyDocument=json.dumps(trust))
    found = list(policies(lambda _service: iam, "scana"))
    assert [(policy.place, policy.kind, policy.document) for policy in found] == [
        ("iam-policy-x-scana", IDENTITY, allowed),
        ("iam-role-x-scana", TRUST, trust),
    ]
    assert len([line for policy in found for line in broken_rules(policy)]) == 2
