"""B9: the order of AWS's decision, on policies like those of the platform."""

import json

import pytest

from orchestrator.local_cloud.iam.evaluate import AccessRequest, Principal, allows, decide, denies
from orchestrator.local_cloud.iam.policy import PolicyError, parse

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/iam-role-ingest-pr42"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/iam-role-ingest-pr42/ingest-pr42"
BUCKET = f"arn:aws:s3:::raw-data-{ACCOUNT}-pr42"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0"
HERE = {"aws:requestedregion": ("us-east-1",)}
CALLER = Principal(arn=SESSION, account=ACCOUNT, role_arn=ROLE)
NOTIFIER = Principal(arn="s3.amazonaws.com")


def policy(name, *statements, version="2012-10-17"):
    return parse(name, json.dumps({"Version": version, "Statement": list(statements)}))


def statement(effect="Allow", action="s3:GetObject", resource=f"{BUCKET}/*", **more):
    return {"Effect": effect, "Action": action, "Resource": resource} | more


READ = policy("read", statement(Sid="ReadMarketData"))
GUARDRAIL = policy(
    "guardrail",
    {
        "Sid": "DenyUnusedRegions",
        "Effect": "Deny",
        "NotAction": ["iam:*", "sts:*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1"]}},
    },
)
WIDE = policy("boundary", statement(action=["s3:*", "kms:Decrypt"], resource="*"))
NARROW = policy("boundary", statement(action="sqs:*", resource="*"))


def trusting(*arns, effect="Allow", action="s3:GetObject", resource=f"{BUCKET}/*"):
    return policy("bucket raw-data", statement(effect, action, resource, Principal={"AWS": list(arns)}))


def requesting(action="s3:GetObject", resource=f"{BUCKET}/incoming/a.csv", principal=CALLER, **context):
    return AccessRequest(principal=principal, action=action, resource=resource, context=HERE | context)


def outcome(request, *, identity=(), boundary=None, resource=None, **more):
    decision = decide(request, identity=identity, boundary=boundary, resource=resource, **more)
    return decision.cause or "allowed"


NO_IDENTITY = "because no identity-based policy allows the s3:GetObject action"
NO_BOUNDARY = "because no permissions boundary allows the s3:GetObject action"


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ({}, NO_IDENTITY),
        ({"identity": [READ]}, "allowed"),
        ({"identity": [READ, GUARDRAIL]}, "allowed"),
        ({"identity": [READ], "boundary": WIDE}, "allowed"),
        ({"identity": [READ], "boundary": NARROW}, NO_BOUNDARY),
        # A boundary grants nothing.
        ({"boundary": WIDE}, NO_IDENTITY),
        # The resource's policy may grant; the boundary limits that, unless the very session is named.
        ({"resource": trusting(ROLE)}, "allowed"),
        ({"resource": trusting("*")}, "allowed"),
        ({"resource": trusting(ROLE), "boundary": NARROW}, NO_BOUNDARY),
        ({"resource": trusting("*"), "boundary": NARROW}, NO_BOUNDARY),
        ({"resource": trusting(SESSION), "boundary": NARROW}, "allowed"),
        ({"resource": trusting(f"arn:aws:iam::{ACCOUNT}:role/other")}, NO_IDENTITY),
        # The account as principal leaves the choice to its IAM policies.
        ({"resource": trusting(ACCOUNT)}, NO_IDENTITY),
        ({"resource": trusting(f"arn:aws:iam::{ACCOUNT}:root"), "identity": [READ]}, "allowed"),
        # A denial overrules everything, wherever it stands.
        (
            {"identity": [policy("no", statement("Deny"))], "resource": trusting(SESSION)},
            "with an explicit deny in an identity-based policy",
        ),
        (
            {"identity": [READ], "boundary": policy("b", statement(resource="*"), statement("Deny"))},
            "with an explicit deny in a permissions boundary",
        ),
        (
            {"identity": [READ], "resource": trusting(ACCOUNT, effect="Deny")},
            "with an explicit deny in a resource-based policy",
        ),
        ({"identity": [READ], "resource": trusting("210987654321", effect="Deny")}, "allowed"),
        (
            {"identity": [READ], "session": policy("s", statement("Deny"))},
            "with an explicit deny in a session policy",
        ),
        # A session policy limits as a boundary does.
        ({"identity": [READ], "session": READ}, "allowed"),
        ({"identity": [READ], "session": NARROW}, "because no session policy allows the s3:GetObject action"),
        # The endpoint on the way must let it through, too.
        ({"identity": [READ], "endpoint": trusting("*")}, "allowed"),
        (
            {"identity": [READ], "endpoint": trusting("*", action="s3:PutObject")},
            "because no VPC endpoint policy allows the s3:GetObject action",
        ),
        (
            {"identity": [READ], "endpoint": trusting("*", effect="Deny")},
            "with an explicit deny in a VPC endpoint policy",
        ),
    ],
)
def test_b9_the_order_of_the_decision(policies, expected):
    assert outcome(requesting(), **policies) == expected


@pytest.mark.parametrize(
    ("context", "action", "expected"),
    [
        ({}, "s3:GetObject", "allowed"),
        ({"aws:requestedregion": ("eu-west-1",)}, "s3:GetObject", "with an explicit deny in an identity-based policy"),
        ({"aws:requestedregion": ("eu-west-1",)}, "sts:GetFederationToken", "allowed"),
    ],
)
def test_b9_the_guardrail_denies_other_regions(context, action, expected):
    everything = policy("all", statement(action="*", resource="*"))
    assert outcome(requesting(action, **context), identity=[everything, GUARDRAIL]) == expected


def test_b9_the_guardrail_fails_closed_without_a_region():
    request = AccessRequest(principal=CALLER, action="s3:GetObject", resource=f"{BUCKET}/k")
    assert outcome(request, identity=[READ, GUARDRAIL]) == "with an explicit deny in an identity-based policy"


DECRYPT = policy("use", statement(action="kms:Decrypt", resource=KEY))
NO_KEY_POLICY = "because no resource-based policy allows the kms:Decrypt action"


@pytest.mark.parametrize(
    ("identity", "key_policy", "expected"),
    [
        ([DECRYPT], trusting(f"arn:aws:iam::{ACCOUNT}:root", action="kms:*", resource="*"), "allowed"),
        ([DECRYPT], trusting("*", action="kms:*", resource="*"), "allowed"),
        ([DECRYPT], trusting(f"arn:aws:iam::{ACCOUNT}:role/other", action="kms:*", resource="*"), NO_KEY_POLICY),
        ([DECRYPT], trusting(ACCOUNT, action="kms:DescribeKey", resource="*"), NO_KEY_POLICY),
        ([], trusting(ROLE, action="kms:Decrypt", resource="*"), "allowed"),
        (
            [],
            trusting(ACCOUNT, action="kms:*", resource="*"),
            "because no identity-based policy allows the kms:Decrypt action",
        ),
    ],
)
def test_b8_a_key_is_used_only_where_its_policy_agrees(identity, key_policy, expected):
    assert outcome(requesting("kms:Decrypt", KEY), identity=identity, resource=key_policy) == expected


@pytest.mark.parametrize(
    ("condition", "context", "expected"),
    [
        ({"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}, "s3.us-east-1.amazonaws.com", "allowed"),
        (
            {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}},
            "sqs.us-east-1.amazonaws.com",
            "because no identity-based policy allows the kms:Decrypt action",
        ),
    ],
)
def test_b8_a_key_is_used_through_its_service(condition, context, expected):
    use = policy("use", statement(action="kms:Decrypt", resource=KEY, Condition=condition))
    root = trusting(ACCOUNT, action="kms:*", resource="*")
    request = requesting("kms:Decrypt", KEY, **{"kms:viaservice": (context,)})
    assert outcome(request, identity=[use], resource=root) == expected


@pytest.mark.parametrize(
    ("principal", "source", "expected"),
    [
        ({"Service": "s3.amazonaws.com"}, ACCOUNT, "allowed"),
        ({"Service": "s3.amazonaws.com"}, "1", "because no resource-based policy allows the sqs:SendMessage action"),
        (
            {"Service": "sns.amazonaws.com"},
            ACCOUNT,
            "because no resource-based policy allows the sqs:SendMessage action",
        ),
        ({"AWS": "*"}, ACCOUNT, "because no resource-based policy allows the sqs:SendMessage action"),
        ("*", ACCOUNT, "allowed"),
    ],
)
def test_a_service_needs_the_resources_policy(principal, source, expected):
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
    condition = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    own = policy(
        "queue q", statement(action="sqs:SendMessage", resource=queue, Principal=principal, Condition=condition)
    )
    request = requesting("sqs:SendMessage", queue, NOTIFIER, **{"aws:sourceaccount": (source,)})
    assert outcome(request, resource=own) == expected


@pytest.mark.parametrize(
    ("excluded", "expected"),
    [
        ([SESSION, ROLE, ACCOUNT], "allowed"),
        ([SESSION, ROLE], "with an explicit deny in a resource-based policy"),
        ([ROLE, ACCOUNT], "with an explicit deny in a resource-based policy"),
        (["arn:aws:iam::123456789012:user/ann"], "with an explicit deny in a resource-based policy"),
    ],
)
def test_a_principal_is_excepted_only_if_named_as_account_role_and_session(excluded, expected):
    own = policy("bucket", statement("Deny", NotPrincipal={"AWS": excluded}))
    assert outcome(requesting(), identity=[READ], resource=own) == expected


@pytest.mark.parametrize(
    ("given", "action", "resource", "expected"),
    [
        (statement(action="S3:getobject"), "s3:GetObject", f"{BUCKET}/k", True),
        (statement(action=["s3:Get*", "s3:List*"]), "s3:ListBucket", f"{BUCKET}/k", True),
        (statement(), "s3:GetObject", f"{BUCKET.upper()}/k", False),
        ({"Effect": "Allow", "NotAction": "s3:Get*", "Resource": "*"}, "s3:GetObject", BUCKET, False),
        ({"Effect": "Allow", "NotAction": "s3:Get*", "Resource": "*"}, "s3:PutObject", BUCKET, True),
        ({"Effect": "Allow", "Action": "*", "NotResource": [f"{BUCKET}/*"]}, "s3:GetObject", f"{BUCKET}/k", False),
        ({"Effect": "Allow", "Action": "*", "NotResource": [f"{BUCKET}/*"]}, "s3:GetObject", BUCKET, True),
        (statement(resource=f"{BUCKET}/${{aws:userid}}/*"), "s3:GetObject", f"{BUCKET}/u/k", True),
        (statement(resource=f"{BUCKET}/${{aws:userid}}/*"), "s3:GetObject", f"{BUCKET}/v/k", False),
        (statement(resource=f"{BUCKET}/${{aws:nobody}}/*"), "s3:GetObject", f"{BUCKET}/u/k", False),
    ],
)
def test_statements(given, action, resource, expected):
    request = requesting(action, resource, **{"aws:userid": ("u",)})
    assert allows(request, policy("p", given)) is expected


def test_a_policy_alone_denies():
    assert denies(requesting(), trusting(ACCOUNT, effect="Deny"))
    assert not denies(requesting(), trusting(ACCOUNT))


@pytest.mark.parametrize(
    ("policies", "finding"),
    [
        ({"identity": [READ]}, "statement ReadMarketData of read"),
        ({"identity": [policy("no", statement(), statement("Deny"))]}, "statement 2 of no"),
        (
            {"identity": [WIDE], "boundary": NARROW},
            f"no statement allows s3:GetObject on {BUCKET}/incoming/a.csv (permissions boundary: boundary)",
        ),
        (
            {"identity": [GUARDRAIL, NARROW]},
            f"no statement allows s3:GetObject on {BUCKET}/incoming/a.csv (identity-based policy: guardrail, boundary)",
        ),
        ({}, f"no statement allows s3:GetObject on {BUCKET}/incoming/a.csv (identity-based policy: there is none)"),
    ],
)
def test_a_decision_names_what_decided(policies, finding):
    assert decide(requesting(), **{"identity": [], "boundary": None, "resource": None} | policies).finding == finding


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ("{", "The document of p is no policy: JSONDecodeError"),
        ("[" * 100_000, "The document of p is no policy: RecursionError"),
        ("[]", "The document of p is no policy: TypeError|AttributeError"),
        ('{"Version": "2012-10-17"}', "KeyError: 'Statement'"),
        (
            '{"Statement": {"Effect": "Maybe", "Action": "*", "Resource": "*"}}',
            "Effect is Maybe; it must be Allow or Deny",
        ),
        ('{"Statement": {"Effect": "Allow", "Resource": "*"}}', "KeyError: 'Action'"),
        (
            '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Is": {"a": "b"}}}}',
            "Is is no condition operator of IAM",
        ),
    ],
)
def test_an_invalid_document_is_an_error(document, text):
    with pytest.raises(PolicyError, match=text):
        parse("p", document)
