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
NO = policy("no", statement(resource="*"), statement("Deny"))
NARROW = policy("boundary", statement(action="sqs:*", resource="*"))


def trusting(*arns, effect="Allow", action="s3:GetObject", resource=f"{BUCKET}/*"):
    return policy("bucket raw-data", statement(effect, action, resource, Principal={"AWS": list(arns)}))


def requesting(action="s3:GetObject", resource=f"{BUCKET}/incoming/a.csv", principal=CALLER, **context):
    return AccessRequest(principal=principal, action=action, resource=resource, context=HERE | context)


def outcome(request, *, identity=(), boundary=None, resource=None, **more):
    decision = decide(request, identity=identity, boundary=boundary, resource=resource, **more)
    return decision.cause or "allowed"


def lacking(kind, action="s3:GetObject"):
    return f"because no {kind} allows the {action} action"


def denied(kind):
    return f"with an explicit deny in {kind}"


NO_IDENTITY, NO_BOUNDARY = lacking("identity-based policy"), lacking("permissions boundary")


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
        # An explicit deny is final, whichever policy contains it.
        ({"identity": [NO], "resource": trusting(SESSION)}, denied("an identity-based policy")),
        ({"identity": [READ], "boundary": NO}, denied("a permissions boundary")),
        ({"identity": [READ], "resource": trusting(ACCOUNT, effect="Deny")}, denied("a resource-based policy")),
        ({"identity": [READ], "resource": trusting("210987654321", effect="Deny")}, "allowed"),
        ({"identity": [READ], "session": NO}, denied("a session policy")),
        # A session policy limits as a boundary does.
        ({"identity": [READ], "session": READ}, "allowed"),
        ({"identity": [READ], "session": NARROW}, lacking("session policy")),
        # The endpoint on the way must let it through, too.
        ({"identity": [READ], "endpoint": trusting("*")}, "allowed"),
        ({"identity": [READ], "endpoint": trusting("*", action="s3:PutObject")}, lacking("VPC endpoint policy")),
        ({"identity": [READ], "endpoint": trusting("*", effect="Deny")}, denied("a VPC endpoint policy")),
    ],
)
def test_b9_the_order_of_the_decision(policies, expected):
    assert outcome(requesting(), **policies) == expected


@pytest.mark.parametrize(
    ("context", "action", "expected"),
    [
        ({}, "s3:GetObject", "allowed"),
        ({"aws:requestedregion": ("eu-west-1",)}, "s3:GetObject", denied("an identity-based policy")),
        ({"aws:requestedregion": ("eu-west-1",)}, "sts:GetFederationToken", "allowed"),
    ],
)
def test_b9_the_guardrail_denies_other_regions(context, action, expected):
    everything = policy("all", statement(action="*", resource="*"))
    assert outcome(requesting(action, **context), identity=[everything, GUARDRAIL]) == expected


def test_b9_the_guardrail_fails_closed_without_a_region():
    request = AccessRequest(principal=CALLER, action="s3:GetObject", resource=f"{BUCKET}/k")
    assert outcome(request, identity=[READ, GUARDRAIL]) == denied("an identity-based policy")


DECRYPT = policy("use", statement(action="kms:Decrypt", resource=KEY))
NO_KEY_POLICY = lacking("resource-based policy", "kms:Decrypt")


@pytest.mark.parametrize(
    ("identity", "key_policy", "expected"),
    [
        ([DECRYPT], trusting(f"arn:aws:iam::{ACCOUNT}:root", action="kms:*", resource="*"), "allowed"),
        ([DECRYPT], trusting("*", action="kms:*", resource="*"), "allowed"),
        ([DECRYPT], trusting(f"arn:aws:iam::{ACCOUNT}:role/other", action="kms:*", resource="*"), NO_KEY_POLICY),
        ([DECRYPT], trusting(ACCOUNT, action="kms:DescribeKey", resource="*"), NO_KEY_POLICY),
        ([], trusting(ROLE, action="kms:Decrypt", resource="*"), "allowed"),
        ([], trusting(ACCOUNT, action="kms:*", resource="*"), lacking("identity-based policy", "kms:Decrypt")),
    ],
)
def test_b8_a_key_is_used_only_where_its_policy_agrees(identity, key_policy, expected):
    assert outcome(requesting("kms:Decrypt", KEY), identity=identity, resource=key_policy) == expected


@pytest.mark.parametrize(
    ("service", "expected"), [("s3", "allowed"), ("sqs", lacking("identity-based policy", "kms:Decrypt"))]
)
def test_b8_a_key_is_used_through_its_service(service, expected):
    condition = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    use = policy("use", statement(action="kms:Decrypt", resource=KEY, Condition=condition))
    root = trusting(ACCOUNT, action="kms:*", resource="*")
    request = requesting("kms:Decrypt", KEY, **{"kms:viaservice": (f"{service}.us-east-1.amazonaws.com",)})
    assert outcome(request, identity=[use], resource=root) == expected


NO_QUEUE_POLICY = lacking("resource-based policy", "sqs:SendMessage")


@pytest.mark.parametrize(
    ("principal", "source", "expected"),
    [
        ({"Service": "s3.amazonaws.com"}, ACCOUNT, "allowed"),
        ({"Service": "s3.amazonaws.com"}, "1", NO_QUEUE_POLICY),
        ({"Service": "sns.amazonaws.com"}, ACCOUNT, NO_QUEUE_POLICY),
        ({"AWS": "*"}, ACCOUNT, "allowed"),
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
        ([SESSION, ROLE], denied("a resource-based policy")),
        ([ROLE, ACCOUNT], denied("a resource-based policy")),
        (["arn:aws:iam::123456789012:user/ann"], denied("a resource-based policy")),
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
        ({"identity": [NO]}, "statement 2 of no"),
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
