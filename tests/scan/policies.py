"""Every policy document of a plan, and of an account; and the rules of this project about them.

Three kinds: what an identity may do, who may take a role (trust), and who may reach a resource. They differ in what a linter can say.
"""

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.scan.flat_plan import UNKNOWN, Instance, Plan, policy_document, sources

IDENTITY, TRUST, RESOURCE = "identity", "trust", "resource"

# Attributes of resources that hold a policy document.
ATTRIBUTES = {
    "aws_api_gateway_rest_api": {"policy": RESOURCE},
    "aws_cloudwatch_log_resource_policy": {"policy_document": RESOURCE},
    "aws_iam_policy": {"policy": IDENTITY},
    "aws_iam_role": {"assume_role_policy": TRUST},
    "aws_kms_key": {"policy": RESOURCE},
    "aws_s3_bucket_policy": {"policy": RESOURCE},
    "aws_sns_topic": {"policy": RESOURCE},
    "aws_sns_topic_policy": {"policy": RESOURCE},
    "aws_sqs_queue": {"policy": RESOURCE},
    "aws_vpc_endpoint": {"policy": RESOURCE},
}

# Actions that cannot be restricted to a resource, and why each is needed.
# Source: the service authorization reference, "Actions, resources, and condition keys", of each service.
WITHOUT_RESOURCE = {
    "ec2:DescribeNetworkInterfaces": "EC2 narrows no description; Lambda looks for the interfaces of its functions",
    "ec2:DescribeSubnets": "as above",
    "logs:DescribeLogGroups": "the list of log groups has no resources; VPC flow logs look their group up in it",
    "xray:PutTelemetryRecords": "traces are no resources",
    "xray:PutTraceSegments": "as above",
}

# Services that assume a role without naming the origin, so that a condition would lock them out.
WITHOUT_ORIGIN = {
    "apigateway.amazonaws.com": "API Gateway documents neither key for the role that the account's APIs log with",
    "cloudtrail.amazonaws.com": "the role policy of a trail's log group supports neither key, as CloudTrail's guide says",
    "sns.amazonaws.com": "SNS documents neither key for the role that it logs deliveries with",
}


# Findings that parliament 1.6.4 gets wrong: it was written for identity policies.
BEYOND_PARLIAMENT = {
    IDENTITY: {},
    TRUST: {"MALFORMED": "a trust policy has no Resource: the role is"},
    RESOURCE: {
        "MISMATCHED_TYPE": 'it compares the wildcards of principals\' actions ("s3:*" in a Deny) and stand-ins with types',
        "RESOURCE_STAR": "in the policy of a key, * is the key; in that of a queue or bucket the principal and its conditions narrow it",
        "UNKNOWN_CONDITION_FOR_ACTION": 'a Deny of "s3:*" names actions that some of its condition keys do not go with',
        "UNKNOWN_PRINCIPAL": "its list of service principals is older than the services",
    },
}
# Findings that AWS's documentation contradicts, by issue and by action or condition key.
OUTDATED = {
    (
        "RESOURCE_MISMATCH",
        "ec2:AssignPrivateIpAddresses",
    ): 'the guide of Lambda asks for "arn:...:*/*" in the role of a function in a VPC',
    ("RESOURCE_MISMATCH", "ec2:DeleteNetworkInterface"): "as above",
    ("RESOURCE_MISMATCH", "ec2:UnassignPrivateIpAddresses"): "as above",
    ("UNKNOWN_CONDITION_FOR_ACTION", "kms:ResourceAliases"): "is there for every use of a key",
    ("UNKNOWN_CONDITION_FOR_ACTION", "lambda:SourceFunctionArn"): "is there in every call that a function's code makes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy document and its place; ``complete`` is whether all of it is known."""

    place: str
    kind: str
    document: Mapping[str, Any]
    complete: bool = True


def planned(plan: Plan) -> Iterator[Policy]:
    """Yield every policy of the plan, including those that are known only in part.

    Raises:
        LookupError: a policy is known only after the apply, and no document of the plan leads to it.

    """
    for item in plan.resources:
        for attribute, kind in ATTRIBUTES.get(item.type, {}).items():
            place = f"{item.address} {attribute}"
            text = item.values.get(attribute)
            if text:
                yield Policy(place=place, kind=kind, document=json.loads(text))
            elif item.unknown.get(attribute) is True and attribute in item.expressions:
                yield Policy(place=place, kind=kind, document=_rendered_later(plan, item, attribute), complete=False)


def _rendered_later(plan: Plan, item: Instance, attribute: str) -> Mapping[str, Any]:
    for source, _ in sources(plan, item, item.expressions[attribute]):
        if source in plan.documents:
            return policy_document(source)
    raise LookupError(
        f"{item.address}: its {attribute} is known only after the apply. Write it with data.aws_iam_policy_document, so that it can be checked before."
    )


def policies(client: Callable[[str], Any], suffix: str) -> Iterator[Policy]:
    """Yield the policies of a deployment in IAM: its customer-managed policies and the trust policies of its roles.

    Args:
        client: gives a boto3 client for a service.
        suffix: of the deployment.

    """
    iam = client("iam")
    for page in iam.get_paginator("list_policies").paginate(Scope="Local"):
        for policy in page["Policies"]:
            if policy["PolicyName"].endswith(f"-{suffix}"):
                version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
                document = version["PolicyVersion"]["Document"]
                yield Policy(place=policy["PolicyName"], kind=IDENTITY, document=document)
    for page in iam.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            if role["RoleName"].endswith(f"-{suffix}"):
                yield Policy(place=role["RoleName"], kind=TRUST, document=role["AssumeRolePolicyDocument"])


def broken_rules(policy: Policy) -> Iterator[str]:
    """Yield a line for each violation of this project's rules."""
    for statement in listed(policy.document["Statement"]):
        if statement["Effect"] != "Allow":
            continue
        place = f"{policy.place}, statement {statement.get('Sid', '?')}"
        if policy.kind == IDENTITY:
            yield from (f"{place}: {line}" for line in _identity(statement))
        elif policy.kind == TRUST:
            yield from (f"{place}: {line}" for line in _trust(statement))
        else:
            yield from (f"{place}: {line}" for line in _resource(statement))


def _identity(statement: Mapping[str, Any]) -> Iterator[str]:
    if "NotAction" in statement or "NotResource" in statement:
        yield "allows all but something, so that what AWS adds is allowed, too"
    for action in listed(statement.get("Action", ())):
        if "*" in action:
            yield f"allows {action}: name the actions"
        elif "*" in listed(statement.get("Resource", ())) and action not in WITHOUT_RESOURCE:
            yield f"allows {action} on every resource"


def _trust(statement: Mapping[str, Any]) -> Iterator[str]:
    """Check that a role names the account or resource on whose behalf a service may assume it."""
    keys = {key.lower() for operator in statement.get("Condition", {}).values() for key in operator}
    principals = statement["Principal"]
    if principals == "*" or "*" in listed(principals.get("AWS", ())):
        yield "may be taken by anybody"
    # Firehose predates these keys and uses the external id instead.
    elif not keys & {"aws:sourceaccount", "aws:sourcearn", "sts:externalid"}:
        for service in listed(principals.get("Service", [])):
            if service not in WITHOUT_ORIGIN:
                yield f"trusts {service} without aws:SourceAccount or aws:SourceArn"


def _resource(statement: Mapping[str, Any]) -> Iterator[str]:
    if "Principal" in statement:
        principals = statement["Principal"]
        if (principals == "*" or "*" in listed(principals.get("AWS", ()))) and not statement.get("Condition"):
            yield "lets anybody in, on no condition"


def listed(value: Any) -> list[Any]:
    """Return a list, also for a single value, which AWS accepts in its place."""
    return list(value) if isinstance(value, list | tuple) else [value]


def simplified(document: Mapping[str, Any]) -> dict[str, Any]:
    """Replace lists of one in conditions by their value: parliament does not accept lists there."""
    statements = []
    for statement in listed(document["Statement"]):
        conditions = {
            operator: {
                key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in keys.items()
            }
            for operator, keys in statement.get("Condition", {}).items()
        }
        statements.append(dict(statement) | ({"Condition": conditions} if conditions else {}))
    return {**document, "Statement": statements}


def findings(lint: Callable[[Any], Any], documents: Iterable[Policy]) -> Iterator[str]:
    """Yield parliament's relevant findings, a line each; placeholders for unknown ARNs are checked end to end instead."""
    documents = list(documents)
    kinds = {policy.place: policy.kind for policy in documents}
    for finding in lint({policy.place: simplified(policy.document) for policy in documents}):
        beyond = finding["issue"] in BEYOND_PARLIAMENT[kinds[finding["place"]]]
        if not (beyond or is_outdated(finding) or UNKNOWN in finding["detail"] + finding["location"]):
            yield f"{finding['place']}: {finding['issue']} ({finding['title']}) {finding['detail']}"


def is_outdated(finding: Mapping[str, Any]) -> bool:
    return all((finding["issue"], subject) in OUTDATED for subject in subjects(finding["detail"]))


def subjects(detail: str) -> set[str]:
    """Return the actions or the condition key of a finding, or its text if it names none."""
    if detail.startswith("[{"):
        return {entry["action"] for entry in ast.literal_eval(detail)}
    key = re.match(r"Unknown condition (\S+) for action", detail)
    return {key[1] if key else detail}
