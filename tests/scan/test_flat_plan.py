"""The flat plan holds configured values, wherever they come from, and no others."""

import json

import pytest

from tests.scan.flat_plan import UNKNOWN, flatten, read
from tests.scan.policies import planned


def resource(address, *, index=None, values=None, unknown=None):
    _, _module, *rest = address.split("[")[0].split(".")
    mode = "data" if rest[0] == "data" else "managed"
    kind, name = rest[-2:]
    about = {"address": address, "mode": mode, "type": kind, "name": name}
    return (
        about
        | ({"index": index} if index else {})
        | {"change": {"after": values or {}, "after_unknown": unknown or {}}}
    )


def block(address, *, for_each=(), **expressions):
    return {"address": address, "expressions": expressions, "for_each_expression": {"references": list(for_each)}}


def refers(*references):
    return {"references": list(references)}


PLAN = {
    "format_version": "1.2",
    "resource_changes": [
        resource('module.kms.aws_kms_key.this["a"]', index="a"),
        resource('module.kms.aws_kms_key.this["b"]', index="b"),
        resource(
            'module.s3.aws_s3_bucket.this["raw"]',
            index="raw",
            values={"bucket": "raw", "encryption": [{"enabled": True}], "ids": ["x", None]},
            unknown={"arn": True, "key": True, "encryption": [{"key": True}], "ids": [False, True]},
        ),
        resource('module.s3.aws_s3_bucket_versioning.this["raw"]', index="raw", unknown={"bucket": True}),
        resource('module.s3.aws_s3_bucket.this["old"]', index="old"),
        resource("module.s3.aws_iam_policy.this", unknown={"policy": True}),
        resource(
            "module.s3.data.aws_iam_policy_document.this",
            values={
                "statement": [
                    {
                        "sid": "Use",
                        "effect": None,
                        "actions": ["kms:Decrypt"],
                        "resources": [None],
                        "condition": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]}],
                    }
                ]
            },
            unknown={
                "json": True,
                "statement": [{"actions": [False], "resources": [True], "condition": [{"values": [False]}]}],
            },
        ),
    ],
    "configuration": {
        "root_module": {
            "module_calls": {
                "kms": {
                    "source": "../kms",
                    "module": {
                        "outputs": {"key_arns": {"expression": refers("aws_kms_key.this")}},
                        "resources": [block("aws_kms_key.this", for_each=["var.keys"])],
                    },
                },
                "s3": {
                    "source": "../s3",
                    "expressions": {"key": refers('module.kms.key_arns["b"]', "module.kms.key_arns", "module.kms")},
                    "module": {
                        "resources": [
                            block(
                                "aws_s3_bucket.this",
                                key=refers("var.key"),
                                encryption=[{"key": refers("var.key"), "enabled": {"constant_value": True}}],
                                ids=refers("var.key"),
                            ),
                            block(
                                "aws_s3_bucket_versioning.this",
                                for_each=["aws_s3_bucket.this"],
                                bucket=refers("each.value.id", "each.value"),
                            ),
                            block(
                                "aws_iam_policy.this",
                                policy=refers(
                                    "data.aws_iam_policy_document.this.json", "data.aws_iam_policy_document.this"
                                ),
                            ),
                            block("data.aws_iam_policy_document.this"),
                        ]
                    },
                },
            }
        }
    },
}
KEY = "aws_kms_key.module_kms_aws_kms_key_this_b"


@pytest.fixture
def plan():
    return read(PLAN)


@pytest.fixture
def values(plan):
    flat = flatten(plan)
    resources = flat.document["planned_values"]["root_module"]["resources"]
    return {flat.addresses[item["address"]]: item["values"] for item in resources}


def test_every_resource_has_a_unique_name(plan):
    flat = flatten(plan)
    assert sorted(flat.addresses.values()) == sorted(item.address for item in plan.resources)
    assert len(flat.addresses) == 6


def test_an_unknown_value_becomes_the_reference_that_configures_it(values):
    bucket = values['module.s3.aws_s3_bucket.this["raw"]']
    assert bucket["key"] == KEY
    assert bucket["encryption"] == [{"enabled": True, "key": KEY}]
    assert bucket["ids"] == ["x", KEY]


def test_values_that_only_aws_sets_stay_absent(values):
    assert "arn" not in values['module.s3.aws_s3_bucket.this["raw"]']
    assert "key" not in values['module.s3.aws_s3_bucket.this["old"]']


def test_each_value_leads_to_the_instance_of_the_same_key(values):
    expected = "aws_s3_bucket.module_s3_aws_s3_bucket_this_raw"
    assert values['module.s3.aws_s3_bucket_versioning.this["raw"]']["bucket"].startswith(expected)


def test_a_policy_rendered_during_the_apply_is_known_in_part(plan, values):
    expected = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Use",
                "Effect": "Allow",
                "Action": ["kms:Decrypt"],
                "Resource": [UNKNOWN],
                "Condition": {"Bool": {"aws:SecureTransport": ["true"]}},
            }
        ],
    }
    assert json.loads(values["module.s3.aws_iam_policy.this"]["policy"]) == expected
    (policy,) = planned(plan)
    assert (policy.document, policy.complete) == (expected, False)


def test_a_policy_without_a_source_is_an_error():
    raw = json.loads(json.dumps(PLAN))
    blocks = raw["configuration"]["root_module"]["module_calls"]["s3"]["module"]["resources"]
    blocks[2]["expressions"]["policy"] = refers("var.policy")
    with pytest.raises(LookupError, match="known only after the apply"):
        list(planned(read(raw)))


def test_a_policy_with_unknown_statements_is_known_by_its_literal_ones():
    raw = json.loads(json.dumps(PLAN))
    raw["resource_changes"][-1]["change"] = {"after": {}, "after_unknown": {"json": True, "statement": True}}
    blocks = raw["configuration"]["root_module"]["module_calls"]["s3"]["module"]["resources"]
    constant = {"constant_value": ["kms:Decrypt"]}
    blocks[3]["expressions"] = {"statement": [{"actions": constant, "resources": refers("var.key")}]}
    (policy,) = planned(read(raw))
    assert policy.document["Statement"] == [
        {"Sid": "", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [UNKNOWN]}
    ]
