"""Cases for the comparison of our evaluation of policies with one that we did not write.

They are generated from a seed, so that only the other evaluator's answers must be kept (``oracle.json``). Each case is a
request with the policies that apply to it; the generator prefers policies that come close to the request.
"""

import hashlib
import json
import random

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ingest"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/ingest/one"
USER = f"arn:aws:iam::{ACCOUNT}:user/ann"
SERVICE = "sns.amazonaws.com"
CALLERS = (SESSION, SESSION, USER, SERVICE)
ACTIONS = {
    "s3:GetObject": ("arn:aws:s3:::raw/incoming/a.csv", "arn:aws:s3:::raw/b*c"),
    "s3:ListBucket": ("arn:aws:s3:::raw",),
    "s3:ListAllMyBuckets": ("*",),
    "sqs:SendMessage": (f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue-1",),
    "dynamodb:PutItem": (f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/trades",),
    "kms:Decrypt": (f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0000",),
    "lambda:InvokeFunction": (f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:api:live",),
    "iam:CreateRole": (f"arn:aws:iam::{ACCOUNT}:role/iam-role-x",),
    "ec2:DescribeVpcs": ("*",),
    "sns:Publish": (f"arn:aws:sns:us-east-1:{ACCOUNT}:topic-1",),
}
CONTEXT = {
    "aws:RequestedRegion": ("us-east-1", "eu-west-1"),
    "aws:SecureTransport": ("true", "false"),
    "aws:SourceIp": ("10.0.0.7", "192.0.2.1", "2001:db8::1"),
    "aws:CurrentTime": ("2026-11-28T12:00:00Z", "2020-01-01T00:00:00Z"),
    "aws:ResourceTag/Platform": ("trading", "other", "Trading"),
    "aws:username": ("ann", "a*n"),
    "aws:TagKeys": (["Platform"], ["Platform", "Suffix"], []),
    "kms:ViaService": ("s3.us-east-1.amazonaws.com",),
    "iam:PermissionsBoundary": (f"arn:aws:iam::{ACCOUNT}:policy/boundary-x",),
    "s3:max-keys": ("10", "1000"),
    "aws:SourceArn": (f"arn:aws:sns:us-east-1:{ACCOUNT}:topic-1",),
}
VALUES = {
    "aws:RequestedRegion": ("us-east-1", "us-*", "eu-west-1"),
    "aws:SecureTransport": ("true", "false"),
    "aws:SourceIp": ("10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"),
    "aws:CurrentTime": ("2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z"),
    "aws:ResourceTag/Platform": ("trading", "tr*", "TRADING", "${aws:username}"),
    "aws:username": ("ann", "a?n", "b*"),
    "aws:TagKeys": ("Platform", "Suffix", "P*"),
    "kms:ViaService": ("s3.us-east-1.amazonaws.com", "s3.*.amazonaws.com"),
    "iam:PermissionsBoundary": (f"arn:aws:iam::{ACCOUNT}:policy/boundary-*", f"arn:aws:iam::{ACCOUNT}:policy/other"),
    "s3:max-keys": ("100", "10"),
    "aws:SourceArn": (f"arn:aws:sns:*:{ACCOUNT}:topic-*", f"arn:aws:sns:us-east-1:{ACCOUNT}:other"),
}
OPERATORS = {
    "aws:SourceIp": ("IpAddress", "NotIpAddress"),
    "aws:CurrentTime": ("DateGreaterThan", "DateLessThan", "DateLessThanEquals"),
    "aws:SecureTransport": ("Bool",),
    "s3:max-keys": ("NumericLessThanEquals", "NumericEquals", "NumericNotEquals", "NumericGreaterThan"),
    "aws:SourceArn": ("ArnLike", "ArnEquals", "ArnNotLike"),
    "iam:PermissionsBoundary": ("StringEquals", "StringLike", "ArnLike"),
}
STRINGS = (
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
)


def cases(count, seed=20261128):
    """Yield that many cases, the same ones for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        yield _case(chance)


def digest(count):
    """Return a digest of the cases, which tells whether recorded answers belong to them."""
    return hashlib.sha256(json.dumps(list(cases(count))).encode()).hexdigest()[:16]


def _case(chance):
    principal = chance.choice(CALLERS)
    action = chance.choice(list(ACTIONS))
    resource = chance.choice(ACTIONS[action])
    context = {key: chance.choice(values) for key, values in CONTEXT.items() if chance.random() < 0.6}
    policies = {"identity": [], "boundary": None, "session": None, "on_resource": None}
    if principal != SERVICE:
        context["aws:PrincipalArn"] = ROLE if principal == SESSION else principal
        policies["identity"] = [_policy(chance, action, resource) for _ in range(chance.choice((1, 1, 2)))]
        if chance.random() < 0.35:
            policies["boundary"] = _policy(chance, action, resource)
        if principal == SESSION and chance.random() < 0.25:
            policies["session"] = _policy(chance, action, resource)
    # A key always has a policy.
    if resource != "*" and (principal == SERVICE or action.startswith("kms:") or chance.random() < 0.45):
        policies["on_resource"] = _policy(chance, action, resource, principal=principal)
    return {"principal": principal, "action": action, "resource": resource, "context": context, **policies}


def _policy(chance, action, resource, principal=""):
    statements = [_statement(chance, action, resource, principal) for _ in range(chance.choice((1, 1, 2)))]
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(chance, action, resource, principal):
    service, _, name = action.partition(":")
    made = {"Effect": "Deny" if chance.random() < 0.2 else "Allow"}
    actions = chance.choice((action, f"{service}:*", f"{service}:{name[:3]}*", "*", f"{service}:Other", action.upper()))
    made["NotAction" if chance.random() < 0.1 else "Action"] = chance.choice(
        (actions, [actions, "sts:GetFederationToken"])
    )
    # NotResource with Allow is a matter of two texts of AWS's; the evaluators read them alike.
    made["NotResource" if chance.random() < 0.1 else "Resource"] = _resource(chance, resource)
    if principal:
        made["Principal"] = _principal(chance, principal)
    if chance.random() < 0.5:
        made["Condition"] = _condition(chance)
    return made


def _resource(chance, resource):
    if resource == "*":
        return chance.choice(("*", "*", "arn:aws:s3:::raw"))
    parts = resource.split(":", 5)
    near = [resource, "*", resource[:-2] + "*", ":".join([*parts[:5], "*"]), ":".join([*parts[:5], "else"])]
    near.append(resource[:-1] + "?")
    return chance.choice((*near, [chance.choice(near), "arn:aws:s3:::nothing/*"]))


def _principal(chance, principal):
    named = {
        SERVICE: ({"Service": SERVICE}, {"Service": "s3.amazonaws.com"}, "*", {"AWS": "*"}, {"AWS": ACCOUNT}),
        USER: ({"AWS": USER}, {"AWS": ACCOUNT}, "*", {"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"}),
        SESSION: ({"AWS": ROLE}, {"AWS": SESSION}, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "*", {"AWS": "*"}),
    }
    return chance.choice(named[principal])


def _condition(chance):
    block = {}
    for key in chance.sample(sorted(VALUES), chance.choice((1, 1, 2))):
        operator = chance.choice(OPERATORS.get(key, STRINGS))
        if key == "aws:TagKeys":
            operator = f"{chance.choice(('ForAllValues', 'ForAnyValue'))}:{operator}"
        if chance.random() < 0.15:
            operator += "IfExists"
        if chance.random() < 0.08:
            block.setdefault("Null", {})[key] = chance.choice(("true", "false"))
            continue
        values = chance.choice((chance.choice(VALUES[key]), list(VALUES[key][:2])))
        block.setdefault(operator, {})[key] = values
    return block
